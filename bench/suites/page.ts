// How the playground feels in Chromium: how soon there is something to see after navigation, and how many frames it draws
// while it trains and draws maps. Needs the project's own packages: playwright-core and Debian's Chromium.

import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../../scripts/check/browsers/chromium.js';
import { open } from '../../scripts/check/playground/page.js';
import { buildPlayground, servePlayground } from '../../scripts/playground/build.js';
import { median } from '../compete.js';
import type { Suite } from '../report.js';
import type { Result } from '../result.js';

const VISITS = 7;
const FIRST_MS = 1000;
/** Milliseconds that frames are counted for, in each room, and how long one may take: 60 a second. */
const WATCHED = 6000;
const FRAME_MS = 1000 / 60;
/** A frame that came later than this was missed: half a frame of patience. */
const LATE = 1.5 * FRAME_MS;

type Timed = { firstPicture: number };

/** Runs in the page before its scripts: notes when the first image with an answer is on the screen. */
function noteFirst(): void {
  const look = () => {
    if (document.querySelector('.sample .answer')?.textContent)
      requestAnimationFrame(() => Object.assign(globalThis, { firstPicture: performance.now() }));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function firstPicture(browser: Browser, address: string): Promise<Result> {
  const times: number[] = [];
  for (let i = 0; i < VISITS; i++) {
    const { tab, close } = await open(browser, address, {}, (page) =>
      page.addInitScript(noteFirst),
    );
    await tab.waitForFunction(() => (globalThis as unknown as Timed).firstPicture > 0);
    times.push(await tab.evaluate(() => (globalThis as unknown as Timed).firstPicture));
    await close();
  }
  const middle = median(times);
  return {
    name: 'first images with what the network says, after navigation',
    unit: 'ms',
    figures: [{ who: 'wasmgrad', median: middle, best: Math.min(...times) }],
    targets: [{ text: `≤ ${FIRST_MS} ms`, met: middle <= FIRST_MS }],
    notes: [],
  };
}

/** Milliseconds between frames, for a while. */
const framesOf = (tab: Page): Promise<number[]> =>
  tab.evaluate(
    (long) =>
      new Promise<number[]>((resolve) => {
        const times: number[] = [];
        const begun = performance.now();
        let before: number | undefined;
        const frame = (now: number) => {
          if (before !== undefined) times.push(now - before);
          before = now;
          if (now - begun < long) requestAnimationFrame(frame);
          else resolve(times);
        };
        requestAnimationFrame(frame);
      }),
    WATCHED,
  );

async function frames(browser: Browser, address: string): Promise<Result[]> {
  const { tab, close } = await open(browser, address);
  await tab.waitForSelector('#start:enabled');
  await tab.fill('#epochs', '100000');
  await tab.click('#start');
  const results: Result[] = [];
  for (const [room, title] of [
    ['train', 'samples and charts'],
    ['look', 'the maps of all layers'],
  ]) {
    await tab.click(`#tab-${room}`);
    await tab.waitForTimeout(1000);
    const times = await framesOf(tab);
    const rate = 1000 / (times.reduce((a, b) => a + b, 0) / times.length);
    const late = times.filter((time) => time > LATE).length / times.length;
    results.push({
      name: `frames while it trains and draws ${title}`,
      unit: 'frames/s',
      figures: [{ who: 'wasmgrad', median: rate, best: 1000 / Math.min(...times) }],
      targets: [{ text: `60, ${(100 * late).toFixed(1)} % late`, met: rate >= 59 }],
      notes: [{ who: 'longest frame', text: `${Math.max(...times).toFixed(0)} ms` }],
    });
  }
  await close();
  return results;
}

async function run(): Promise<Result[]> {
  await buildPlayground();
  const { origin, close } = await servePlayground();
  const browser = await launchChromium();
  try {
    const first = await firstPicture(browser, `${origin}/`);
    return [first, ...(await frames(browser, `${origin}/`))];
  } finally {
    await browser.close();
    close();
  }
}

/** See the top of this file. */
export const page: Suite = {
  name: 'page',
  about: 'the playground in Chromium: the first picture, and frames while it trains',
  run,
  cores: 2,
};
