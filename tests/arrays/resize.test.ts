// Resizing: every way of ONNX's Resize against a reference that follows its text, one output at a time.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { input, type Shape, ShapeError, ValueError } from '../../src/index.js';
import { type ResizeOptions, resize, useArrays } from '../../src/operators/arrays/index.js';
import { dot } from '../helpers/gradcheck.js';
import { at, checkLayer, type Nd, nd, runLayer } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

type Options = Omit<ResizeOptions, 'axes'>;

/** Where on the input output o lies. */
function placeOf(
  o: number,
  n: number,
  m: number,
  given: number | undefined,
  options: Options,
  roi: number[],
) {
  const scale = given ?? m / n;
  const length = scale * n;
  switch (options.coordinates ?? 'halfPixel') {
    case 'halfPixel':
      return (o + 0.5) / scale - 0.5;
    case 'halfPixelSymmetric':
      return (n / 2) * (1 - m / length) + (o + 0.5) / scale - 0.5;
    case 'pytorchHalfPixel':
      return length > 1 ? (o + 0.5) / scale - 0.5 : -0.5;
    case 'alignCorners':
      return length === 1 ? 0 : (o * (n - 1)) / (length - 1);
    case 'asymmetric':
      return o / scale;
    case 'tfHalfPixelForNn':
      return (o + 0.5) / scale;
    default:
      return length > 1
        ? roi[0] * (n - 1) + (o * (roi[1] - roi[0]) * (n - 1)) / (length - 1)
        : 0.5 * (roi[0] + roi[1]) * (n - 1);
  }
}

/** The kernels as functions of the distance. */
function shareAt(distance: number, { mode, cubicCoefficient: a = -0.75 }: Options): number {
  const d = Math.abs(distance);
  if (mode === 'linear') return Math.max(0, 1 - d);
  if (d < 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * d ** 3 - 5 * a * d ** 2 + 8 * a * d - 4 * a : 0;
}

/** What output o is made of: [index, share], the index clipped to the input; undefined outside of a crop. */
function tapsOf(
  x: number,
  n: number,
  scale: number,
  options: Options,
): [number, number][] | undefined {
  if (options.coordinates === 'tfCropAndResize' && (x < 0 || x > n - 1)) return undefined;
  const clip = (i: number) => Math.min(n - 1, Math.max(0, i));
  const { mode = 'nearest', nearest = 'roundPreferFloor' } = options;
  if (mode === 'nearest') {
    const rounded = { roundPreferFloor: Math.ceil(x - 0.5), roundPreferCeil: Math.floor(x + 0.5) };
    const all = { ...rounded, floor: Math.floor(x), ceil: Math.ceil(x) };
    return [[clip(all[nearest]), 1]];
  }
  const shrink = options.antialias ? Math.min(1, scale) : 1;
  const reach = (mode === 'linear' ? 1 : 2) / shrink;
  const taps: [number, number][] = [];
  for (let i = Math.ceil(x - reach - 2); i <= x + reach + 2; i++) {
    const share = shareAt((i - x) * shrink, { ...options, mode });
    const outside = i < 0 || i > n - 1;
    if (share !== 0 && !(outside && options.excludeOutside)) taps.push([i, share]);
  }
  const total =
    options.antialias || options.excludeOutside ? taps.reduce((s, [, w]) => s + w, 0) : 1;
  return taps.map(([i, share]) => [clip(i), share / total]);
}

/** One axis. */
function resized(
  x: Nd,
  axis: number,
  m: number,
  scale: number | undefined,
  options: Options,
  roi: number[],
): Nd {
  const n = x.shape[axis];
  const shape = x.shape.map((side, d) => (d === axis ? m : side));
  return nd(shape, (index) => {
    const place = placeOf(index[axis], n, m, scale, options, roi);
    const taps = tapsOf(place, n, scale ?? m / n, options);
    if (!taps) return options.extrapolation ?? 0;
    return taps.reduce((sum, [i, share]) => {
      const from = index.map((v, d) => (d === axis ? i : v));
      return sum + share * at(x, from);
    }, 0);
  });
}

function check(shape: Shape, axes: number[], options: Options, smooth = true): void {
  const { sizes, scales, roi = [] } = options;
  checkLayer(JSON.stringify([shape, axes, options]), {
    layer: resize({ ...options, axes }),
    inputs: [shape],
    ...{ batch: 1, smooth },
    reference: ([x]) =>
      axes.reduce((y, axis, i) => {
        const scale = scales && Math.fround(scales[i]);
        const m = sizes?.[i] ?? Math.floor(shape[axis] * (scales as number[])[i]);
        return resized(y, axis + 1, m, scale, options, [roi[i], roi[axes.length + i]]);
      }, x),
  });
}

const coordinates = [
  undefined,
  'halfPixelSymmetric',
  'pytorchHalfPixel',
  'alignCorners',
  'asymmetric',
  'tfHalfPixelForNn',
] as const;
const ways: Options[] = [
  ...(['roundPreferFloor', 'roundPreferCeil', 'floor', 'ceil'] as const).map((nearest) => ({
    mode: 'nearest' as const,
    nearest,
  })),
  { mode: 'linear' },
  { mode: 'linear', excludeOutside: true },
  { mode: 'linear', antialias: true },
  { mode: 'cubic' },
  { mode: 'cubic', cubicCoefficient: -0.5, excludeOutside: true },
  { mode: 'cubic', antialias: true },
  { mode: 'cubic', antialias: true, excludeOutside: true },
];

for (const way of ways)
  test(`resize ${JSON.stringify(way)}`, () => {
    for (const places of coordinates) {
      const options = { ...way, coordinates: places };
      for (const m of [1, 2, 5, 14]) check([5, 2], [0], { ...options, sizes: [m] });
      // The scale is not quite that of the sizes.
      for (const scale of [0.6, 0.4, 2.3]) check([7], [0], { ...options, scales: [scale] });
      check([3, 5, 2], [0, 1], { ...options, sizes: [4, 2] });
    }
  });

test('crops, and what is outside of them', () => {
  for (const mode of ['nearest', 'linear', 'cubic'] as const)
    for (const roi of [
      [0.25, 0.125, 0.8125, 0.9375],
      [-0.3125, 0.5, 0.625, 1.375],
    ])
      for (const sizes of [
        [4, 3],
        [6, 5],
        [1, 8],
      ]) {
        const options = {
          mode,
          roi,
          sizes,
          extrapolation: 10,
          coordinates: 'tfCropAndResize',
        } as const;
        check([6, 5, 2], [0, 1], options);
      }
});

test('many channels, in columns of several tasks: backward is the transposed map', () => {
  for (const [shape, axes, options] of [
    [[3, 1500], [0], { mode: 'linear', sizes: [4] }],
    [[3, 4, 600], [0, 1], { mode: 'nearest', sizes: [6, 7] }],
    [[5, 2, 2100], [0], { mode: 'cubic', sizes: [3], antialias: true }],
  ] as [Shape, number[], Options][]) {
    check(shape, axes, options, false);
    const layer = resize({ ...options, axes });
    layer.apply(input([...shape]));
    const data = numbers(2 * sizeOf(shape), 3);
    const dy = (count: number) => numbers(count, 4);
    const { y, dxs } = runLayer(layer, [{ shape: [2, ...shape], data }], {}, dy, 'resize');
    const [there, back] = [dot(y, dy(y.length)), dot(data, dxs[0] as Float32Array)];
    assert.ok(Math.abs(there - back) < 1e-3, `${there} and ${back}`);
  }
});

test('volumes, and sizes that stay', () => {
  check([2, 3, 2, 2], [0, 1, 2], { mode: 'linear', sizes: [3, 2, 3] });
  assert.equal(resize({ axes: [0], scales: [1] }).apply(input([3, 2])).shape, [3, 2]);
});

test('options that do not fit', async () => {
  const x = input([4, 6, 3]);
  const bad: [() => unknown, typeof ShapeError | typeof ValueError, ...string[]][] = [
    [() => resize({ axes: [0] }), ValueError, 'layers.resize', 'sizes or scales'],
    [() => resize({ axes: [0], sizes: [2], scales: [2] }), ValueError, 'either'],
    [() => resize({ axes: [0, 1], sizes: [2] }), ValueError, 'each of the axes [0, 1]', '[2]'],
    [
      () => resize({ axes: [0], sizes: [2], mode: 'bilinear' as never }),
      ValueError,
      "'linear'",
      'bilinear',
    ],
    [
      () => resize({ axes: [0], sizes: [2], coordinates: 'tfCropAndResize' }),
      ValueError,
      'roi',
      '2 numbers',
    ],
    [() => resize({ axes: [3], sizes: [2] }).apply(x), ShapeError, 'resize', '[4, 6, 3]'],
    [() => resize({ axes: [0], scales: [0.2] }).apply(x), ShapeError, 'nothing of axis 0', '0.2'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test.run();
