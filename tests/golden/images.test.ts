// Affine resampling and resizing against PyTorch: images.json, which images.py makes.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import { type ImageShape, warp } from '../../src/data/warp.js';
import { centreCrop, resize } from '../../src/image/resize.js';
import { close } from '../helpers/close.js';
import { numbers } from '../helpers/random.js';

interface Case {
  shape: ImageShape;
  seed: number;
  output: string;
}

interface Golden {
  warps: (Case & { map: number[]; fill: number | 'edge' })[];
  resizes: (Case & { size: [number, number] })[];
}

const golden = JSON.parse(readFileSync(new URL('images.json', import.meta.url), 'utf8')) as Golden;

const unpacked = (output: string) =>
  new Float32Array(Uint8Array.from(Buffer.from(output, 'base64')).buffer);

const made = ([height, width, channels]: ImageShape, seed: number) =>
  numbers(height * width * channels, seed);

test('affine resampling is grid_sample, without align_corners', () => {
  for (const { shape, seed, map, fill, output } of golden.warps) {
    const [yy, yx, y0, xy, xx, x0] = map;
    const image = made(shape, seed);
    const to = new Float32Array(image.length);
    warp(to, image, shape, { yy, yx, y0, xy, xx, x0 }, fill);
    close(to, unpacked(output), { atol: 3e-7 }, `${shape}, fill ${fill}`);
  }
});

test('resizing is interpolate, bilinear with antialias, to the nearest byte', () => {
  for (const { shape, seed, size, output } of golden.resizes) {
    const [height, width, channels] = shape;
    const data = Uint8Array.from(made(shape, seed), (v) => (v + 1) * 128);
    const to = new Uint8Array(size[0] * size[1] * channels);
    const image = { data, height, width, channels };
    resize(to, image, size, centreCrop(image, [height, width]));
    close(to, unpacked(output), { atol: 0.5 + 1e-4 }, `${shape} to ${size}`);
  }
});

test.run();
