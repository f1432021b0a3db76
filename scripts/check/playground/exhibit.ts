// Checks what a visitor sees and may lose: the first screen, settings that count at once, drafts, what is kept, links,
// and the rooms.

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { type OpenPage, open, reads, say, says, trainUntil } from './page.js';

const valuesOf = (tab: Page, selector: string): Promise<number[]> =>
  tab.$$eval(selector, (all) =>
    all.map((one) => Number((one as HTMLElement).style.getPropertyValue('--share'))),
  );

/** Images with what the network says, and a drawing with bars, before anything is set. They move as it trains. */
async function checkFirstScreen({ tab }: OpenPage): Promise<void> {
  await says(tab, '#samples-message', /of 24 are right/);
  const before = await valuesOf(tab, '.sample .length');
  assert.equal(before.length, 24);
  assert(before.every((share) => share > 0));
  const bottom = await tab.evaluate(
    () => document.querySelector('#sheet')?.getBoundingClientRect().bottom,
  );
  assert(Number(bottom) < 900, 'images and sheet are in the first screen');
  await tab.click('#start:enabled');
  await trainUntil(tab, 1);
  await says(tab, '#samples-message', /^2\d of 24 are right/);
  await tab.click('#more-curves summary');
  await reads(tab, '#rate-chart output', '0.03');
  await says(tab, '#gradient-chart output', /^\d/);
  const after = await valuesOf(tab, '.sample .length');
  assert.notDeepEqual(after, before);
  await tab.click('.sample >> nth=1');
  await reads(tab, '#verdict', '2');
}

/** A learning rate counts while it trains: a rate of 0 leaves the weights as they are. */
async function checkRate({ tab }: OpenPage): Promise<void> {
  await tab.fill('#epochs', '1000');
  const shares = () => valuesOf(tab, '.sample .length');
  await tab.fill('#learning-rate', '0');
  await tab.press('#learning-rate', 'Tab');
  await says(tab, '#train-message', /from the next step/);
  const epoch = async () => Number.parseInt((await tab.textContent('#epoch')) ?? '', 10);
  // After a whole epoch without a change, no answer from before it is on its way.
  await trainUntil(tab, (await epoch()) + 1);
  const rest = await shares();
  await trainUntil(tab, (await epoch()) + 1);
  assert.deepEqual(await shares(), rest, 'a rate of 0 changes nothing');
}

/** A loss without bounds stays within its figure, and the page says what to do. */
async function checkDivergence({ tab }: OpenPage): Promise<void> {
  await tab.click('#reset');
  await tab.waitForSelector('#start:enabled');
  await tab.selectOption('#preset', 'perceptron');
  await tab.fill('#learning-rate', '300');
  await tab.click('#start');
  await says(tab, '#train-message.problem', /smaller learning rate/);
  const text = (await tab.textContent('#loss')) ?? '';
  assert(text.length <= 7, `the loss is short: ${text}`);
  await tab.fill('#learning-rate', '0.03');
}

/** An edited network that does not fit says why at its layer; one that fits is what Start trains. */
async function checkDraft({ tab }: OpenPage): Promise<void> {
  await tab.selectOption('#preset', 'lenet5');
  await tab.click('#tab-network');
  await says(tab, '#network-message', /61,706 weights/);
  const kernel = '#layers li:nth-child(3) input[name="kernelSize"]';
  await tab.fill(kernel, '15');
  await tab.press(kernel, 'Tab');
  await says(tab, '#layers li:nth-child(3) .why', /conv2d_1/);
  await tab.click('#tab-train');
  await tab.click('#start');
  await says(tab, '#train-message.problem', /does not fit/);
  assert(await tab.isVisible('#network'), 'the room with the reason is opened');
  await tab.fill(kernel, '3');
  await tab.press(kernel, 'Tab');
  await says(tab, '#network-message', /This network is new/);
  assert(await tab.locator('#apply').isVisible());
  await tab.click('#start');
  await reads(tab, '#start', 'Pause');
  assert.equal(await tab.inputValue('#preset'), 'edited', 'Start trains the edited network');
  assert.match(await tab.evaluate(() => location.hash), /layers=conv2d\(filters=6/);
}

/** Other images take the place of a training only after it is kept; a reload finds it again. */
async function checkKept({ tab }: OpenPage): Promise<void> {
  await trainUntil(tab, 1);
  await tab.click('#start');
  await reads(tab, '#start', 'Go on');
  const accuracy = await tab.textContent('#test-accuracy');
  await tab.selectOption('#dataset', 'fashion');
  await says(tab, '.notice', /Your training is kept.*edited on MNIST/);
  await tab.waitForSelector('#start:enabled');
  await reads(tab, '#test-accuracy', '–');
  await tab.click('.notice-buttons button');
  await reads(tab, '#test-accuracy', accuracy ?? '');
  assert.equal(await tab.inputValue('#dataset'), 'mnist');
  await tab.waitForFunction(async () => {
    const store = await caches.open('wasmgrad-playground-work');
    return (await store.keys()).length === 1;
  });
  await tab.click('#tab-train');
  await tab.fill('#epochs', '7');
  await tab.press('#epochs', 'Tab');
  await tab.reload();
  await reads(tab, '#test-accuracy', accuracy ?? '');
  assert.equal(await tab.inputValue('#preset'), 'edited');
  assert.equal(await tab.inputValue('#epochs'), '7');
}

/** A keyboard gets to the rooms at once, and the address stays. */
async function checkSkip({ tab }: OpenPage): Promise<void> {
  const before = await tab.evaluate(() => location.hash);
  await tab.focus('#skip');
  await tab.keyboard.press('Enter');
  await tab.waitForFunction(() => document.activeElement?.getAttribute('role') === 'tab');
  assert.equal(await tab.evaluate(() => location.hash), before);
}

/** A link shows what it says, and tells what it says that is not known here. */
async function checkLink({ tab, address }: OpenPage): Promise<void> {
  await tab.goto(`${address}#room=mistakes&data=fashion&network=residual&batch=32&depth=9&v=2`);
  await says(tab, '.notice', /another version.*depth=9/);
  await says(tab, '.notice', /Your training is kept/);
  await tab.waitForSelector('#start:enabled');
  assert(await tab.isVisible('#mistakes'));
  assert.equal(await tab.inputValue('#dataset'), 'fashion');
  assert.equal(await tab.inputValue('#preset'), 'residual');
  assert.equal(await tab.inputValue('#batch-size'), '32');
  assert.match(await tab.evaluate(() => location.hash), /depth=9/, 'nothing of it is lost');
}

/** A link holds the settings of a room too; of a room, network or setting that there is not, it says so and keeps it. */
async function checkSettings({ tab, address }: OpenPage): Promise<void> {
  await tab.goto(`${address}#room=convolve&stride=2&padding=1&kernel=sum&filter=sharpen`);
  await says(tab, '#hand-message', /5 × 5 becomes 3 × 3/);
  await tab.waitForFunction(
    () => document.querySelector<HTMLSelectElement>('#filter')?.value === 'sharpen',
  );
  await tab.selectOption('#hand-stride', '3');
  const link = await tab.evaluate(() => location.href);
  await tab.goto(`${address}#room=cellar&network=huge&layers=conv2d(filters=0)&rate=fast`);
  await says(tab, '.notice', /room=cellar, network=huge, layers=.*filters=0.*rate=fast/);
  assert(await tab.isVisible('#train'));
  assert.equal(await tab.inputValue('#preset'), 'lenet5');
  await tab.goto(`${address}#room=convolve&stride=9&filter=none`);
  await says(tab, '.notice', /Not known here: stride=9/);
  await says(tab, '.notice', /Not known here: filter=none/);
  assert.match(await tab.evaluate(() => location.hash), /stride=9&filter=none/);
  await tab.goto(link);
  await says(tab, '#hand-message', /5 × 5 becomes 2 × 2/);
  await reads(tab, '#hand-sum', '3 = 0·1 + 0·1 + 0·1 + 0·1 + 1·1 + 1·1 + 0·1 + 0·1 + 1·1');
}

/** Why it says so, what a map looks for, how it sees all images; layers are called as in the editor. */
async function checkLook({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-look');
  await says(tab, '#reason-message', /The network says/);
  await tab.selectOption('#reason-class', '3');
  await tab.selectOption('#reason-method', 'smoothGrad');
  await says(tab, '#journey figcaption', /1\. Convolution .*maps of 28 × 28/);
  await says(tab, '#journey figure:last-child .label', /ankle boot/);
  await tab.click('#journey figure:nth-child(2) .field', { position: { x: 5, y: 5 } });
  await tab.click('#explained-patches');
  await says(tab, '#patch-message', /^Map 1 of 1\. Convolution: what it sees/);
  assert.equal(await tab.locator('#patches canvas').count(), 12);
  await tab.click('#lay-out');
  await says(tab, '#plane-message', /Alike ones/);
  assert.equal(await tab.locator('#plane-legend li').count(), 10);
}

/** Two trainings side by side. */
async function checkCompare({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-compare');
  await tab.selectOption('#comparison', 'pooling');
  await tab.fill('#compare-epochs', '1');
  await tab.click('#compare-start');
  await says(tab, '#compare-message', /^Right on test images: max \d.*average \d/);
  await reads(tab, '#compare-start', 'Train both');
  // Two of one's own choice, with the gradients of each layer as a picture.
  await tab.selectOption('#comparison', 'own');
  assert(await tab.isHidden('#gradient-maps canvas >> nth=0'));
  await tab.selectOption('#second-network', 'perceptron');
  await tab.fill('#second-rate', '0');
  await tab.click('#compare-start');
  await says(tab, '#compare-message', /^Right on test images: first \d.*second \d/);
  await says(tab, '#gradient-maps figcaption', /second, 2 layers/);
  const heights = await tab.$$eval('#gradient-maps canvas', (all) =>
    (all as HTMLCanvasElement[]).map(({ height }) => height),
  );
  assert(heights.every((height) => height > 1));
  assert.match(await tab.evaluate(() => location.hash), /compare=own.*second-network=perceptron/);
}

/** A number of the result shows its window and its sum; numbers change at once; the filter may lie turned round. */
async function checkByHand({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-convolve');
  await reads(tab, '#hand-sum', '4 = 1·1 + 1·0 + 1·1 + 0·0 + 1·1 + 1·0 + 0·1 + 0·0 + 1·1');
  await tab.focus('#result-grid button');
  await tab.keyboard.press('ArrowRight');
  await says(tab, '#hand-sum', /^3 = 1·1 \+ 1·0 \+ 0·1/);
  assert.equal(await tab.locator('#image-grid .window').count(), 9);
  await tab.fill('#image-grid .window input >> nth=0', '5');
  await says(tab, '#hand-sum', /^7 = 5·1/);
  await tab.selectOption('#hand-kernel', 'corner');
  await tab.selectOption('#hand-kind', 'convolution');
  await says(tab, '#hand-sum', /^1 = .*1·1$/);
  await tab.selectOption('#hand-padding', '1');
  await tab.selectOption('#hand-stride', '2');
  await says(tab, '#hand-message', /5 × 5 becomes 3 × 3/);
  // Pictures begin with a filter of numbers too.
  await tab.waitForFunction(() => document.querySelectorAll('#kernel input').length === 9);
}

/** See the top of this file. */
export async function checkExhibit(browser: Browser, address: string): Promise<void> {
  const page = await open(browser, address);
  for (const check of [
    checkFirstScreen,
    checkRate,
    checkDivergence,
    checkDraft,
    checkKept,
    checkSkip,
    checkLink,
    checkByHand,
    checkLook,
    checkCompare,
    checkSettings,
  ])
    await check(page);
  await page.close();
  say('the first screen, settings that count at once, drafts, kept work, links: nothing is lost');
}
