// Checks mishaps in the playground: files that the page cannot show, hasty choices and presses, images that do not
// arrive, forms that are not filled in, a kept training that is damaged.

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { init, input, layers, Model, Sequential } from 'wasmgrad';
import { type OpenPage, open, reads, say, says, untilDrawn } from './page.js';

/** Chooses a model's file; the model is not needed after. */
async function choose(tab: Page, model: Model): Promise<void> {
  const buffer = Buffer.from(model.toBytes());
  model.dispose();
  await tab.setInputFiles('#model-file', { name: 'own.safetensors', mimeType: '', buffer });
}

/** A loaded network that the editor has no fields for can be trained and looked into; no other one is shown for it. */
async function checkUnknown({ tab }: OpenPage): Promise<void> {
  await init();
  const pool = layers.maxPool2d({ poolSize: 3, strides: 2, padding: 'same' });
  const wide = layers.conv2d({ filters: 4, kernelSize: [3, 5], activation: 'relu' });
  const list = [wide, pool, layers.flatten(), layers.dense({ units: 10 })];
  const model = new Sequential(list, { inputShape: [28, 28, 1], name: "it's" });
  await tab.click('#tab-files');
  await tab.waitForSelector('#files:not([inert])');
  await choose(tab, model);
  await says(tab, '#files-message', /was loaded/);
  await tab.click('#tab-network');
  await says(tab, '#network-message', /trained and looked into, not edited/);
}

/** A network that cannot be looked into, as one of its layers is applied twice, leaves the one before as it was. */
async function checkShared({ tab }: OpenPage): Promise<void> {
  const image = input([28, 28, 1]);
  const twice = layers.conv2d({ filters: 1, kernelSize: 3, padding: 'same' });
  const flat = layers.flatten().apply(twice.apply(twice.apply(image)));
  await tab.click('#tab-files');
  await choose(tab, new Model({ inputs: image, outputs: layers.dense({ units: 10 }).apply(flat) }));
  await says(tab, '#files-message.problem', /was not loaded.*applied 2 times/);
  await tab.click('#tab-train');
  await tab.click('.sample');
  await says(tab, '#draw-message', /Test image 0: \d/);
  await tab.click('#tab-files');
  await tab.click('#keep');
  await says(tab, '#files-message', /^Kept/);
}

/** What must not be pressed twice is pressed again and again, while a training has yet to rest. */
async function checkHaste({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-train');
  await tab.fill('#epochs', '50');
  await tab.click('#start:enabled');
  await reads(tab, '#start', 'Pause');
  await tab.click('#tab-compare');
  await tab.waitForSelector('#compare:not([inert])');
  const press = (times: number) =>
    tab.evaluate((times) => {
      const button = document.querySelector<HTMLButtonElement>('#compare-start');
      for (let i = 0; i < times; i++) button?.click();
      return button?.textContent;
    }, times);
  const workers = tab.workers().length;
  assert.equal(await press(3), 'Stop');
  await reads(tab, '#start', 'Go on');
  await says(tab, '#compare-message', /^Both train/);
  assert.equal(await press(1), 'Train both');
  await reads(tab, '#compare-message', 'Stopped.');
  // Two trainings of one's own choice keep their names while they run, whatever is chosen then.
  await tab.selectOption('#comparison', 'own');
  await press(1);
  await tab.selectOption('#second-network', 'perceptron');
  assert.doesNotMatch((await tab.textContent('#compare-sides')) ?? '', /erceptron/);
  // Another comparison ends them.
  await tab.selectOption('#comparison', 'residual');
  await reads(tab, '#compare-start', 'Train both');
  await tab.waitForFunction(() =>
    document.querySelector('#compare-message')?.textContent?.startsWith('Shortcuts'),
  );
  while (tab.workers().length > workers) await untilDrawn(tab);
}

/** A kept training that cannot be read any more is told of, and the page works. */
async function checkDamaged({ address, tab }: OpenPage): Promise<void> {
  await tab.click('#tab-train');
  await tab.click('#reset');
  await tab.fill('#epochs', '1');
  await tab.fill('#batch-size', '64');
  await tab.click('#start:enabled');
  await says(tab, '#train-message', /^Done/);
  await tab.waitForFunction(async () => {
    const store = await caches.open('wasmgrad-playground-work');
    return (await store.keys()).length === 1;
  });
  // From another page of the server, as this one may keep its work once more.
  await tab.goto(`${address}offline.js`);
  await tab.evaluate(async () => {
    const store = await caches.open('wasmgrad-playground-work');
    for (const key of await store.keys()) {
      const { headers } = (await store.match(key)) as Response;
      await store.put(key, new Response(new Uint8Array(10), { headers }));
    }
  });
  await tab.goto(address);
  await says(tab, '.notice', /What was kept did not come back/);
  await tab.waitForSelector('#start:enabled');
}

/** The editor reports more outputs than classes. */
async function checkClasses({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-network');
  await tab.selectOption('#preset', 'lenet5');
  await says(tab, '#network-message', /61,706 weights/);
  const units = '#layers li:nth-child(8) input[name="units"]';
  await tab.fill(units, '11');
  await tab.press(units, 'Tab');
  await says(tab, '#network-message.problem', /11 numbers.*10 classes/);
  assert(await tab.isDisabled('#apply'));
  await tab.click('#discard');
}

/** Of two data sets, the last one chosen is used; if one does not arrive, the one before stays. */
async function checkDataSets({ tab }: OpenPage): Promise<void> {
  // The first are never answered: who waits for them waits for ever.
  const held = () => {};
  await tab.route('**/fashion-*', held);
  const asked = tab.waitForRequest('**/fashion-*');
  await tab.selectOption('#dataset', 'fashion');
  await asked;
  const given = tab.waitForEvent('requestfailed', (one) => one.url().includes('/fashion-'));
  await tab.selectOption('#dataset', 'mnist');
  await given;
  await tab.waitForSelector('#start:enabled');
  await tab.click('#tab-train');
  await tab.click('.sample');
  await says(tab, '#draw-message', /Test image 0: \d/);
  assert.equal(await tab.inputValue('#dataset'), 'mnist');
  await tab.unroute('**/fashion-*', held);
  await tab.route('**/fashion-*', (route) => route.abort());
  await tab.selectOption('#dataset', 'fashion');
  await says(tab, '#train-message', /did not load.*choose the images again/);
  assert.equal(await tab.inputValue('#dataset'), 'mnist');
}

/** A training can pause whatever the form contains; an own filter begins as a copy of the one chosen before. */
async function checkForms({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-train');
  await tab.fill('#epochs', '50');
  await tab.click('#start:enabled');
  await reads(tab, '#start', 'Pause');
  await tab.fill('#batch-size', '');
  await tab.click('#start');
  await reads(tab, '#start', 'Go on');
  await tab.click('#tab-convolve');
  await tab.selectOption('#filter', 'my own');
  await tab.waitForFunction(() => document.querySelectorAll('#kernel input').length === 9);
}

/** See the top of this file. */
export async function checkMishaps(browser: Browser, address: string): Promise<void> {
  const page = await open(browser, address);
  await page.tab.waitForSelector('#start:enabled');
  await checkUnknown(page);
  await checkClasses(page);
  await checkForms(page);
  await checkShared(page);
  await checkHaste(page);
  await checkDataSets(page);
  await checkDamaged(page);
  // What is not sent is an error on the console, of the browser's own.
  const own = page.errors.filter((text) => !/Failed to load resource/.test(text));
  assert.deepEqual(own, []);
  await page.close(false);
  say(
    'files that the page cannot hold, choices and presses in a hurry, images that do not come, a damaged store: each ends well',
  );
}
