// Checks what goes into the playground and out of it as files, and what the browser keeps.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { init, io, zoo } from 'wasmgrad';
import { draw, ONE, type OpenPage, open, probabilities, reads, say, says } from './page.js';

/** Saves a trained network; loaded in another page, it must give the same predictions. */
export async function checkFiles(page: OpenPage): Promise<void> {
  const { tab } = page;
  const expected = await probabilities(tab);
  await tab.click('#tab-files');
  const [download] = await Promise.all([
    tab.waitForEvent('download'),
    tab.click('#download-safetensors'),
  ]);
  const file = await download.path();
  await tab.click('#keep');
  await says(tab, '#files-message', /^Kept/);
  const again = await open(page.browser, page.address);
  await again.tab.waitForSelector('#start:enabled');
  const loaded = async (how: string) => {
    await again.tab.click('#tab-train');
    await again.tab.click('#clear');
    await draw(again.tab, ONE);
    await reads(again.tab, '#verdict', '1');
    assert.deepEqual(await probabilities(again.tab), expected, `the same predictions, ${how}`);
    await again.tab.click('#tab-files');
  };
  await again.tab.click('#tab-files');
  await again.tab.waitForSelector('#files:not([inert])');
  await again.tab.setInputFiles('#model-file', {
    name: 'm.safetensors',
    mimeType: '',
    buffer: readFileSync(file),
  });
  await says(again.tab, '#files-message', /“m.safetensors” was loaded: 8 layers/);
  await loaded('from a file');
  await otherKinds(again);
  await badFiles(again);
  await again.close();
  // Storage is of one context: the kept model is in the first page's.
  await tab.click('#kept');
  await says(tab, '#files-message', /The kept model was loaded/);
  await fullStorage(tab);
  say('saved, kept and loaded: the same predictions');
}

/** What is saved as ONNX, and what the library writes for TF.js, comes back and says the same. */
async function otherKinds({ tab }: OpenPage): Promise<void> {
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.click('#download-onnx')]);
  const bytes = readFileSync(await download.path());
  await init();
  const model = await io.readOnnx(bytes);
  assert.deepEqual(model.inputShape, [28, 28, 1]);
  const file = (name: string, buffer: Uint8Array) => ({
    name,
    mimeType: '',
    buffer: Buffer.from(buffer),
  });
  const tfjs = Object.entries(io.writeTfjs(model)).map(([name, part]) => file(name, part));
  model.dispose();
  const expected = await probabilities(tab);
  for (const [files, name] of [
    [[file('net.onnx', bytes)], 'net.onnx'],
    [tfjs, 'model.json'],
  ] as const) {
    await tab.click('#tab-train');
    await tab.click('#clear');
    await tab.click('#tab-files');
    await tab.setInputFiles('#model-file', files);
    await says(tab, '#files-message', new RegExp(`“${name}” was loaded`));
    await tab.click('#tab-train');
    await draw(tab, ONE);
    await reads(tab, '#verdict', '1');
    const found = await probabilities(tab);
    for (const [i, share] of found.entries())
      assert(Math.abs(share - expected[i]) < 1e-4, `${name}: ${found} for ${expected}`);
    await tab.click('#tab-files');
  }
}

async function badFiles({ tab }: OpenPage): Promise<void> {
  const give = (input: string, name: string, buffer: Buffer) =>
    tab.setInputFiles(input, { name, mimeType: 'application/octet-stream', buffer });
  await give('#model-file', 'notes.txt', Buffer.from('not a model'));
  await says(tab, '#files-message', /“notes.txt” was not loaded: it is no model that can be read/);
  await init();
  const other = zoo.lenet5({ inputShape: [32, 32, 3] });
  await give('#model-file', 'other.safetensors', Buffer.from(other.toBytes()));
  await says(tab, '#files-message', /reads images of 32 × 32 × 3 .* here are 28 × 28 × 1/);
  await give('#model-file', 'lonely.json', Buffer.from(io.writeTfjs(other)['model.json']));
  await says(tab, '#files-message', /“lonely.json” was not loaded: .*together with its .bin files/);
  await tab.click('#tab-train');
  await give('#image-file', 'broken.png', Buffer.from('no image'));
  await says(tab, '#draw-message', /“broken.png” is no image/);
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="40"><path d="M30 4v32" stroke="black" stroke-width="4"/></svg>';
  await tab.evaluate(async (source) => {
    const image = new Image();
    image.src = `data:image/svg+xml,${encodeURIComponent(source)}`;
    await image.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 40 });
    const context = canvas.getContext('2d');
    if (!context) throw new Error('a canvas has no context');
    context.fillStyle = 'white';
    context.fillRect(0, 0, 64, 40);
    context.drawImage(image, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    const files = new DataTransfer();
    files.items.add(new File([blob as Blob], 'line.png'));
    const input = document.querySelector('#image-file') as HTMLInputElement;
    input.files = files.files;
    input.dispatchEvent(new Event('change'));
  }, svg);
  await says(tab, '#draw-message', /“line.png” is 64 × 40 pixels, and the network reads 28 × 28/);
  say(
    'no model, a model of other images, no image, an image of another size: each is an error that the page shows',
  );
}

async function fullStorage(tab: Page): Promise<void> {
  const session = await tab.context().newCDPSession(tab);
  const { origin } = new URL(tab.url());
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1024 });
  await tab.click('#keep');
  await says(tab, '#files-message', /was not kept: the browser’s storage is full/);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
}
