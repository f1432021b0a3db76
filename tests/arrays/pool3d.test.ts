// Pooling over signals, images and volumes: dilation, padding, rounding; maxima, means, norms.

import { test } from 'uvu';
import { input, type Layer, type Shape, ShapeError, ValueError } from '../../src/index.js';
import * as arrays from '../../src/operators/arrays/index.js';
import { at, checkLayer, type Nd, nd } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

await arrays.useArrays();

interface Options {
  readonly poolSize: readonly number[];
  readonly strides?: readonly number[];
  readonly padding?: readonly (readonly [number, number])[];
  readonly dilation?: readonly number[];
  readonly dimRoundingMode?: 'floor' | 'ceil';
  readonly countPadding?: boolean;
}

/** How many windows there are along an axis: those that begin in the padding after it do not count. */
function outputsOf(side: number, d: number, o: Options): number {
  const { poolSize, strides = poolSize, padding, dilation, dimRoundingMode = 'floor' } = o;
  const [before, after] = padding?.[d] ?? [0, 0];
  const extent = (poolSize[d] - 1) * (dilation?.[d] ?? 1) + 1;
  const count = Math[dimRoundingMode]((side + before + after - extent) / strides[d]) + 1;
  const beyond = dimRoundingMode === 'ceil' && (count - 1) * strides[d] >= side + before;
  return beyond ? count - 1 : count;
}

/** x pooled: `fold` gets the numbers of a window that are inside, and how many there are with padding. */
function pooled(x: Nd, o: Options, fold: (inside: number[], padded: number) => number): Nd {
  const [batch, ...rest] = x.shape;
  const channels = rest.pop() as number;
  const { poolSize, strides = poolSize, padding, dilation } = o;
  const outputs = rest.map((side, d) => outputsOf(side, d, o));
  return nd([batch, ...outputs, channels], ([n, ...place]) => {
    const channel = place.pop() as number;
    const inside: number[] = [];
    let padded = 0;
    nd(poolSize, (tap) => {
      const index = rest.map(
        (_, d) => place[d] * strides[d] + tap[d] * (dilation?.[d] ?? 1) - (padding?.[d][0] ?? 0),
      );
      if (index.every((i, d) => i < rest[d] + (padding?.[d][1] ?? 0))) padded++;
      if (index.every((i, d) => i >= 0 && i < rest[d])) inside.push(at(x, [n, ...index, channel]));
      return 0;
    });
    return fold(inside, padded);
  });
}

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);

const signals: readonly (readonly [Shape, Options])[] = [
  [[9, 3], { poolSize: [2] }],
  [[9, 3], { poolSize: [3], strides: [2], padding: [[1, 2]], dilation: [2] }],
  [[8, 5], { poolSize: [3], strides: [2], dimRoundingMode: 'ceil', padding: [[1, 0]] }],
];
const images: readonly (readonly [Shape, Options])[] = [
  [[5, 6, 3], { poolSize: [2, 2] }],
  [
    [5, 6, 2],
    {
      poolSize: [3, 2],
      strides: [1, 2],
      dilation: [2, 3],
      padding: [
        [1, 1],
        [0, 1],
      ],
    },
  ],
  [
    [4, 5, 5],
    {
      poolSize: [3, 3],
      strides: [2, 2],
      padding: [
        [1, 1],
        [1, 1],
      ],
      dimRoundingMode: 'ceil',
    },
  ],
];
const volumes: readonly (readonly [Shape, Options])[] = [
  [[4, 4, 5, 2], { poolSize: [2, 2, 2] }],
  [
    [4, 3, 5, 3],
    {
      ...{ poolSize: [3, 2, 2], strides: [1, 2, 2], dimRoundingMode: 'ceil' },
      padding: [
        [1, 2],
        [0, 1],
        [1, 0],
      ],
    },
  ],
];

type Make = (options: never) => Layer;

function each(
  layers: readonly (readonly [Make, typeof signals])[],
  more: object,
  fold: (inside: number[], padded: number) => number,
): void {
  for (const [make, cases] of layers)
    for (const [shape, options] of cases)
      checkLayer(`${make({} as never).type} ${shape} ${JSON.stringify({ ...options, ...more })}`, {
        layer: make({ ...options, ...more } as never),
        ...{ inputs: [shape], tolerance: 4e-6 },
        reference: ([x]) => pooled(x, options, fold),
      });
}

test('maxima', () => {
  const layers = [
    [arrays.dilatedMaxPool1d, signals],
    [arrays.dilatedMaxPool2d, images],
    [arrays.maxPool3d, volumes],
  ] as const;
  each(layers, {}, (inside) => Math.max(...inside));
});

const averages = [
  [arrays.paddedAvgPool1d, signals],
  [arrays.paddedAvgPool2d, images],
  [arrays.avgPool3d, volumes],
] as const;

test('means', () => {
  each(averages, {}, (inside) => sum(inside) / inside.length);
});

test('means with padding', () => {
  each(averages, { countPadding: true }, (inside, padded) => sum(inside) / padded);
});

for (const p of [1, 2, 3])
  test(`norms, p = ${p}`, () => {
    const layers = [
      [arrays.lpPool1d, signals],
      [arrays.dilatedLpPool2d, images],
      [arrays.lpPool3d, volumes],
    ] as const;
    each(layers, { p }, (inside) => sum(inside.map((v) => Math.abs(v) ** p)) ** (1 / p));
  });

test("padding 'same', one number for all axes, and defaults", () => {
  checkLayer('same', {
    layer: arrays.maxPool3d({ poolSize: 3, strides: 2, padding: 'same' }),
    inputs: [[4, 5, 6, 1]],
    reference: ([x]) =>
      pooled(
        x,
        {
          poolSize: [3, 3, 3],
          strides: [2, 2, 2],
          padding: [
            [0, 1],
            [1, 1],
            [0, 1],
          ],
        },
        (inside) => Math.max(...inside),
      ),
  });
  checkLayer('defaults', {
    ...{ layer: arrays.avgPool3d(), inputs: [[4, 4, 2, 1]] },
    reference: ([x]) => pooled(x, { poolSize: [2, 2, 2] }, (inside) => sum(inside) / inside.length),
  });
});

test('options that do not fit', async () => {
  const x = input([4, 4, 4, 2]);
  const bad: [() => unknown, typeof ShapeError | typeof ValueError, ...string[]][] = [
    [() => arrays.maxPool3d({ poolSize: [2, 2] }), ValueError, 'layers.maxPool3d', '3', 'depth'],
    [() => arrays.maxPool3d({ padding: [[1, 1]] as never }), ValueError, 'padding', 'depth'],
    [() => arrays.maxPool3d().apply(input([4, 4, 2])), ShapeError, 'maxPool3d', '4 dimensions'],
    [() => arrays.maxPool3d({ poolSize: 5 }).apply(x), ShapeError, 'maxPool3d', 'depth', 'larger'],
    [
      () => arrays.avgPool3d({ poolSize: 2, padding: 2 }).apply(x),
      ShapeError,
      'nothing but padding',
    ],
    [() => arrays.lpPool3d({ p: 0.5 }), ValueError, 'p must be'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test.run();
