// Visits every page in one browser and tells what it saw, as JSON. Asked on standard input:
// {address, browser, pages: {name: path}, auditor: {username, password}, shots: folder or null}
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { tasks } from './tasks.mjs';

const require = createRequire(import.meta.url);
const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const asked = JSON.parse(fs.readFileSync(0, 'utf8'));

async function launched() {
  if (asked.browser) return chromium.launch({ executablePath: asked.browser, args: ['--no-sandbox', '--disable-gpu'] });
  const packed = (await import('@sparticuz/chromium')).default;
  return chromium.launch({ executablePath: await packed.executablePath(), args: packed.args });
}

// What each view is for: the width, what it imitates, and which rules of axe are asked in it.
const VIEWS = [
  { name: 'phone', viewport: { width: 390, height: 844 }, axe: 'all' },
  { name: 'wide, dark', viewport: { width: 1280, height: 900 }, media: { colorScheme: 'dark' }, axe: 'contrast' },
  { name: 'narrowest', viewport: { width: 320, height: 640 } },
  { name: 'forced colours', viewport: { width: 1280, height: 900 }, media: { forcedColors: 'active' } },
  { name: 'print', viewport: { width: 740, height: 1000 }, media: { media: 'print' } },
];

// Runs in the page.
function measured() {
  const root = document.documentElement;
  // In print what is folded on the screen must be on the paper.
  const folded = [...document.querySelectorAll('main details')].filter((one) => {
    const last = [...one.children].at(-1);
    // What is of use on a screen only is left out as a whole.
    if (!one.checkVisibility()) return false;
    return last && last.tagName !== 'SUMMARY' && getComputedStyle(last).display !== 'none' && !last.checkVisibility({ contentVisibilityAuto: true });
  }).length;
  return {
    title: document.title,
    heading: document.querySelector('h1')?.textContent.trim() ?? '',
    sideways: root.scrollWidth - root.clientWidth,
    folded,
    unnamed: [...document.querySelectorAll('svg:not([aria-hidden])')].filter((one) => !one.getAttribute('aria-labelledby') && !one.getAttribute('aria-label')).length,
  };
}

async function axe(page, which) {
  await page.evaluate(AXE);
  const found = await page.evaluate(
    (only) => window.axe.run(document, only ? { runOnly: { type: 'rule', values: ['color-contrast'] } } : {}),
    which === 'contrast',
  );
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].target} (${one.nodes.length}) ${one.nodes[0].failureSummary.slice(0, 220)}`);
}

function listen(page, complaints) {
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
}

async function visit(browser, address) {
  const seen = {};
  const context = await browser.newContext({ reducedMotion: 'reduce', httpCredentials: asked.auditor });
  const page = await context.newPage();
  const complaints = [];
  listen(page, complaints);
  for (const [at, path] of Object.entries(asked.pages)) {
    seen[at] = {};
    complaints.length = 0;
    for (const view of VIEWS) {
      await page.setViewportSize(view.viewport);
      await page.emulateMedia({ media: 'screen', colorScheme: 'light', forcedColors: 'none', ...view.media });
      if (view === VIEWS[0]) await page.goto(address + path, { waitUntil: 'load' });
      const told = await page.evaluate(measured);
      if (view.axe) told.axe = await axe(page, view.axe);
      seen[at][view.name] = told;
      if (asked.shots) await shot(page, at, view.name);
    }
    seen[at].complaints = [...complaints];
  }
  await context.close();
  return seen;
}

async function shot(page, at, view) {
  const name = `${at} ${view}`.replace(/[ ,]+/g, '-');
  await page.screenshot({ path: path.join(asked.shots, `${name}.png`), fullPage: true });
}

async function withoutScripts(browser, address) {
  const context = await browser.newContext({ javaScriptEnabled: false, httpCredentials: asked.auditor });
  const page = await context.newPage();
  const seen = {};
  for (const [at, path] of Object.entries(asked.pages)) {
    const answer = await page.goto(address + path);
    // Controls that need a script are not there without one.
    const dead = await page.locator('[data-needs-script]:visible').count();
    const bytes = (await answer.body()).length;
    seen[at] = { status: answer.status(), bytes, text: (await page.locator('main').innerText()).length, dead };
  }
  await context.close();
  return seen;
}

const browser = await launched();
try {
  const told = { version: browser.version(), pages: await visit(browser, asked.address) };
  told.withoutScripts = await withoutScripts(browser, asked.address);
  told.tasks = await tasks(browser, asked.address, asked.auditor, listen);
  process.stdout.write(JSON.stringify(told));
} finally {
  await browser.close();
}
