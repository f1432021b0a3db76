// Pictures in Node and in pages, whose browsers decode them: the same pixels, upright, from files and canvases. That Node's
// are right, proves tests/io/images.test.ts.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError, io, layers, Sequential, type Tensor, ValueError } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** 16 × 8 pixels, of which the left half is red and the right one blue, by sharp. */
const webp = bytesOf('UklGRigAAABXRUJQVlA4TBwAAAAvD8ABAA9wFJmDId/Dd/5DC2LBZP7SnSlE9D90');
/** The same as a JPEG that is to be turned by a quarter: red comes to the top. */
const turned = bytesOf(
  '/9j/4QAiRXhpZgAASUkqAAgAAAABABIBAwABAAAABgAAAAAAAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBw' +
    'YIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQU' +
    'FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIABADAREAAhEBAxEB/8QAFQABAQ' +
    'AAAAAAAAAAAAAAAAAABAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFgEBAQEAAAAAAAAAAAAAAAAACQcI/8QAFBEB' +
    'AAAAAAAAAAAAAAAAAAAAAP/aAAwDAQACEQMRAD8AiSVNsEEYGO//2Q==',
);
const [RED, BLUE] = [
  [200, 40, 30],
  [40, 90, 220],
];

/** A pixel of an image. */
const at = ({ shape: [, width, channels], data }: Tensor, row: number, column: number) =>
  Array.from(data.subarray((row * width + column) * channels).slice(0, channels));

/** Bytes from a seed. */
const noise = (count: number) => Uint8Array.from(numbers(count, 1), (v) => 127.5 + 127.5 * v);

test('PNG: the bytes that were written', async () => {
  for (const channels of [1, 3]) {
    const data = noise(5 * 4 * channels);
    const file = io.writePng({ data, width: 5, height: 4 });
    for (const source of [file, new Blob([file])]) {
      const read = await io.readImage(source, { channels: channels as 1 | 3 });
      assert.equal([read.shape, [...read.data]], [[4, 5, channels], [...data]]);
      read.dispose();
    }
  }
});

test('WebP and JPEG, turned as the camera noted', async () => {
  const flat = await io.readImage(webp);
  assert.equal([flat.shape, at(flat, 7, 0), at(flat, 0, 15)], [[8, 16, 3], RED, BLUE]);
  const upright = await io.readImage(turned);
  assert.equal(upright.shape, [16, 8, 3]);
  close(at(upright, 1, 7), RED, { atol: 3 });
  close(at(upright, 14, 0), BLUE, { atol: 3 });
  for (const one of [flat, upright]) one.dispose();
});

test('BMP, of 24 bits', async () => {
  const file = new Uint8Array(54 + 8);
  const view = new DataView(file.buffer);
  view.setUint16(0, 0x4d42, true);
  [62, 0, 54, 40, 2, 1, 1 + (24 << 16)].forEach((value, i) => {
    view.setUint32(2 + 4 * i, value, true);
  });
  file.set([...RED].reverse(), 54);
  file.set([...BLUE].reverse(), 57);
  const read = await io.readImage(file);
  assert.equal(
    [read.shape, [...read.data]],
    [
      [1, 2, 3],
      [...RED, ...BLUE],
    ],
  );
  read.dispose();
});

test('what pages draw: canvases, bitmaps, images', async () => {
  // Node has none of them.
  if (typeof document === 'undefined') return;
  const data = Uint8ClampedArray.from(noise(4 * 12), (v, i) => (i % 4 === 3 ? 255 : v));
  const pixels = new ImageData(data, 4, 3);
  const canvas = Object.assign(document.createElement('canvas'), { width: 4, height: 3 });
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  const image = new Image();
  await rejects(() => io.readImage(image), ValueError, 'io.readImage', 'decode()');
  image.src = canvas.toDataURL();
  await image.decode();
  const offscreen = new OffscreenCanvas(4, 3);
  offscreen.getContext('2d')?.putImageData(pixels, 0, 0);
  const sources = [pixels, canvas, image, offscreen, await createImageBitmap(pixels)];
  const rgb = data.filter((_, i) => i % 4 < 3);
  for (const [i, source] of [
    ...sources,
    canvas.toDataURL(),
    new URL(canvas.toDataURL()),
  ].entries()) {
    const read = await io.readImage(source);
    assert.equal([read.shape, [...read.data]], [[3, 4, 3], [...rgb]], `source ${i}`);
    read.dispose();
  }
});

test('a model classifies files, and says what is none', async () => {
  const model = new Sequential([layers.flatten(), layers.dense({ units: 3 })], {
    inputShape: [4, 8, 3],
    seed: 1,
  });
  model.preprocessing = { resize: [4, 8] };
  const flat = await io.readImage(webp, { resize: [4, 8] });
  model.preprocessing = { resize: [4, 8], scale: 1 };
  assert.equal(await model.classify(webp), await model.classify(flat));
  // WebKit shows what there is of an image that is cut off later.
  await rejects(() => model.classify(webp.subarray(0, 24)), FormatError, 'sequential.classify');
  await rejects(() => io.readImage(new TextEncoder().encode('<html>')), FormatError, 'HTML');
  flat.dispose();
  model.dispose();
});

test.run();
