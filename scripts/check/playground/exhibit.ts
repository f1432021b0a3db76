// Checks what a visitor sees and may lose: the first screen, settings that count at once, drafts, what is kept, links,
// and the rooms.

import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { init, io, zoo } from 'wasmgrad';
import { draw, type OpenPage, open, reads, say, says, trainUntil } from './page.js';

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
  await trainUntil(tab, await epoch());
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

const CORNERS: Record<string, [number, number][]> = {
  stroke: [
    [0.5, 0.1],
    [0.5, 0.9],
  ],
  hook: [
    [0.2, 0.2],
    [0.2, 0.8],
    [0.8, 0.8],
    [0.8, 0.2],
    [0.2, 0.2],
  ],
};

/** Classes of one's own: drawn, learned, told apart; saved, and loaded in another page. A base of another kind. */
async function checkTeach({ tab, browser, address }: OpenPage): Promise<void> {
  await tab.click('#tab-teach');
  await tab.click('#learn');
  await says(tab, '#teach-message.problem', /no examples yet/);
  const sheet = '#teach-sheet';
  for (const [label, name] of ['stroke', 'hook'].entries())
    for (let count = 1; count <= 3; count++) {
      await draw(tab, [CORNERS[name].map(([x, y]) => [x + 0.03 * count, y])], sheet);
      await tab.click(`.class:nth-child(${label + 1}) button:has-text("Add")`);
      await tab.waitForSelector(`.class:nth-child(${label + 1}) .example:nth-child(${count})`);
    }
  await tab.click('#learn');
  await says(tab, '#teach-message', /100\s% of the examples are right/);
  await draw(tab, [CORNERS.hook], sheet);
  await says(tab, '#taught-bars .best', /triangle/);
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.click('#save-taught')]);
  const file = await download.path();
  const again = await open(browser, `${address}#room=teach`);
  await again.tab.waitForSelector('#teach:not([inert])');
  await again.tab.setInputFiles('#load-taught', file);
  await says(again.tab, '#teach-message', /knows circle, triangle/);
  await draw(again.tab, [CORNERS.hook], sheet);
  await says(again.tab, '#taught-bars .best', /triangle/);
  await again.close();
  const notes = { name: 'notes.onnx', mimeType: '', buffer: Buffer.from('no model') };
  await tab.setInputFiles('#base-files', notes);
  await says(tab, '#teach-message.problem', /ONNX/);
  await init();
  const model = zoo.lenet5({ inputShape: [32, 32, 3] });
  const bytes = io.writeOnnx(model);
  await tab.setInputFiles('#base-files', {
    name: 'other.onnx',
    mimeType: '',
    buffer: Buffer.from(await bytes),
  });
  await says(tab, '#base-message', /other\.onnx: reads 32 × 32/);
  await tab.click('#learn');
  await says(tab, '#teach-message', /^Learned/);
}

/** Two trainings side by side. */
async function checkCompare({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-compare');
  await tab.selectOption('#comparison', 'pooling');
  await tab.fill('#compare-epochs', '1');
  await tab.click('#compare-start');
  await says(tab, '#compare-message', /^Right on test images: max \d.*average \d/);
  await reads(tab, '#compare-start', 'Train both');
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
    checkTeach,
    checkCompare,
  ])
    await check(page);
  await page.close();
  say('the first screen, settings that count at once, drafts, kept work, links: nothing is lost');
}
