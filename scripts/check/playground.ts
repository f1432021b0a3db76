// Uses the playground as a visitor does, with the headers for threads and without. In each browser its main purpose; in
// Chromium also mouse, keyboard and phone, and errors.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { buildPlayground, servePlayground } from '../playground/build.js';
import { isolation } from '../serve.js';
import { launchChromium } from './browsers/chromium.js';
import { chosen, inEachBrowser } from './browsers/index.js';
import { checkAccess } from './playground/access.js';
import { checkExhibit } from './playground/exhibit.js';
import { checkFaults } from './playground/faults.js';
import { checkFiles } from './playground/files.js';
import { checkJourney } from './playground/journey.js';
import { checkLong } from './playground/long.js';
import { checkMishaps } from './playground/mishaps.js';
import { checkKept, checkOffline } from './playground/offline.js';
import {
  draw,
  ONE,
  type OpenPage,
  open,
  probabilities,
  reads,
  say,
  says,
  trainUntil,
  untilDrawn,
} from './playground/page.js';
import { checkTeach } from './playground/teach.js';
import { checkVisit } from './playground/visit.js';

const { values } = parseArgs({
  options: { epochs: { type: 'string', default: '12' }, help: { type: 'boolean' } },
});
if (values.help) {
  console.log(`Checks the built playground in each browser.

  npm run check-playground -- [--epochs 12]

  --epochs  how long it trains while its memory is watched`);
  process.exit();
}

/** How many answers and bytes may be sent before the first training step, with the page, the engine and the images. */
const MOST_REQUESTS = 28;
const MOST_BYTES = 1.6 * 2 ** 20;
const root = fileURLToPath(new URL('../..', import.meta.url));

const textOf = async (tab: Page, selector: string): Promise<string> =>
  (await tab.textContent(selector)) ?? '';

/**
 * Checks how much a page loads before it trains, if Start is pressed as early as possible. Prints how long that takes.
 */
async function checkFirstStep(browser: Browser, address: string): Promise<void> {
  let [requests, bytes] = [0, 0];
  const { tab, close } = await open(browser, address, {}, (page) =>
    page.on('response', (response) => {
      // An icon in the page itself is sent by nobody.
      if (!response.url().startsWith(address)) return;
      requests++;
      bytes += Number(response.headers()['content-length']);
    }),
  );
  await tab.click('#start:enabled');
  await tab.waitForFunction(() => performance.getEntriesByName('first-step').length > 0);
  const [first, click] = await tab.evaluate(() =>
    ['first-step', 'start'].map((name) => performance.getEntriesByName(name)[0].startTime),
  );
  await close();
  say(
    `first step ${first.toFixed(0)} ms after navigation, ${(first - click).toFixed(0)} after the click, ${requests} answers of ${(bytes / 2 ** 20).toFixed(2)} MiB`,
  );
  assert(requests <= MOST_REQUESTS, `${requests} answers before the first step`);
  assert(bytes <= MOST_BYTES, `${bytes} bytes before the first step`);
}

/** Presses Start right after the page was loaded. */
async function checkTraining({ tab }: OpenPage, threads: number): Promise<void> {
  await tab.click('#start:enabled');
  assert.match(await textOf(tab, '#engine'), new RegExp(`^${threads} thread`));
  await tab.waitForFunction(() => Number(document.querySelector('#loss')?.textContent) > 0);
  const before = Number(await textOf(tab, '#loss'));
  await trainUntil(tab, 3);
  const after = Number(await textOf(tab, '#loss'));
  const accuracy = Number.parseFloat(await textOf(tab, '#test-accuracy'));
  say(
    `loss ${before} → ${after}, test accuracy ${accuracy} %, ${await tab.textContent('#rate')} images/s`,
  );
  // By chance it is ln 10.
  assert(after < Math.log(10) / 4, 'the loss falls');
  assert(accuracy > 90, 'it has learned');
  await tab.click('#start');
  await reads(tab, '#start', 'Go on');
  const place = async () => {
    await untilDrawn(tab);
    return tab.evaluate(() => document.querySelector<HTMLProgressElement>('#progress')?.value);
  };
  const rest = await place();
  // Whatever the worker sends of a training under way comes before this answer of its own.
  await tab.click('#tab-look');
  await tab.click('#tab-mistakes');
  await says(tab, '#mistakes-message', /are right/);
  assert.equal(await place(), rest, 'a pause is one');
}

async function checkDrawing({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-train');
  await draw(tab, ONE);
  await reads(tab, '#verdict', '1');
  say(`a stroke is a 1: ${(100 * (await probabilities(tab))[1]).toFixed(1)} %`);
}

async function checkEditing({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-network');
  await tab.selectOption('#preset', 'lenet5');
  await says(tab, '#network-message', /61,706 weights/);
  const kernel = '#layers li:nth-child(3) input[name="kernelSize"]';
  await tab.fill(kernel, '15');
  await tab.press(kernel, 'Tab');
  await says(tab, '#network-message.problem', /conv2d_1/);
  assert(await tab.isVisible('#layers li:nth-child(3).wrong-layer'));
  assert(await tab.isDisabled('#apply'));
  await tab.fill(kernel, '3');
  await tab.press(kernel, 'Tab');
  await tab.fill('#layers li:nth-child(8) input[name="units"]', '5');
  await tab.press('#layers li:nth-child(8) input[name="units"]', 'Tab');
  await says(tab, '#network-message.problem', /class|5/);
  await tab.click('#discard');
  await tab.selectOption('#layer-kind', 'dropout');
  await tab.click('#add-layer');
  await tab.click('#layers li:nth-child(8) .up');
  await tab.click('#apply:enabled');
  await tab.waitForFunction(
    () => document.querySelector<HTMLSelectElement>('#preset')?.value === 'edited',
  );
  await tab.click('#tab-train');
  await tab.fill('#epochs', '1');
  await tab.click('#start');
  await says(tab, '#train-message', /^Done/);
  say('layers: what does not fit is an error, what fits is trained');
}

/** Runs the code on screen in Node for one epoch; a package can import itself by its name. */
async function checkCode({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-train');
  await tab.fill('#epochs', '1');
  const all = { residual: 'mnist', perceptron: 'fashion' };
  for (const [preset, dataset] of Object.entries(all)) {
    await tab.selectOption('#dataset', dataset);
    await tab.waitForSelector('#start:enabled');
    await tab.selectOption('#preset', preset);
    await tab.click('#tab-files');
    await tab.waitForFunction(
      (name) => document.querySelector('#snippet')?.textContent?.includes(`'${name}'`),
      preset,
    );
    const code = (await textOf(tab, '#snippet')).replace(
      /writeFileSync\('.*/,
      'console.log(model.toBytes().length);',
    );
    const file = `${root}playground/dist/snippet.mjs`;
    writeFileSync(file, code);
    const printed = execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
    rmSync(file);
    assert.match(printed, /val_accuracy/);
  }
  say('the code on screen runs in Node');
}

async function checkPanels({ tab, errors }: OpenPage): Promise<void> {
  await tab.selectOption('#preset', 'plain');
  await tab.click('#start');
  await tab.click('#tab-train');
  const names = await tab.$$eval('[role=tab]', (tabs) => tabs.map(({ id }) => id.slice(4)));
  for (const name of names) {
    assert(await tab.isVisible(`#${name}`), name);
    await tab.keyboard.press('ArrowRight');
  }
  assert(await tab.isVisible(`#${names[0]}`), 'arrows go round');
  const ink = (selector: string) =>
    tab.waitForFunction((one) => {
      const canvas = document.querySelector<HTMLCanvasElement>(one);
      if (!canvas?.width) return false;
      const image = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height);
      return new Set(image?.data).size > 8;
    }, selector);
  await tab.click('#tab-look');
  await ink('#filter-maps canvas');
  await tab.click('#tab-look');
  await ink('#journey figure:nth-child(3) canvas');
  await tab.click('#tab-mistakes');
  await says(tab, '#mistakes-message', /are right/);
  assert.equal(await tab.locator('#confusion td.right').count(), 10);
  await tab.click('#tab-convolve');
  await ink('#image-after');
  const options = await tab.$$eval('#filter option', (all) =>
    (all as HTMLOptionElement[]).map(({ value }) => value),
  );
  for (const name of ['identity', 'sharpen', 'sobelX', 'sobelMagnitude'])
    assert(options.includes(name));
  await tab.click('#tab-speed');
  await tab.click('#measure');
  await says(tab, '#speed-message', /^Batches of/);
  const speeds = await tab.$$eval('.speeds li', (rows) =>
    (rows as HTMLElement[]).map(({ innerText }) => innerText.replace(/\n/g, ' ')),
  );
  say(speeds.join('\n  '));
  for (const row of speeds) assert.match(row, /[\d,]+ images\/s/);
  assert.deepEqual(errors, []);
}

/** No panel is wider than a phone. */
async function checkPhone(browser: Browser, address: string): Promise<void> {
  const { tab, close } = await open(browser, address, {
    viewport: { width: 390, height: 844 },
    hasTouch: true,
  });
  await tab.click('#start:enabled');
  const names = await tab.$$eval('[role=tab]', (tabs) => tabs.map(({ id }) => id.slice(4)));
  for (const name of names) {
    await tab.click(`#tab-${name}`);
    await untilDrawn(tab);
    const width = await tab.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= 390, `${name} is ${width} pixels wide`);
  }
  await close();
  say('no panel is wider than a phone of 390 pixels');
}

/** Checks the page's messages if the engine or the browser refuses something. */
async function checkRefusals(browser: Browser, address: string, threads: number): Promise<void> {
  const csp = await servePlayground({
    ...isolation,
    'Content-Security-Policy': "script-src 'self'",
  });
  const forbidden = await open(browser, `${csp.origin}/`);
  await says(forbidden.tab, '.notice.problem', /Content-Security-Policy forbids WebAssembly/);
  await forbidden.close(false);
  csp.close();
  const policy = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:";
  const allowing = await servePlayground({ ...isolation, 'Content-Security-Policy': policy });
  const allowed = await open(browser, `${allowing.origin}/`);
  await says(allowed.tab, '#engine', new RegExp(`^${threads} thread`));
  await allowed.close();
  allowing.close();
  const old = await open(browser, address, {}, (tab) =>
    tab.route('**/worker.js', async (route) => {
      const response = await route.fetch();
      const body = `WebAssembly.validate = () => false;\n${await response.text()}`;
      await route.fulfill({ response, body });
    }),
  );
  await says(old.tab, '.notice.problem', /no WebAssembly SIMD.*newer browser/);
  assert(await old.tab.isDisabled('#start'));
  await old.tab.click('#tab-convolve');
  // Its worker says the same, at some time: what comes after it stays.
  await says(old.tab, '#images-message', /no WebAssembly SIMD/);
  await old.tab.click('#camera');
  await says(old.tab, '#images-message', /camera/);
  await old.close();
  say('no SIMD, a forbidding policy, a refused camera: the page says what to do');
}

/** All checks that run only in Chromium. */
async function checkInChromium(address: string, plain: string, threads: number): Promise<void> {
  const browser = await launchChromium();
  console.log(`── Chromium ${browser.version()}, with a mouse`);
  try {
    await checkFirstStep(browser, address);
    const isolated = await open(browser, address);
    await checkTraining(isolated, threads);
    await checkDrawing(isolated);
    await checkFiles(isolated);
    await checkEditing(isolated);
    await checkCode(isolated);
    await checkPanels(isolated);
    await isolated.close();
    const single = await open(browser, plain);
    await says(
      single.tab,
      '.notice',
      /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/,
    );
    await single.close();
    await checkExhibit(browser, address);
    await checkFaults(browser, address);
    await checkTeach(browser, address);
    await checkJourney(browser, address);
    await checkAccess(browser, address);
    await checkMishaps(browser, address);
    await checkPhone(browser, address);
    await checkOffline(browser, threads);
    await checkRefusals(browser, address, threads);
    await checkLong(browser, address, Number(values.epochs));
  } finally {
    await browser.close();
  }
}

await buildPlayground();
const isolating = await servePlayground();
const plain = await servePlayground({});
const threads = Math.min(16, availableParallelism());
try {
  await inEachBrowser(async (visit) => {
    await checkVisit(visit, `${isolating.origin}/`, true);
    await checkVisit(visit, `${plain.origin}/`, false);
    await checkKept(visit, isolation);
    await checkKept(visit, {});
  });
  if (chosen().includes('chromium'))
    await checkInChromium(`${isolating.origin}/`, `${plain.origin}/`, threads);
} finally {
  isolating.close();
  plain.close();
}
