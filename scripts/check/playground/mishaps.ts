// Checks mishaps in the playground: files that the editor cannot show, hasty choices, images that do not arrive, forms
// that are not filled in.

import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { init, layers, Sequential } from 'wasmgrad';
import { type OpenPage, open, reads, say, says } from './page.js';

/** A loaded network that the editor has no fields for can be trained and looked into; no other one is shown for it. */
async function checkUnknown({ tab }: OpenPage): Promise<void> {
  await init();
  const pool = layers.maxPool2d({ poolSize: 3, strides: 2, padding: 'same' });
  const wide = layers.conv2d({ filters: 4, kernelSize: [3, 5], activation: 'relu' });
  const list = [wide, pool, layers.flatten(), layers.dense({ units: 10 })];
  const model = new Sequential(list, { inputShape: [28, 28, 1], name: "it's" });
  await tab.click('#tab-files');
  await tab.waitForSelector('#files:not([inert])');
  await tab.setInputFiles('#model-file', {
    name: 'own.safetensors',
    mimeType: '',
    buffer: Buffer.from(model.toBytes()),
  });
  model.dispose();
  await says(tab, '#files-message', /was loaded/);
  await tab.click('#tab-network');
  await says(tab, '#network-message', /trained and looked into, not edited/);
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
  await checkDataSets(page);
  // What is not sent is an error on the console, of the browser's own.
  const own = page.errors.filter((text) => !/Failed to load resource/.test(text));
  assert.deepEqual(own, []);
  await page.close(false);
  say(
    'files that the editor cannot hold, choices in a hurry, images that do not come: each ends well',
  );
}
