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
};

export async function tasks(browser, address, listen) {
  const told = {};
  for (const script of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled: script });
    for (const [name, task] of Object.entries(TASKS)) {
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
    await context.close();
  }
  return told;
}
