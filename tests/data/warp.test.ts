// What augmentation does to pixels, against naive resampling in f64: exact where pixels are copied.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Augmentation, type AugmentOptions, augment } from '../../src/data/augment.js';
import { augmentBatch } from '../../src/data/batch.js';
import { drawTransform, type Transform } from '../../src/data/draw.js';
import { normalize } from '../../src/data/normalize.js';
import { type ImageShape, warp } from '../../src/data/warp.js';
import { close } from '../helpers/close.js';
import { sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { warped } from '../helpers/reference/image.js';

const sizeOf = ([height, width, channels]: ImageShape) => height * width * channels;
const fills = [0, -0.5, 'edge'] as const;

/** What of a transform moves pixels. */
type Affine = Parameters<typeof warp>[3];

function ours(image: Float32Array, shape: ImageShape, map: Affine, fill: number | 'edge') {
  const to = new Float32Array(image.length).fill(Number.NaN);
  warp(to, image, shape, map, fill);
  return to;
}

const naive = (image: ArrayLike<number>, shape: ImageShape, map: Affine, fill: number | 'edge') =>
  warped(
    image,
    shape,
    (row, column) => [
      map.yy * row + map.yx * column + map.y0,
      map.xy * row + map.xx * column + map.x0,
    ],
    fill,
  );

test('shifts and flips copy pixels, exactly', () => {
  for (const shape of [
    [1, 1, 1],
    [3, 4, 1],
    [4, 3, 2],
    [2, 5, 3],
    [5, 2, 4],
  ] as ImageShape[]) {
    const [height, width] = shape;
    const image = numbers(sizeOf(shape), 1);
    for (const fill of fills) {
      for (const [yy, xx] of [
        [1, 1],
        [1, -1],
        [-1, 1],
        [-1, -1],
      ]) {
        for (let dy = -height - 1; dy <= height + 1; dy++) {
          for (let dx = -width - 1; dx <= width + 1; dx++) {
            const y0 = yy > 0 ? dy : height - 1 + dy;
            const x0 = xx > 0 ? dx : width - 1 + dx;
            const map = { yy, yx: 0, y0, xy: 0, xx, x0 };
            const expected = Float32Array.from(naive(image, shape, map, fill));
            assert.equal(ours(image, shape, map, fill), expected, `${shape} ${fill} ${yy} ${xx}`);
          }
        }
      }
    }
  }
});

test('any affine map interpolates between four pixels', () => {
  for (const shape of [
    [1, 1, 1],
    [1, 6, 2],
    [7, 1, 1],
    [5, 5, 1],
    [6, 9, 3],
  ] as ImageShape[]) {
    const [height, width] = shape;
    for (let seed = 1; seed <= 8; seed++) {
      const image = numbers(sizeOf(shape), seed);
      const [yy, yx, xy, xx, dy, dx] = numbers(6, 50 + seed).map((v) => 1.5 * v);
      const y0 = (0.5 + dy / 2) * (height - 1) - (yy * (height - 1) + yx * (width - 1)) / 2;
      const x0 = (0.5 + dx / 2) * (width - 1) - (xy * (height - 1) + xx * (width - 1)) / 2;
      const map = { yy, yx, y0, xy, xx, x0 };
      for (const fill of fills) {
        close(ours(image, shape, map, fill), naive(image, shape, map, fill), { atol: 2e-7 });
      }
    }
  }
});

test('halfway between pixels is their mean, halfway out of the image the mean with the fill', () => {
  const image = Float32Array.of(1, 3, 5);
  const half = { yy: 1, yx: 0, y0: 0, xy: 0, xx: 1, x0: 0.5 };
  assert.equal([...ours(image, [1, 3, 1], half, 0)], [2, 4, 2.5]);
  assert.equal([...ours(image, [1, 3, 1], half, 7)], [2, 4, 6]);
  assert.equal([...ours(image, [1, 3, 1], half, 'edge')], [2, 4, 5]);
});

/** The description's steps after each other, in f64. */
function reference(
  images: ArrayLike<number>,
  shape: ImageShape,
  { fill, cutout, mixup }: Augmentation,
  drawn: (sample: number) => Transform,
  sample: number,
): Float64Array {
  const [height, width, channels] = shape;
  const size = sizeOf(shape);
  const plain = (which: number) => {
    const t = drawn(which);
    const from = Array.prototype.slice.call(images, which * size, (which + 1) * size);
    const moved = naive(from, shape, t, fill);
    const mean = moved.reduce((sum, v) => sum + v, 0) / size;
    return moved.map((v, i) => {
      const row = Math.floor(i / channels / width) - t.cutTop;
      const column = (Math.floor(i / channels) % width) - t.cutLeft;
      const isCut = row >= 0 && row < cutout[0] && column >= 0 && column < cutout[1];
      if (isCut) return fill === 'edge' ? 0 : fill;
      return mean + (v - mean) * t.contrast + t.brightness;
    });
  };
  const own = plain(sample);
  if (mixup === 0) return own;
  const { lambda, partner } = drawn(sample);
  const other = plain(partner);
  assert.is(height * width * channels, own.length);
  return own.map((v, i) => lambda * v + (1 - lambda) * other[i]);
}

const everything: AugmentOptions = {
  flip: 'both',
  rotate: 30,
  scale: [0.8, 1.25],
  shift: [1, 2],
  crop: { padding: 1 },
  contrast: 0.5,
  brightness: 0.25,
  cutout: [2, 3],
  mixup: 0.4,
  seed: 12,
};

const each: AugmentOptions[] = [
  {},
  { flip: 'horizontal' },
  { flip: 'vertical' },
  { rotate: 180 },
  { scale: [0.5, 2] },
  { shift: 3 },
  { crop: { padding: [2, 1] }, fill: 'edge' },
  { shift: 1, fill: -1 },
  { contrast: 1 },
  { brightness: 2 },
  { cutout: 3 },
  { cutout: [1, 9], fill: 0.5 },
  { cutout: 2, fill: 'edge' },
  { mixup: 1 },
  everything,
  { ...everything, fill: 'edge', seed: 2 ** 40 },
];

test('a batch: each option, and all of them', () => {
  const shape: ImageShape = [6, 5, 2];
  const count = 9;
  const images = numbers(count * sizeOf(shape), 3);
  const indices = [8, 0, 3, 3, 5];
  for (const options of each) {
    const augmentation = augment(options);
    for (const epoch of [0, 7]) {
      const to = new Float32Array(indices.length * sizeOf(shape)).fill(Number.NaN);
      augmentBatch(to, images, shape, augmentation, { epoch, indices });
      const drawn = (sample: number) =>
        drawTransform(augmentation, shape, { epoch, sample, count });
      const expected = indices.flatMap((sample) => [
        ...reference(images, shape, augmentation, drawn, sample),
      ]);
      close(to, expected, { atol: 2e-6 }, JSON.stringify(options));
    }
  }
});

test('without options, the images as they are', () => {
  const images = numbers(24, 1);
  const to = new Float32Array(24);
  augmentBatch(to, images, [2, 2, 3], augment({}), { epoch: 3, indices: [1, 0] });
  sameBits(to, Float32Array.of(...images.subarray(12), ...images.subarray(0, 12)), 'reordered');
  const bytes = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
  augmentBatch(to, bytes, [2, 2, 3], augment({}), { epoch: 3, indices: [0, 1] });
  sameBits(to, Float32Array.from(bytes), 'bytes');
});

test('bytes normalized on the way give the bits of images normalized before', () => {
  const shape: ImageShape = [5, 4, 3];
  const bytes = Uint8Array.from({ length: 7 * 60 }, (_, i) => (i * 37) % 256);
  const how = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] };
  const request = { epoch: 1, indices: [6, 5, 4, 3, 2, 1, 0] };
  for (const normalization of [how, { mean: 0.5 }]) {
    const [late, early] = [new Float32Array(bytes.length), new Float32Array(bytes.length)];
    const first = augment({ ...everything, normalize: normalization });
    augmentBatch(late, bytes, shape, first, request);
    const floats = normalize(bytes, normalization);
    augmentBatch(early, floats, shape, augment(everything), request);
    sameBits(late, early, 'normalized');
    const ofFloats = augment({ ...everything, normalize: { ...normalization, scale: 1 / 255 } });
    augmentBatch(late, Float32Array.from(bytes), shape, ofFloats, request);
    sameBits(late, early, 'from floats');
  }
});

test('a sample looks the same whatever batch it comes in', () => {
  const shape: ImageShape = [8, 8, 1];
  const count = 20;
  const images = numbers(count * 64, 5);
  const augmentation = augment(everything);
  const make = (indices: number[], epoch = 4) => {
    const to = new Float32Array(indices.length * 64);
    augmentBatch(to, images, shape, augmentation, { epoch, indices });
    return to;
  };
  const order = Array.from({ length: count }, (_, i) => (i * 7) % count);
  const whole = make(order);
  for (const batch of [1, 3, 8]) {
    for (let first = 0; first < count; first += batch) {
      const part = make(order.slice(first, first + batch));
      sameBits(part, whole.slice(first * 64, first * 64 + part.length), `batch ${batch}`);
    }
  }
  assert.not.equal([...make(order, 5)], [...whole], 'another epoch');
});

test.run();
