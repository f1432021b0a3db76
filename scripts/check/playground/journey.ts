// Checks the journey of an image: whatever pixel is pointed at, by mouse or by keys, the sum that explains it gives the
// number that the map has there, from the numbers that the maps below have. And what training has changed.

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { init, layers, Sequential } from 'wasmgrad';
import { equations, type Heard, listen } from './equations.js';
import { type OpenPage, open, reads, say, says } from './page.js';

const fieldOf = (stage: number): string => `#journey figure:nth-child(${stage + 2}) .field`;

/** Waits until a pixel of the stage is explained, and checks that all is equal to a thousandth. */
async function checkEquations(tab: Page, stage: number): Promise<number> {
  await tab.waitForFunction(
    (one) => (globalThis as unknown as { heard: Heard }).heard.spot?.stage === one,
    stage,
  );
  const found = await tab.evaluate(equations);
  for (const { what, is, ought } of found)
    assert(
      Math.abs(is - ought) <= 1e-3 * Math.abs(ought) + 1e-6,
      `stage ${stage}: ${what} is ${is}, not ${ought}`,
    );
  return found.length;
}

/** The pixel that is explained is the one under the pointer; scores have no pixels. */
async function checkMark(tab: Page, stage: number, pointer: readonly [number, number]) {
  const mark = tab.locator(`${fieldOf(stage)} .marks span`);
  if ((await mark.count()) === 0) return;
  const { x, y, width, height } = (await mark.boundingBox()) ?? assert.fail('no mark');
  // The gap after a map, of a few pixels, is its last pixel's.
  const isIn = (at: number, from: number, side: number) => at > from - 1 && at < from + side + 4;
  assert(isIn(pointer[0], x, width) && isIn(pointer[1], y, height), `stage ${stage}: a mark apart`);
}

/** Points at places of a layer's maps, which are shares of the sheet. */
async function checkStage(
  tab: Page,
  stage: number,
  places: readonly (readonly [number, number])[],
): Promise<number> {
  const field = tab.locator(fieldOf(stage));
  await field.scrollIntoViewIfNeeded();
  const { x, y, width, height } = (await field.boundingBox()) ?? assert.fail('no maps');
  let count = 0;
  for (const [across, down] of places) {
    await tab.evaluate(() => {
      Object.assign((globalThis as unknown as { heard: Heard }).heard, { spot: undefined });
    });
    const pointer = [x + across * width, y + down * height] as const;
    await tab.mouse.move(...pointer);
    count += await checkEquations(tab, stage);
    await checkMark(tab, stage, pointer);
  }
  return count;
}

const PLACES = [
  [0.03, 0.04],
  [0.31, 0.42],
  [0.62, 0.21],
] as const;

/** All layers of the network on screen. */
async function checkAll(tab: Page, network: string): Promise<void> {
  const stages = (await tab.locator('#journey figure').count()) - 1;
  let count = 0;
  for (let stage = 0; stage < stages; stage++) count += await checkStage(tab, stage, PLACES);
  say(`${network}: what explains the pixels of ${stages} layers is right in ${count} numbers`);
}

/** The sum on the page, worked out: both of its sides. */
function workedOut(text: string): [number, number] {
  const [left, right] = text
    .replace(/,? and ReLU .*/, '')
    .replace(/ of the other \d+|bias |\.$/g, '')
    .replaceAll('−', '-')
    .split(' = ');
  const sum = right
    .replaceAll(/[()]/g, '')
    .replaceAll(' - ', ' + -')
    .split(' + ')
    .map((product) => product.split('·').reduce((value, factor) => value * Number(factor), 1))
    .reduce((all, one) => all + one, 0);
  return [Number(left), sum];
}

/** By keyboard: a pixel of the first layer's map, its window on the image, its sum in figures. */
async function checkKeys(tab: Page): Promise<void> {
  const title = '#explained-title';
  await checkStage(tab, 0, [[0.4, 0.6]]);
  await tab.locator(fieldOf(0)).focus();
  for (const key of ['ArrowRight', 'ArrowDown', 'ArrowRight', 'ArrowUp']) {
    const before = await tab.textContent(title);
    await tab.keyboard.press(key);
    await tab.waitForFunction(([one, text]) => document.querySelector(one)?.textContent !== text, [
      title,
      before,
    ] as const);
    await checkEquations(tab, 0);
  }
  assert.equal(await tab.locator('#journey figure:first-child .marks span').count(), 1);
  await says(tab, '#explained-said', /^1\. Convolution, map \d, row \d+, column \d+/);
  const [left, right] = workedOut((await tab.textContent('#explained-sum')) ?? '');
  // Factors are rounded to two digits behind the point.
  assert(Math.abs(left - right) < 0.15, `the sum says ${left}, and is ${right}`);
}

/** A pixel that was pressed stays, and shows the window on the map that is asked for. */
async function checkHeld(tab: Page): Promise<void> {
  await tab.click(fieldOf(2), { position: { x: 70, y: 20 } });
  await says(tab, '#explained-held', /^Held/);
  await tab.hover(fieldOf(1));
  await tab.selectOption('#explained-below', '1');
  await says(tab, '#explained-part', /^Map 2 adds/);
  await checkEquations(tab, 2);
  await tab.locator(fieldOf(2)).press('Escape');
  await reads(tab, '#explained-held', '');
}

/** The shares of the bars that say how far the weights have moved. */
const moved = (tab: Page): Promise<number[]> =>
  tab.$$eval('#moved .number', (all) =>
    all.map(({ textContent }) => Number.parseFloat(textContent ?? '')),
  );

/** How many colours the difference of the filters has, the gaps' aside. */
const colours = (tab: Page): Promise<number> =>
  tab.$eval('#filter-maps figure:last-child canvas', (canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const image = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height);
    const pixels = new Uint32Array(image?.data.buffer ?? new ArrayBuffer());
    return new Set(pixels.filter((pixel) => pixel !== 0)).size;
  });

/** Nothing has changed before the training; after an epoch all layers have, and the filters. */
async function checkChanges({ tab }: OpenPage): Promise<void> {
  await says(tab, '#moved .label', /8\. Dense/);
  assert.deepEqual(await moved(tab), [0, 0, 0, 0, 0]);
  assert.equal(await colours(tab), 1, 'the filters are as they were');
  await tab.click('#tab-train');
  await tab.fill('#epochs', '1');
  await tab.click('#start:enabled');
  await tab.click('#tab-look');
  await reads(tab, '#start', 'Pause');
  await tab.hover(fieldOf(1));
  await says(tab, '#explained-title', /^2\. Max pooling/);
  await says(tab, '#train-message', /^Done/);
  await tab.waitForFunction(() =>
    [...document.querySelectorAll('#moved .number')].every(
      ({ textContent }) => Number.parseFloat(textContent ?? '') > 1,
    ),
  );
  assert((await colours(tab)) > 8, 'the filters have changed');
  say(`an epoch moves the weights by ${(await moved(tab)).join(', ')} % of their length`);
}

/** Layers that the editor has not, from a file: filters with gaps and in groups, padding of all kinds, softmax. */
async function checkFile(tab: Page): Promise<void> {
  await init();
  const model = new Sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: [3, 5], strides: 2, padding: 'same' }),
      layers.depthwiseConv2d({
        kernelSize: 3,
        depthMultiplier: 2,
        padding: [
          [1, 0],
          [0, 2],
        ],
      }),
      layers.conv2d({ filters: 12, kernelSize: 3, groups: 4, dilation: 2, padding: 2 }),
      layers.lrn(),
      layers.maxPool2d({ poolSize: 3, strides: 2, padding: 'same' }),
      layers.avgPool2d({ poolSize: 2, strides: 1, padding: [1, 0] }),
      layers.dropout({ rate: 0.5 }),
      layers.flatten(),
      layers.dense({ units: 10 }),
      layers.softmax(),
    ],
    { inputShape: [28, 28, 1], seed: 3, name: 'odd' },
  );
  const buffer = Buffer.from(model.toBytes());
  model.dispose();
  await tab.click('#tab-files');
  await tab.setInputFiles('#model-file', { name: 'odd.safetensors', mimeType: '', buffer });
  await says(tab, '#files-message', /was loaded/);
  await tab.click('#tab-look');
  await says(tab, '#journey strong', /^lrn/);
  await checkAll(tab, 'a file');
}

/** See the top of this file. */
export async function checkJourney(browser: Browser, address: string): Promise<void> {
  const page = await open(browser, `${address}#room=look&network=lenet5`, {}, (tab) =>
    tab.addInitScript(listen),
  );
  const { tab } = page;
  await checkChanges(page);
  await checkAll(tab, 'LeNet-5');
  await checkKeys(tab);
  await checkHeld(tab);
  await tab.selectOption('#preset', 'residual');
  await says(tab, '#journey strong', /3\. Residual block: add/);
  await checkAll(tab, 'a residual network');
  await checkFile(tab);
  await page.close();
}
