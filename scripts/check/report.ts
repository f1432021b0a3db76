// Reads reports in Chromium as those who get one do: on a phone, a tablet and a screen, in light and dark, by keyboard and
// with a screen reader, and on paper. `npm run check-report`.

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { Random } from '../../src/base/random.js';
import { init, layers, ResNet, Sequential, Tensor, vis } from '../../src/index.js';
import { addAxe, findings } from './axe.js';
import { launchChromium } from './browsers/chromium.js';

/** Numbers from 0 to 1. */
function noise(shape: readonly number[]): Tensor {
  const random = new Random(3, 0);
  const size = shape.reduce((a, b) => a * b);
  return Tensor.from(
    Float32Array.from({ length: size }, () => random.uniform()),
    [...shape],
  );
}

/** Reports that have all sections, that have mistakes of each kind, and that leave most of them out. */
async function reports(): Promise<Record<string, string>> {
  const count = 24;
  const y = Int32Array.from({ length: count }, (_, i) => i % 3);
  const classes = ['a name that is so long that no column is as wide', 'cats', 'dogs & <others>'];
  const history = { epoch: [1, 2], history: { loss: [2, 1], val_loss: [2, 1.5] } };
  const gradientNorms = { first: [1, 0.1], last: [0.01, 0.1] };
  const images = new ResNet({ depth: 8, classes: 3, inputShape: [16, 24, 3], seed: 1 });
  const vectors = new Sequential([layers.dense({ units: 3, activation: 'softmax' })], {
    inputShape: [4],
    seed: 1,
  });
  const x = noise([count, ...images.inputShape]);
  return {
    images: await vis.report(images, { x, y }, { classes, history, gradientNorms }),
    'without classes': await vis.report(images, { x }),
    vectors: await vis.report(vectors, { x: noise([count, 4]), y }),
  };
}

/** Elements that are wider than the page, unless they scroll in themselves. */
const sidewards = (tab: Page): Promise<boolean> =>
  tab.evaluate(() => document.documentElement.scrollWidth > innerWidth);

async function checkShown(browser: Browser, name: string, text: string): Promise<void> {
  for (const width of [390, 768, 1280])
    for (const colorScheme of ['light', 'dark'] as const) {
      const where = `${name}, ${width} pixels, ${colorScheme}`;
      const tab = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const asked: string[] = [];
      tab.on('request', (request) => {
        if (!request.url().startsWith('data:')) asked.push(request.url());
      });
      await tab.setContent(text);
      await addAxe(tab);
      assert.deepEqual(await findings(tab), [], where);
      assert.equal(await sidewards(tab), false, `${where}: wider than the page`);
      assert.deepEqual(asked, [], `${where}: nothing is loaded`);
      await tab.close();
    }
}

/** On paper: light whatever the theme, without links, nothing in a box that scrolls, pictures whole. */
async function checkPrinted(browser: Browser, name: string, text: string): Promise<void> {
  const tab = await browser.newPage({ viewport: { width: 700, height: 900 }, colorScheme: 'dark' });
  await tab.setContent(text);
  await tab.emulateMedia({ media: 'print' });
  const paper = await tab.evaluate(() => {
    const all = [...document.querySelectorAll<HTMLElement>('main *')];
    return {
      ground: getComputedStyle(document.body).backgroundColor,
      links: getComputedStyle(document.querySelector('nav') as HTMLElement).display,
      hidden: all.filter(
        (one) =>
          getComputedStyle(one).overflowY === 'auto' && one.scrollHeight > one.clientHeight + 1,
      ).length,
      cut: [...document.querySelectorAll('main :is(img, figure)')].filter(
        (one) => getComputedStyle(one).breakInside !== 'avoid',
      ).length,
    };
  });
  assert.deepEqual(
    paper,
    { ground: 'rgb(255, 255, 255)', links: 'none', hidden: 0, cut: 0 },
    `${name}, printed`,
  );
  assert.ok((await tab.pdf({ format: 'A4' })).length > 1000);
  await tab.close();
}

await init();
const browser = await launchChromium();
try {
  for (const [name, text] of Object.entries(await reports())) {
    await checkShown(browser, name, text);
    await checkPrinted(browser, name, text);
    console.log(`${name}: ${(text.length / 2 ** 10).toFixed(0)} KiB, axe-core finds nothing`);
  }
} finally {
  await browser.close();
}
process.exit();
