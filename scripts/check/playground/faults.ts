// Checks that faults which were found by using the page do not come back: what charts say without a pointer, in another
// theme and after a Reset; a network from a file that ends in softmax; words that are explained; and a phone.

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { init, layers, Sequential } from 'wasmgrad';
import { type OpenPage, open, probabilities, reads, say, says, untilDrawn } from './page.js';

/** Runs in the page before its own scripts: keeps what is written on each chart since it was last cleared. */
function watchCharts(): void {
  const written: Record<string, string[]> = {};
  Object.assign(globalThis, { written });
  const { clearRect, fillText } = CanvasRenderingContext2D.prototype;
  const nameOf = ({ canvas }: CanvasRenderingContext2D) => canvas.closest('.chart')?.id ?? '';
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    written[nameOf(this)] = [];
    return clearRect.apply(this, area);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    written[nameOf(this)]?.push(text);
    return fillText.call(this, text, ...place);
  };
}

const CHARTS = ['loss-chart', 'accuracy-chart'];

/** What is written on a chart. */
const writtenOn = (tab: Page, chart: string): Promise<string[]> =>
  tab.evaluate(
    (name) => (globalThis as unknown as { written: Record<string, string[]> }).written[name],
    chart,
  );

/** The pictures of both charts, once they are drawn. */
async function pictures(tab: Page): Promise<string[]> {
  await untilDrawn(tab);
  return tab.$$eval('#train .uplot canvas', (all) =>
    (all as HTMLCanvasElement[]).map((canvas) => canvas.toDataURL()),
  );
}

/** The last number of each line, as the legends have them. */
const legends = (tab: Page): Promise<string[]> =>
  tab.$$eval('#train .course .legend output', (all) =>
    all.map(({ textContent }) => textContent ?? ''),
  );

/** Colours of the theme that charts are drawn in. */
const USED = ['--muted', '--train-line', '--test-line'];

/** What those are now, as bytes. */
const colours = (tab: Page): Promise<number[][]> =>
  tab.evaluate((names) => {
    const style = getComputedStyle(document.documentElement);
    return names.map((name) =>
      [1, 3, 5].map((at) =>
        Number.parseInt(
          style
            .getPropertyValue(name)
            .trim()
            .slice(at, at + 2),
          16,
        ),
      ),
    );
  }, USED);

/** How many pixels of the charts have each of these colours. Edges are see-through, and of the same colour. */
const counted = (tab: Page, wanted: number[][]): Promise<number[]> =>
  tab.$$eval(
    '#train .uplot canvas',
    (all, list) => {
      const counts = list.map(() => 0);
      for (const canvas of all as HTMLCanvasElement[]) {
        const { width, height } = canvas;
        const data = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
        for (let at = 0; at < data.length; at += 4)
          for (const [i, colour] of list.entries())
            if (data[at + 3] > 128 && colour.every((v, c) => Math.abs(v - data[at + c]) < 6))
              counts[i]++;
      }
      return counts;
    },
    wanted,
  );

/** Charts have names, ticks and numbers by themselves; they follow the theme; of a Reset nothing stays. */
async function checkCharts({ tab }: OpenPage): Promise<void> {
  await tab.selectOption('#preset', 'perceptron');
  await says(tab, '#samples-message', /of 24 are right/);
  const empty = await pictures(tab);
  const ticks = await writtenOn(tab, 'loss-chart');
  assert(ticks.includes('100') && ticks.includes('2'), `axes of no training: ${ticks}`);
  assert.deepEqual(await legends(tab), ['–', '–', '–', '–']);
  await tab.fill('#epochs', '2');
  await tab.click('#start:enabled');
  await says(tab, '#train-message', /^Done/);
  await untilDrawn(tab);
  for (const text of await legends(tab)) assert.match(text, /^\d/, 'a number without a pointer');
  for (const chart of CHARTS) {
    assert((await writtenOn(tab, chart)).includes('steps'), `${chart} names its axis`);
    assert.match((await tab.textContent(`figure:has(#${chart}) figcaption`)) ?? '', /\w/);
  }

  const light = await colours(tab);
  assert(
    (await counted(tab, light)).every((count) => count > 0),
    'drawn in the colours of the theme',
  );
  await tab.click('#theme');
  await untilDrawn(tab);
  const dark = await colours(tab);
  assert.notDeepEqual(dark, light);
  assert(
    (await counted(tab, dark)).every((count) => count > 0),
    'drawn in the other theme',
  );
  assert.deepEqual(await counted(tab, light), [0, 0, 0], 'nothing is left of the theme before');
  const swatches = await tab.$$eval('#loss-chart .swatch', (all) =>
    all.map((one) => getComputedStyle(one).backgroundColor),
  );
  assert.deepEqual(
    swatches,
    dark.slice(1).map((colour) => `rgb(${colour.join(', ')})`),
    'legends have the colours of the lines',
  );

  await tab.click('#theme');
  await tab.click('#reset');
  await reads(tab, '#epoch', '–');
  await tab.waitForSelector('#start:enabled');
  assert.deepEqual(await pictures(tab), empty, 'nothing is left of the training before');
  assert.deepEqual(await writtenOn(tab, 'loss-chart'), ticks);
  assert.deepEqual(await legends(tab), ['–', '–', '–', '–']);
}

/** A loss far above that of guessing is in the chart, with ticks as high. */
async function checkHighLoss({ tab }: OpenPage): Promise<void> {
  // What begins at 7 stays there.
  await tab.fill('#learning-rate', '0');
  await tab.fill('#epochs', '1');
  await tab.click('#start:enabled');
  await says(tab, '#train-message', /^Done/);
  await reads(tab, '#start', 'Start');
  await untilDrawn(tab);
  const [loss] = await legends(tab);
  const highest = Math.max(
    ...(await writtenOn(tab, 'loss-chart')).map(Number).filter(Number.isFinite),
  );
  assert(Number(loss) > 2.5, `a loss of ${loss}`);
  assert(highest >= Number(loss) / 3, `ticks up to ${highest} for a loss of ${loss}`);
}

/** Scores of a network that says 3 whatever it sees, and how sure it is. */
const SCORE = 4;
const SURE = Math.exp(SCORE) / (Math.exp(SCORE) + 9);

/** What a file's network ends in is not done twice, though more layers come after it. */
async function checkSoftmax({ tab }: OpenPage): Promise<void> {
  await init();
  const dense = layers.dense({ units: 10, kernelInitializer: 'zeros', activation: 'softmax' });
  const list = [layers.flatten(), dense, layers.reshape({ targetShape: [10] })];
  const model = new Sequential(list, { inputShape: [28, 28, 1] });
  const bias = model.weights.find(({ name }) => name.endsWith('/bias'));
  assert(bias);
  bias.tensor.data[3] = SCORE;
  await tab.click('#tab-files');
  await tab.waitForSelector('#files:not([inert])');
  await tab.setInputFiles('#model-file', {
    name: 'sure.safetensors',
    mimeType: '',
    buffer: Buffer.from(model.toBytes()),
  });
  model.dispose();
  await says(tab, '#files-message', /was loaded/);
  await tab.click('#tab-train');
  await tab.click('.sample >> nth=0');
  await reads(tab, '#verdict', '3');
  const shares = await probabilities(tab);
  assert(Math.abs(shares[3] - SURE) < 1e-5, `${shares[3]} of a network that says ${SURE}`);
  await tab.waitForFunction(
    (sure) =>
      [...document.querySelectorAll<HTMLElement>('.sample .length')].every(
        (one) => Math.abs(Number(one.style.getPropertyValue('--share')) - sure) < 1e-5,
      ),
    SURE,
  );
}

/** Each word that is marked as one of the trade says what it means, by keyboard too. */
async function checkTerms({ tab }: OpenPage): Promise<void> {
  const told = await tab.$$eval('[data-term]', (words) =>
    (words as HTMLElement[]).map((word) => {
      word.dispatchEvent(new Event('focus'));
      const tip = document.querySelector<HTMLElement>('#tip');
      const meaning = tip?.hidden === false ? tip.textContent : '';
      word.dispatchEvent(new Event('blur'));
      return { term: word.dataset.term, meaning, index: word.tabIndex, left: tip?.hidden !== true };
    }),
  );
  for (const { term, meaning, index, left } of told) {
    assert((meaning ?? '').length > 20, `${term} is explained`);
    assert.equal(index, 0, `${term} is reached by keyboard`);
    assert(!left, `what ${term} means goes away`);
  }
  const terms = new Set(told.map(({ term }) => term));
  for (const term of [
    'epoch',
    'loss',
    'batch',
    'learning rate',
    'convolution',
    'pooling',
    'stride',
  ])
    assert(terms.has(term), `${term} is marked`);
  await tab.click('#tab-train');
  const word = '#setup [data-term="batch"]';
  await tab.focus(word);
  await says(tab, '#tip:not([hidden])', /before its weights change/);
  assert.equal(await tab.getAttribute(word, 'aria-describedby'), 'tip');
  await tab.press(word, 'Escape');
  await tab.waitForSelector('#tip', { state: 'hidden' });
}

const [WIDTH, HEIGHT] = [390, 844];

/** On a phone images come first, all tabs are in sight, and Start is at hand however far a room is scrolled. */
async function checkPhone(browser: Browser, address: string): Promise<void> {
  const viewport = { width: WIDTH, height: HEIGHT };
  const { tab, close } = await open(browser, address, { viewport, hasTouch: true });
  await says(tab, '#samples-message', /of 24 are right/);
  const boxes = await tab.$$eval('[role=tab], .sample', (all) =>
    all.map((one) => {
      const { left, right, bottom } = one.getBoundingClientRect();
      return { left, right, bottom, name: one.id || 'an image' };
    }),
  );
  for (const { left, right, bottom, name } of boxes)
    assert(left >= 0 && right <= WIDTH && bottom <= HEIGHT, `${name} is in the first screen`);
  const order = await tab.$$eval('#samples, #sheet, #setup, #loss-chart', (all) =>
    all
      .map((one) => ({ id: one.id, top: one.getBoundingClientRect().top }))
      .sort((a, b) => a.top - b.top)
      .map(({ id }) => id),
  );
  assert.deepEqual(order, ['samples', 'sheet', 'setup', 'loss-chart']);
  const rooms = await tab.$$eval('[role=tab]', (all) => all.map(({ id }) => id.slice(4)));
  for (const room of rooms) {
    await tab.tap(`#tab-${room}`);
    await tab.waitForSelector(`#${room}:not([inert])`);
    const found = await tab.evaluate(() => {
      scrollTo(0, document.documentElement.scrollHeight);
      const start = document.querySelector('#start') as Element;
      const { left, top, width, height } = start.getBoundingClientRect();
      const seen = document.elementFromPoint(left + width / 2, top + height / 2);
      const strip = document.querySelector('.strip')?.getBoundingClientRect().height ?? 0;
      return { isSeen: seen === start, strip };
    });
    assert(found.isSeen, `Start is seen at the end of ${room}`);
    assert(found.strip < HEIGHT / 4, `the strip is ${found.strip} pixels high`);
    await tab.evaluate(() => scrollTo(0, 0));
  }
  await tab.tap('#tab-train');
  await tab.tap('#setup [data-term="learning rate"]');
  await says(tab, '#tip:not([hidden])', /How far the weights move/);
  const tip = await tab.locator('#tip').boundingBox();
  assert(tip && tip.x >= 0 && tip.x + tip.width <= WIDTH && tip.y + tip.height <= HEIGHT);
  await tab.tap('#start');
  await reads(tab, '#start', 'Pause');
  await close();
}

/** See the top of this file. */
export async function checkFaults(browser: Browser, address: string): Promise<void> {
  const page = await open(browser, address, { colorScheme: 'light' }, (tab) =>
    tab.addInitScript(watchCharts),
  );
  for (const check of [checkCharts, checkHighLoss, checkSoftmax, checkTerms]) await check(page);
  await page.close();
  await checkPhone(browser, address);
  say('charts, softmax, terms and a phone: what was found once does not come back');
}
