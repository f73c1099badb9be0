// Visits every page in one browser and tells what it saw, as JSON. Asked on standard input:
// {address, browser, pages: {name: path}, large: names seen without axe, dark: names of which axe judges the dark too,
// auditor: {username, password}, shots: folder or null}
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
  { name: 'narrowest', viewport: { width: 320, height: 640 } },
  // A window of 1280 at 200 % has 640 pixels of CSS.
  { name: 'twice as large', viewport: { width: 640, height: 450 } },
  { name: 'wide, dark', viewport: { width: 1280, height: 900 }, media: { colorScheme: 'dark' }, axe: 'contrast' },
  { name: 'forced colours', viewport: { width: 1280, height: 900 }, media: { forcedColors: 'active' } },
  { name: 'print', viewport: { width: 740, height: 1000 }, media: { media: 'print' } },
];

// Runs in the page: what holds of it in one view.
function measured() {
  const root = document.documentElement;
  const all = (selector) => [...document.querySelectorAll(selector)];
  // In print what is folded on the screen must be on the paper.
  const folded = all('main details').filter((one) => {
    const last = [...one.children].at(-1);
    // What is of use on a screen only is left out as a whole.
    if (!one.checkVisibility()) return false;
    return last && last.tagName !== 'SUMMARY' && getComputedStyle(last).display !== 'none' && !last.checkVisibility({ contentVisibilityAuto: true });
  }).length;
  const cut = all('main *').filter((one) => {
    if (one.matches('.unseen, svg *, [hidden] *') || one.closest('.scroll, pre, textarea, select')) return false;
    return ['hidden', 'clip'].includes(getComputedStyle(one).overflowX) && one.scrollWidth > one.clientWidth + 1;
  });
  return { sideways: root.scrollWidth - root.clientWidth, folded, cut: cut.map((one) => `${one.tagName} ${one.className}`) };
}

// Runs in the page: what holds of it in every view.
function told() {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const tables = all('main table').filter((one) => !one.querySelector('thead th, tbody th[scope=row]') || !(one.caption || one.closest('[role=region][aria-label]')));
  const marked = document.querySelector('.bar nav [aria-current]');
  return {
    title: document.title,
    heading: document.querySelector('h1')?.textContent.trim() ?? '',
    landmarks: ['header', 'main', 'nav[aria-label]'].filter((one) => !document.querySelector(one)),
    unnamed: all('svg:not([aria-hidden])').filter((one) => !one.getAttribute('aria-labelledby') && !one.getAttribute('aria-label')).length,
    tables: tables.map((one) => one.innerText.slice(0, 60)),
    moving: document.getAnimations().length + (getComputedStyle(document.documentElement).scrollBehavior === 'smooth' ? 1 : 0),
    here: marked ? getComputedStyle(marked).borderBottomStyle : 'none',
  };
}

async function axe(page, which) {
  const found = await page.evaluate((only) => window.axe.run(document, {
    resultTypes: ['violations'],
    ...(only ? { runOnly: { type: 'rule', values: ['color-contrast'] } } : {}),
  }), which === 'contrast');
  return found.violations.map((one) => `${one.id}: ${one.nodes[0].target} (${one.nodes.length}) ${one.nodes[0].failureSummary.slice(0, 220)}`);
}

function listen(page, complaints) {
  page.on('console', (message) => {
    if (message.type() === 'error' || /Content Security Policy/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
}

// Every page once, at the size and in the manner of each view.
async function visit(context, address) {
  const seen = {};
  const page = await context.newPage();
  const complaints = [];
  listen(page, complaints);
  for (const [at, path] of Object.entries(asked.pages)) {
    complaints.length = 0;
    const views = {};
    const judged = !asked.large.includes(at);
    for (const view of VIEWS) {
      await page.setViewportSize(view.viewport);
      await page.emulateMedia({ media: 'screen', colorScheme: 'light', forcedColors: 'none', ...view.media });
      if (view === VIEWS[0]) {
        await page.goto(address + path, { waitUntil: 'load' });
        if (judged) await page.evaluate(AXE);
      }
      views[view.name] = await page.evaluate(measured);
      if (view.axe && judged && (view.axe === 'all' || asked.dark.includes(at))) views[view.name].axe = await axe(page, view.axe);
      if (view.media?.forcedColors) seen[at] = await page.evaluate(told);
      if (asked.shots) await shot(page, at, view.name);
    }
    Object.assign(seen[at], { views, complaints: [...complaints] });
  }
  return seen;
}

async function shot(page, at, view) {
  const name = `${at} ${view}`.replace(/[ ,]+/g, '-');
  await page.screenshot({ path: path.join(asked.shots, `${name}.png`), fullPage: true });
}

// Each context has a browser of its own: where renderer and browser are one process, closing a context can end both.
async function inBrowser(options, part) {
  const browser = await launched();
  try {
    return await part(await browser.newContext(options), browser.version());
  } finally {
    await browser.close();
  }
}

const calm = { reducedMotion: 'reduce', httpCredentials: asked.auditor };
const [version, pages] = await inBrowser(calm, async (context, of) => [of, await visit(context, asked.address)]);
const done = await tasks(inBrowser, asked.address, asked.auditor, listen);
process.stdout.write(JSON.stringify({ version, pages, tasks: done }));
