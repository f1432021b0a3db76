// Convolution of volumes, and transposed convolution of signals, images and volumes, each against sums over taps.

import { test } from 'uvu';
import { input, type Layer, type Shape, ShapeError, ValueError } from '../../src/index.js';
import {
  conv1dTranspose,
  conv3d,
  conv3dTranspose,
  groupedConv2dTranspose,
  useArrays,
} from '../../src/operators/arrays/index.js';
import { at, checkLayer, type Nd, nd } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

await useArrays();

interface Options {
  readonly filters: number;
  readonly kernelSize: readonly number[];
  readonly strides?: readonly number[];
  readonly padding?: readonly (readonly [number, number])[];
  readonly dilation?: readonly number[];
  readonly outputPadding?: readonly number[];
  readonly groups?: number;
  readonly useBias?: boolean;
  readonly activation?: 'tanh';
}

/** Where tap k of window o lies on axis d. */
const placeOf = (
  { strides, dilation, padding }: Options,
  o: number,
  k: number,
  d: number,
): number => o * (strides?.[d] ?? 1) + k * (dilation?.[d] ?? 1) - (padding?.[d][0] ?? 0);

/** The size that an axis has on the other side. */
function sideOf(o: Options, side: number, d: number, transposed: boolean): number {
  const [before, after] = o.padding?.[d] ?? [0, 0];
  const extent = (o.kernelSize[d] - 1) * (o.dilation?.[d] ?? 1) + 1;
  const stride = o.strides?.[d] ?? 1;
  if (!transposed) return Math.floor((side + before + after - extent) / stride) + 1;
  const more = o.outputPadding?.[d] ?? Math.max(0, stride - extent);
  return (side - 1) * stride + extent + more - before - after;
}

function finished(y: Nd, bias: Nd | undefined, { activation, filters }: Options): Nd {
  const data = y.data.map((v, i) => {
    const z = v + (bias ? bias.data[i % filters] : 0);
    return activation ? Math.tanh(z) : z;
  });
  return { shape: y.shape, data };
}

function convolved(x: Nd, kernel: Nd, bias: Nd | undefined, o: Options): Nd {
  const [batch, ...image] = x.shape;
  const channels = image.pop() as number;
  const { filters, groups = 1, kernelSize } = o;
  const [size, per] = [channels / groups, filters / groups];
  const outputs = image.map((side, d) => sideOf(o, side, d, false));
  const y = nd([batch, ...outputs, filters], ([n, ...place]) => {
    const f = place.pop() as number;
    let sum = 0;
    nd([...kernelSize, size], (tap) => {
      const index = image.map((_, d) => placeOf(o, place[d], tap[d], d));
      if (!index.every((i, d) => i >= 0 && i < image[d])) return 0;
      const c = tap[image.length];
      const own = Math.floor(f / per) * size + c;
      sum += at(x, [n, ...index, own]) * at(kernel, [...tap.slice(0, -1), c, f]);
      return 0;
    });
    return sum;
  });
  return finished(y, bias, o);
}

function transposed(x: Nd, kernel: Nd, bias: Nd | undefined, o: Options): Nd {
  const [batch, ...sides] = x.shape;
  const channels = sides.pop() as number;
  const { filters, groups = 1, kernelSize } = o;
  const [size, per] = [channels / groups, filters / groups];
  const image = sides.map((side, d) => sideOf(o, side, d, true));
  const shape = [batch, ...image, filters];
  const y = nd(shape, () => 0);
  nd([batch, ...sides, channels, ...kernelSize, per], (all) => {
    const place = all.slice(0, 2 + sides.length);
    const tap = all.slice(2 + sides.length);
    const index = image.map((_, d) => placeOf(o, place[d + 1], tap[d], d));
    if (!index.every((i, d) => i >= 0 && i < image[d])) return 0;
    const c = place[sides.length + 1];
    const f = Math.floor(c / size) * per + tap[sides.length];
    const flat = [place[0], ...index, f].reduce((sum, i, d) => sum * shape[d] + i, 0);
    y.data[flat] += at(x, place) * at(kernel, [...tap, c]);
    return 0;
  });
  return finished(y, bias, o);
}

const volumes: readonly (readonly [Shape, Options])[] = [
  [[3, 4, 3, 2], { filters: 3, kernelSize: [2, 2, 2] }],
  [[4, 3, 4, 2], { filters: 2, kernelSize: [1, 2, 3], strides: [2, 1, 2], useBias: false }],
  [
    [4, 3, 3, 4],
    {
      ...{ filters: 4, kernelSize: [3, 2, 1], strides: [2, 1, 1], groups: 2 },
      padding: [
        [1, 2],
        [0, 1],
        [0, 0],
      ],
    },
  ],
  [
    [5, 3, 4, 2],
    {
      ...{ filters: 2, kernelSize: [2, 2, 2], dilation: [3, 2, 1], groups: 2, activation: 'tanh' },
      padding: [
        [2, 0],
        [1, 1],
        [0, 1],
      ],
    },
  ],
];

test('conv3d', () => {
  for (const [shape, options] of volumes)
    checkLayer(`conv3d ${shape} ${JSON.stringify(options)}`, {
      ...{ layer: conv3d(options as never), inputs: [shape], batch: 2, tolerance: 4e-6 },
      reference: ([x], { kernel, bias }) => convolved(x, kernel, bias, options),
    });
});

const cases: readonly (readonly [string, (options: never) => Layer, Shape, Options])[] = [
  ['conv1dTranspose', conv1dTranspose, [5, 3], { filters: 2, kernelSize: [3] }],
  [
    'conv1dTranspose',
    conv1dTranspose,
    [4, 4],
    {
      ...{ filters: 2, kernelSize: [3], strides: [3], dilation: [2], groups: 2 },
      ...{ padding: [[2, 1]], outputPadding: [2] },
    },
  ],
  ['conv1dTranspose', conv1dTranspose, [4, 3], { filters: 2, kernelSize: [2], strides: [4] }],
  [
    'groupedConv2dTranspose',
    groupedConv2dTranspose,
    [3, 4, 4],
    {
      ...{ filters: 6, kernelSize: [3, 2], strides: [2, 1], groups: 2 },
      ...{
        padding: [
          [1, 0],
          [0, 1],
        ],
        outputPadding: [1, 0],
      },
    },
  ],
  [
    'groupedConv2dTranspose',
    groupedConv2dTranspose,
    [3, 3, 4],
    { filters: 4, kernelSize: [3, 3], strides: [2, 2], groups: 4, activation: 'tanh' },
  ],
  ['conv3dTranspose', conv3dTranspose, [2, 3, 2, 3], { filters: 2, kernelSize: [2, 2, 3] }],
  [
    'conv3dTranspose',
    conv3dTranspose,
    [3, 2, 2, 4],
    {
      ...{ filters: 4, kernelSize: [3, 1, 2], strides: [2, 2, 1], dilation: [2, 1, 2], groups: 2 },
      ...{
        padding: [
          [2, 1],
          [0, 0],
          [0, 1],
        ],
        outputPadding: [1, 0, 1],
      },
    },
  ],
];

for (const [type, make, shape, options] of cases)
  test(`${type} ${JSON.stringify(options)}`, () => {
    checkLayer(type, {
      ...{ layer: make(options as never), inputs: [shape], batch: 2, tolerance: 4e-6 },
      reference: ([x], { kernel, bias }) => transposed(x, kernel, bias, options),
    });
  });

test("padding 'same'", () => {
  checkLayer('conv3d', {
    layer: conv3d({ filters: 2, kernelSize: 3, padding: 'same', strides: 2 }),
    ...{ inputs: [[3, 4, 3, 1]], tolerance: 4e-6 },
    reference: ([x], { kernel, bias }) =>
      convolved(x, kernel, bias, {
        ...{ filters: 2, kernelSize: [3, 3, 3], strides: [2, 2, 2] },
        padding: [
          [1, 1],
          [0, 1],
          [1, 1],
        ],
      }),
  });
  checkLayer('conv1dTranspose', {
    layer: conv1dTranspose({ filters: 2, kernelSize: 4, padding: 'same', strides: 2 }),
    ...{ inputs: [[3, 2]], tolerance: 4e-6 },
    reference: ([x], { kernel, bias }) =>
      transposed(x, kernel, bias, {
        ...{ filters: 2, kernelSize: [4], strides: [2], padding: [[1, 1]] },
      }),
  });
});

test('options that do not fit', async () => {
  const x = input([4, 4, 4, 2]);
  const bad: [() => unknown, typeof ShapeError | typeof ValueError, ...string[]][] = [
    [() => conv3d({ filters: 2 } as never), ValueError, 'layers.conv3d', 'kernelSize'],
    [() => conv3d({ filters: 2, kernelSize: 5 }).apply(x), ShapeError, 'conv3d', 'depth', 'larger'],
    [
      () => conv3d({ filters: 3, kernelSize: 1, groups: 2 }).apply(x),
      ValueError,
      'groups 2',
      '3 filters',
    ],
    [
      () => conv3d({ filters: 2, kernelSize: 1 }).apply(input([4, 4, 2])),
      ShapeError,
      '4 dimensions',
    ],
    [
      () => conv3dTranspose({ filters: 2, kernelSize: 1, outputPadding: 1 }).apply(x),
      ...([ValueError, 'outputPadding 1', 'stride'] as const),
    ],
    [
      () => conv3dTranspose({ filters: 2, kernelSize: 1, padding: 2 }).apply(x),
      ...([ShapeError, 'padding [2, 2]', 'depth 4'] as const),
    ],
    [
      () => conv1dTranspose({ filters: 2, kernelSize: 1, activation: 'no' as never }),
      ValueError,
      'no',
    ],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test.run();
