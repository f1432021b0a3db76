// Checks the room of one's own classes: what is drawn, photographed or chosen is learned, saved and loaded again; models
// of other programs as its base; and what it says of files and cameras that are none.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { init, io, loadModel, zoo } from 'wasmgrad';
import { GraphBuilder } from '../../../tests/helpers/tfgraph.js';
import { launchChromium } from '../browsers/chromium.js';
import { draw, type OpenPage, open, reads, say, says } from './page.js';

const SHEET = '#teach-sheet';
const STROKE: [number, number][] = [
  [0.5, 0.2],
  [0.5, 0.8],
];
const HOOK: [number, number][] = [
  [0.8, 0.8],
  [0.8, 0.2],
  [0.2, 0.2],
];

/** A file as a visitor chooses it. */
const fileOf = (name: string, bytes: Uint8Array | string) => ({
  name,
  mimeType: '',
  buffer: Buffer.from(bytes as string),
});

const card = (label: number): string => `.class:nth-child(${label})`;

/** Draws an example of a class, the count-th, and adds it. */
async function give(
  tab: Page,
  label: number,
  line: [number, number][],
  count: number,
): Promise<void> {
  await draw(tab, [line.map(([x, y]) => [x + 0.03 * count, y])], SHEET);
  await tab.click(`${card(label)} button:has-text("Add")`);
  await tab.waitForSelector(`${card(label)} .example:nth-child(${count})`);
}

async function learn(tab: Page): Promise<void> {
  await tab.click('#learn');
  await says(tab, '#teach-message', /100\s% of the examples are right/);
}

/** What the sheet is taken for, as the page shows it. */
const bars = (tab: Page): Promise<string[]> => tab.locator('#taught-bars li').allTextContents();

/** The bytes of what a button saves. */
async function saved(tab: Page, button: string): Promise<Buffer> {
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.click(button)]);
  return readFileSync(await download.path());
}

/** Nothing is given, nothing is on the sheet, a class too many, a text for an image: each is told of. */
async function checkGaps({ tab }: OpenPage): Promise<void> {
  await tab.click('#tab-teach');
  await tab.click('#learn');
  await says(tab, '#teach-message.problem', /no examples yet/);
  await tab.click('#save-taught');
  await says(tab, '#teach-message.problem', /Learn first/);
  await tab.click(`${card(1)} button:has-text("Add")`);
  await says(tab, '#teach-message.problem', /sheet is empty/);
  const text = { ...fileOf('notes.txt', 'no image'), mimeType: 'text/plain' };
  await tab.setInputFiles(`${card(1)} input[type=file]`, text);
  await says(tab, '#teach-message.problem', /notes\.txt.*no image that this browser can read/);
  for (let count = 1; count <= 3; count++) {
    await give(tab, 1, STROKE, count);
    await give(tab, 2, HOOK, count);
  }
  await tab.click('#add-class');
  await tab.click('#learn');
  await says(tab, '#teach-message.problem', /“class 3” has no examples.*or remove the class/);
  await tab.click(`${card(3)} [aria-label="Remove this class"]`);
}

/** Runs in the page: removes a class as soon as the others are being learned. Stands alone. */
function removeMeanwhile(remove: string): void {
  const message = document.querySelector('#teach-message') as HTMLElement;
  const watcher = new MutationObserver(() => {
    if (message.textContent !== 'Learning …') return;
    watcher.disconnect();
    document.querySelector<HTMLElement>(remove)?.click();
  });
  watcher.observe(message, { childList: true });
  document.getElementById('learn')?.click();
}

/** A class goes while it learns; Learn is pressed twice and the base changed meanwhile: one comes after the other. */
async function checkHaste({ tab }: OpenPage): Promise<void> {
  await tab.click('#add-class');
  await give(tab, 3, [...HOOK].reverse(), 1);
  await tab.evaluate(removeMeanwhile, `${card(3)} [aria-label="Remove this class"]`);
  await says(tab, '#teach-message:not(.problem)', /A class came or went meanwhile/);
  assert.equal((await bars(tab)).length, 0);
  await tab.evaluate(() => {
    for (const id of ['learn', 'learn', 'own-base']) document.getElementById(id)?.click();
  });
  await tab.waitForSelector('#learn:enabled');
  await reads(tab, '#teach-message', '');
}

/** What was learned answers the same after it was saved and loaded in a fresh page, and in Node. */
async function checkSaved({ tab, browser, address }: OpenPage): Promise<void> {
  await learn(tab);
  await draw(tab, [HOOK], SHEET);
  await says(tab, '#taught-bars .best', /triangle/);
  const before = await bars(tab);
  const file = await saved(tab, '#save-taught');
  const again = await open(browser, `${address}#room=teach`);
  await again.tab.waitForSelector('#teach:not([inert])');
  await again.tab.setInputFiles('#load-taught', fileOf('taught.safetensors', file));
  await says(again.tab, '#teach-message', /knows circle, triangle/);
  await draw(again.tab, [HOOK], SHEET);
  await says(again.tab, '#taught-bars .best', /triangle/);
  assert.deepEqual(await bars(again.tab), before, 'the same answers');
  await again.close();
  const model = await loadModel(file);
  const other = await io.readOnnx(await saved(tab, '#save-onnx'));
  for (const one of [model, other]) assert.deepEqual(one.labels, ['circle', 'triangle']);
  const x = new Float32Array(28 * 28).fill(0.5);
  const [own, onnx] = [model, other].map((one) => one.predict(x).data);
  own.forEach((score, i) => {
    assert(Math.abs(score - onnx[i]) < 1e-3, 'both files give the same scores');
  });
}

/** A graph model of TF.js as its converter writes it, one layer deep, in files whose names a browser has numbered. */
function graphModel() {
  const graph = new GraphBuilder();
  const start = graph.input('x', [-1, 16, 16, 3]);
  const conv = graph.node('_FusedConv2D', [start, graph.weight([3, 3, 3, 6]), graph.weight([6])], {
    strides: [1, 2, 2, 1],
    dilations: [1, 1, 1, 1],
    padding: 'SAME',
    fused_ops: ['BiasAdd', 'Relu6'],
    num_args: 1,
  });
  const flat = graph.node('Reshape', [conv, graph.ints(-1, 384)]);
  const product = { transpose_a: false, transpose_b: false };
  const scores = graph.node('MatMul', [flat, graph.weight([384, 5])], product);
  const { weightData, weightSpecs, ...rest } = graph.artifacts(
    [start],
    [graph.node('Softmax', [scores])],
  );
  const weightsManifest = [{ paths: ['group1-shard1of1.bin'], weights: weightSpecs }];
  return [
    fileOf('model (1).json', JSON.stringify({ ...rest, weightsManifest })),
    fileOf('group1-shard1of1.bin', new Uint8Array(weightData as ArrayBuffer)),
  ];
}

/** Files that are no model leave the base as it is; models of other programs take its place, with all examples. */
async function checkBases({ tab }: OpenPage): Promise<void> {
  const base = await tab.textContent('#base-message');
  const refused: [ReturnType<typeof fileOf>, RegExp][] = [
    [fileOf('notes.onnx', 'no model'), /ONNX/],
    [fileOf('notes.txt', 'no model'), /notes\.txt|safetensors/],
    [fileOf('weights.bin', 'no model'), /choose its model\.json with it/],
    [fileOf('model.json', '{}'), /together with its \.bin files/],
  ];
  for (const [file, pattern] of refused) {
    await tab.setInputFiles('#base-files', file);
    await says(tab, '#teach-message.problem', pattern);
    assert.equal(await tab.textContent('#base-message'), base, 'the base before stays');
  }
  const model = zoo.squeezenet({ classes: 10 });
  const tfjs = Object.entries(await io.writeTfjs(model)).map(([name, bytes]) =>
    fileOf(name, bytes as Uint8Array),
  );
  const bases: [RegExp, ReturnType<typeof fileOf>[]][] = [
    [/^other\.onnx: reads 224 × 224 in colour/, [fileOf('other.onnx', await io.writeOnnx(model))]],
    [/^model\.json: reads 224 × 224 in colour/, tfjs],
    [/\(1\)\.json: reads 16 × 16 in colour/, graphModel()],
  ];
  for (const [reads, files] of bases) {
    await tab.setInputFiles('#base-files', files);
    await tab.waitForSelector('#learn:enabled');
    await says(tab, '#base-message', reads);
    await learn(tab);
    await draw(tab, [HOOK], SHEET);
    await says(tab, '#taught-bars .best', /triangle/);
  }
  model.dispose();
}

/** Runs in the page before its own scripts: keeps the tracks of the camera. Stands alone. */
function keepTracks(): void {
  const { mediaDevices } = navigator;
  const ask = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (wish) => {
    const stream = await ask(wish);
    Object.assign(globalThis, { tracks: stream.getTracks() });
    return stream;
  };
}

/** Pictures of the camera, one after another while the button is held; it answers as the camera sees. */
async function checkCamera(address: string): Promise<void> {
  const browser = await launchChromium([
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
  ]);
  try {
    const { tab, close } = await open(browser, `${address}#room=teach`, {}, (page) =>
      page.addInitScript(keepTracks),
    );
    await tab.waitForSelector('#start:enabled');
    await tab.waitForSelector('#teach:not([inert])');
    for (let count = 1; count <= 3; count++) await give(tab, 2, HOOK, count);
    await tab.click('#teach-camera');
    await tab.waitForSelector('#teach-camera[aria-pressed=true]');
    await tab.hover(`${card(1)} button:has-text("Add")`);
    await tab.mouse.down();
    await tab.waitForSelector(`${card(1)} .example:nth-child(4)`);
    await tab.mouse.up();
    await learn(tab);
    await says(tab, '#taught-bars .best', /circle/);
    await tab.click('#teach-clear');
    await draw(tab, [HOOK], SHEET);
    await says(tab, '#taught-bars .best', /triangle/);
    // What the browser says when the camera is unplugged.
    await tab.click('#teach-camera');
    await tab.waitForSelector('#teach-camera[aria-pressed=true]');
    await tab.evaluate(() => {
      const { tracks } = globalThis as unknown as { tracks: MediaStreamTrack[] };
      for (const track of tracks) track.dispatchEvent(new Event('ended'));
    });
    await says(tab, '#teach-message.problem', /camera was taken away/);
    await tab.waitForSelector('#teach-camera[aria-pressed=false]');
    await close();
  } finally {
    await browser.close();
  }
}

/** See the top of this file. */
export async function checkTeach(browser: Browser, address: string): Promise<void> {
  await init();
  const page = await open(browser, address);
  await page.tab.waitForSelector('#start:enabled');
  for (const check of [checkGaps, checkHaste, checkSaved, checkBases]) await check(page);
  // This browser asks nobody for a camera.
  await page.tab.click('#teach-camera');
  await says(page.tab, '#teach-message.problem', /camera/);
  await page.close();
  await checkCamera(address);
  say(
    'classes of one’s own: drawn, by camera and files, over ONNX and TF.js models, saved, loaded',
  );
}
