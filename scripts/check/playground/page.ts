// What the checks of the playground share: opening pages, drawing strokes, waiting.

import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

export const say = (text: string): void => console.log(`  ${text}`);

/** Milliseconds after which a check gives up, on the slowest machine. */
export const PATIENCE = 180_000;

/** The stroke of a 1, as shares of the sheet. */
export const ONE: [number, number][][] = [
  [
    [0.5, 0.15],
    [0.48, 0.5],
    [0.47, 0.85],
  ],
];

/** An open page, and the errors of its console. */
export interface OpenPage {
  browser: Browser;
  address: string;
  tab: Page;
  errors: string[];
  close(isClean?: boolean): Promise<void>;
}

/**
 * Opens a page with empty storage, which keeps nothing for times without a network unless `options` allow service
 * workers: what they answer, no check could hold back. `close` asserts that the console had no errors, unless errors are expected.
 */
export async function open(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
  prepare: (tab: Page) => unknown = () => {},
): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    serviceWorkers: 'block',
    ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  const tab = await context.newPage();
  const errors: string[] = [];
  tab.on('console', (line) => {
    if (line.type() === 'error') errors.push(line.text());
  });
  tab.on('pageerror', (error) => errors.push(String(error)));
  // Functions that tsx has compiled name those inside them with a helper of its.
  await tab.addInitScript('globalThis.__name = (work) => work;');
  await tab.addInitScript(watchPredictions);
  await prepare(tab);
  await tab.goto(address);
  const close = async (isClean = true) => {
    if (isClean) assert.deepEqual(errors, []);
    await context.close();
  };
  return { browser, address, tab, errors, close };
}

/** Waits until an element's text matches a pattern. */
export async function says(tab: Page, selector: string, pattern: RegExp): Promise<void> {
  try {
    await tab.waitForFunction(
      ([one, source]) => {
        const text = [...document.querySelectorAll(one)].map(({ textContent }) => textContent);
        return text.some((line) => new RegExp(source).test(line ?? ''));
      },
      [selector, pattern.source] as const,
    );
  } catch {
    const found = await tab.locator(selector).allTextContents();
    assert.fail(`${selector} says ${JSON.stringify(found)}, not ${pattern}`);
  }
}

/** Waits until changes are on the screen. */
export const untilDrawn = (tab: Page): Promise<unknown> =>
  tab.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );

/** What the page asks its workers about drawings. */
export interface Predictions {
  /** How often it has asked. */
  asked: number;
  /** The questions that are not answered yet. */
  waiting: Set<number>;
  /** The image of the last question. */
  image: number[];
}

/** Runs in the page: keeps account of its predictions. Stands alone. */
export function watchPredictions(): void {
  const predictions: Predictions = { asked: 0, waiting: new Set(), image: [] };
  Object.assign(globalThis, { predictions });
  const heard = new WeakSet<Worker>();
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, transfer) {
    // After the page itself: by then what it has heard is shown, and what it asks next is asked.
    if (!heard.has(this))
      this.addEventListener('message', ({ data }) => predictions.waiting.delete(data.id));
    heard.add(this);
    if (message.call === 'predict') {
      predictions.asked++;
      predictions.waiting.add(message.id);
      predictions.image = [...message.given];
    }
    return postMessage.call(this, message, transfer as StructuredSerializeOptions);
  };
}

/** Waits until so many epochs are over. */
export const trainUntil = (tab: Page, epochs: number, timeout = PATIENCE): Promise<unknown> =>
  tab.waitForFunction(
    (wanted) => Number.parseInt(document.querySelector('#epoch')?.textContent ?? '', 10) > wanted,
    epochs,
    { timeout },
  );

/** Draws strokes, whose points are shares of the sheet, and waits until all of them is recognized. */
export async function draw(
  tab: Page,
  strokes: [number, number][][],
  where = '#sheet',
): Promise<void> {
  const sheet = tab.locator(where);
  await sheet.scrollIntoViewIfNeeded();
  const { x = 0, y = 0, width = 0, height = 0 } = (await sheet.boundingBox()) ?? {};
  for (const [first, ...rest] of strokes) {
    await tab.mouse.move(x + first[0] * width, y + first[1] * height);
    await tab.mouse.down();
    for (const point of rest)
      await tab.mouse.move(x + point[0] * width, y + point[1] * height, { steps: 8 });
    await tab.mouse.up();
  }
  // Strokes are asked about in the next frame.
  await untilDrawn(tab);
  await tab.waitForFunction(
    () => (globalThis as unknown as { predictions: Predictions }).predictions.waiting.size === 0,
  );
}

/** The bars of the drawing's panel. */
export const probabilities = (tab: Page): Promise<number[]> =>
  tab.$$eval('#probabilities li', (rows) =>
    rows.map((row) => Number((row as HTMLElement).style.getPropertyValue('--share'))),
  );

/** Waits until an element's text is exactly this. */
export const reads = (tab: Page, selector: string, text: string): Promise<unknown> =>
  tab.waitForFunction(([one, wanted]) => document.querySelector(one)?.textContent === wanted, [
    selector,
    text,
  ] as const);
