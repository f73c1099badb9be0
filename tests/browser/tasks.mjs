// What people come for, done with a keyboard alone: each task tells what stood on the page at its end, or where it failed.

const MOST_STEPS = 250;

// Tab until what is wanted has the focus, as somebody without a mouse does.
export async function tabTo(page, selector) {
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not reach ${selector}`);
}

async function follow(page, selector) {
  await tabTo(page, selector);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

const TASKS = {
  async 'finds the rules that rest on the eGFR'(page, address) {
    await page.goto(`${address}/rules`);
    await tabTo(page, '#finding');
    await page.keyboard.type('egfr');
    await follow(page, 'form[role=search] button, main form button');
    return page.locator('main').innerText();
  },
  async 'reads the source of a rule'(page, address) {
    await page.goto(`${address}/rules/sf-nsaid-egfr-below-30`);
    await follow(page, 'main a[href*="/sources/"]');
    return page.locator('main').innerText();
  },
  async 'skips to the content'(page, address) {
    await page.goto(`${address}/sources`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    return page.evaluate(() => window.location.hash);
  },
  async 'sees what another eGFR would change'(page, address, script) {
    await page.goto(`${address}/?story=egfr-25-and-ibuprofen`);
    await tabTo(page, '#f-egfr');
    await page.keyboard.type('45');
    await decide(page, script);
    return page.locator('#answer').innerText();
  },
  async 'takes the suggestion of a card'(page, address, script) {
    await page.goto(`${address}/?story=egfr-25-and-ibuprofen`);
    await tabTo(page, 'button[name=accept]');
    await decide(page, script);
    return page.locator('#answer').innerText();
  },
  async 'answers the questionnaire'(page, address) {
    await page.goto(`${address}/questionnaire`);
    await tabTo(page, '#problem');
    await page.keyboard.type('Sciatica');
    await tabTo(page, '#q-answer-bladder');
    await page.keyboard.type('yes');
    await follow(page, '#ask button');
    return page.locator('#answer').innerText();
  },
  async 'finds the way from a finding to a card'(page, address) {
    await page.goto(`${address}/graph`);
    await tabTo(page, '#q');
    await page.keyboard.type('creatinine clearance');
    await follow(page, '.search button');
    await follow(page, '.layers a[href*="rule="]');
    return page.locator('main').innerText();
  },
  async 'reads what a card rested on, as an auditor'(page, address) {
    await page.goto(`${address}/decisions`);
    await follow(page, 'main td a, main th a');
    return page.locator('main').innerText();
  },
};

// Enter sends the form; with scripts the answer comes without another page.
async function decide(page, script) {
  if (!script) return Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
  const before = await page.locator('#answer').innerText();
  await page.keyboard.press('Enter');
  return page.waitForFunction((text) => document.getElementById('answer').innerText !== text, before);
}

// What forms do differs without scripts; what links do does not.
const FORMS = ['sees what another eGFR would change', 'takes the suggestion of a card', 'answers the questionnaire'];

export async function tasks(inBrowser, address, auditor, listen) {
  const told = {};
  for (const script of [true, false]) {
    await inBrowser({ javaScriptEnabled: script, httpCredentials: auditor }, async (context) => {
      for (const [name, task] of Object.entries(TASKS)) {
        if (!script && !FORMS.includes(name)) continue;
        const page = await context.newPage();
        const complaints = [];
        listen(page, complaints);
        page.setDefaultTimeout(8000);
        let end;
        try {
          end = { text: await task(page, address, script) };
        } catch (error) {
          end = { failed: String(error.message).slice(0, 400) };
        }
        told[`${name}, ${script ? 'with' : 'without'} scripts`] = { ...end, complaints };
        await page.close();
      }
    });
  }
  return told;
}
