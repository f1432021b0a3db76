// Ops at once over arrays of any rank that move numbers: other orders, parts, repetitions, borders, sizes, rows by their
// numbers; against their definitions in f64, and their gradients.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import { ops, Tensor } from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { checkOp } from '../helpers/eager.js';
import { at, type Nd, nd } from '../helpers/layers.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await ops.useArrays();

test('transpose, and back', () => {
  const cases: readonly (readonly [x: Shape, axes: Shape, order: Shape])[] = [
    [[], [], []],
    [[5], [-1], [0]],
    [
      [4, 7],
      [1, 0],
      [1, 0],
    ],
    [
      [2, 3, 5],
      [2, 0, 1],
      [2, 0, 1],
    ],
    [
      [2, 3, 5],
      [0, 1, 2],
      [0, 1, 2],
    ],
    [
      [3, 1, 2, 4],
      [-1, 0, -3, 2],
      [3, 0, 1, 2],
    ],
    [
      [2, 3, 2, 1, 2, 3],
      [5, 3, 1, 0, 4, 2],
      [5, 3, 1, 0, 4, 2],
    ],
  ];
  for (const [shape, axes, order] of cases) {
    checkOp(`transpose [${shape}] by [${axes}]`, {
      inputs: [shape],
      forward: (x) => ops.transpose(x, { axes }),
      backward: (dy) => [ops.transposeBackward(dy, { axes })],
      reference: (x) =>
        nd(
          order.map((axis) => shape[axis]),
          (index) =>
            at(
              x,
              shape.map((_, d) => index[order.indexOf(d)]),
            ),
        ),
    });
  }
});

/** Slices, and for each axis the places that are taken. */
const slices: readonly (readonly [x: Shape, options: ops.Slicing, places: number[][]])[] = [
  [[], { begin: [], end: [] }, []],
  [[5], { begin: [1], end: [-1] }, [[1, 2, 3]]],
  [[5], { begin: [0], end: [5] }, [[0, 1, 2, 3, 4]]],
  [[5], { begin: [-1], end: [-99], step: [-2] }, [[4, 2, 0]]],
  [
    [3, 7],
    { begin: [1], end: [9] },
    [
      [1, 2],
      [0, 1, 2, 3, 4, 5, 6],
    ],
  ],
  [
    [3, 7],
    { begin: [2, 5], end: [0, 0], step: [-1, -3] },
    [
      [2, 1],
      [5, 2],
    ],
  ],
  [
    [2, 3, 4, 2, 3, 2],
    { begin: [0, 1, 3, 0, 0, -1], end: [1, 3, 0, 2, 3, 2], step: [1, 1, -2, 1, 2] },
    [[0], [1, 2], [3, 1], [0, 1], [0, 2], [1]],
  ],
];

test('slice', () => {
  for (const [shape, options, places] of slices)
    checkOp(`slice [${shape}] ${JSON.stringify(options)}`, {
      inputs: [shape],
      forward: (x) => ops.slice(x, options),
      backward: (dy) => [ops.sliceBackward(dy, shape, options)],
      reference: (x) =>
        nd(
          places.map((own) => own.length),
          (index) =>
            at(
              x,
              index.map((i, d) => places[d][i]),
            ),
        ),
    });
});

test('expand', () => {
  const cases: readonly (readonly [x: Shape, to: Shape, result: Shape])[] = [
    [[], [], []],
    [[], [3], [3]],
    [[4], [1], [4]],
    [[4], [3, 1], [3, 4]],
    [
      [2, 1, 3],
      [2, 5, 1],
      [2, 5, 3],
    ],
    [[2, 1, 3], [4, 1, 2, 1], [4, 2, 2, 3].map((side, d) => (d === 2 ? 2 : side))],
    [
      [1, 2, 1, 3],
      [2, 3, 1, 1, 2, 1],
      [2, 3, 1, 2, 2, 3],
    ],
  ];
  for (const [shape, to, result] of cases)
    checkOp(`expand [${shape}] by [${to}]`, {
      inputs: [shape],
      forward: (x) => ops.expand(x, { shape: to }),
      backward: (dy) => [ops.expandBackward(dy, shape, { shape: to })],
      reference: (x) =>
        nd(result, (index) =>
          at(
            x,
            index.slice(index.length - shape.length).map((i, d) => (shape[d] === 1 ? 0 : i)),
          ),
        ),
    });
});

/** Where the number at place i of a padded axis of n comes from; undefined where it is a constant. */
const sources: Readonly<Record<NonNullable<ops.Borders['mode']>, Source>> = {
  constant: (i, n) => (i >= 0 && i < n ? i : undefined),
  edge: (i, n) => Math.min(n - 1, Math.max(0, i)),
  reflect(i, n) {
    const period = Math.max(1, 2 * (n - 1));
    const k = ((i % period) + period) % period;
    return k < n ? k : period - k;
  },
  wrap: (i, n) => ((i % n) + n) % n,
};
type Source = (i: number, n: number) => number | undefined;

test('pad', () => {
  const cases: readonly (readonly [x: Shape, padding: [number, number][]])[] = [
    [[], []],
    [[4], [[2, 1]]],
    [[4], [[0, 0]]],
    [
      [3, 5],
      [
        [0, 2],
        [4, 0],
      ],
    ],
    [
      [3, 5],
      [
        [0, 0],
        [-1, 3],
      ],
    ],
    [
      [2, 1, 3, 2, 1, 2],
      [
        [1, 0],
        [0, 0],
        [2, 1],
        [0, 1],
        [0, 0],
        [1, 1],
      ],
    ],
  ];
  for (const mode of Object.keys(sources) as (keyof typeof sources)[])
    for (const [shape, padding] of cases) {
      if (mode !== 'constant' && padding.some((sides) => Math.min(...sides) < 0)) continue;
      const options = { padding, mode, value: mode === 'constant' ? 2.5 : undefined };
      checkOp(`pad [${shape}] ${JSON.stringify(options)}`, {
        inputs: [shape],
        forward: (x) => ops.pad(x, options),
        backward: (dy) => [ops.padBackward(dy, shape, options)],
        reference: (x) =>
          nd(
            shape.map((side, d) => side + padding[d][0] + padding[d][1]),
            (index) => {
              const from = index.map((i, d) => sources[mode](i - padding[d][0], shape[d]));
              return from.includes(undefined) ? 2.5 : at(x, from as number[]);
            },
          ),
      });
    }
});

/** Linear between neighbours, by half pixels or by corners. */
function linear(x: Nd, axis: number, size: number, byCorners: boolean): Nd {
  const side = x.shape[axis];
  return nd(
    x.shape.map((own, d) => (d === axis ? size : own)),
    (index) => {
      const i = index[axis];
      const place = byCorners ? (i * (side - 1)) / (size - 1) : ((i + 0.5) * side) / size - 0.5;
      const inside = Math.min(side - 1, Math.max(0, place));
      const low = Math.min(side - 1, Math.floor(inside));
      const value = (k: number) =>
        at(
          x,
          index.map((j, d) => (d === axis ? k : j)),
        );
      const share = inside - low;
      return value(low) * (1 - share) + value(Math.min(side - 1, low + 1)) * share;
    },
  );
}

test('resize', () => {
  for (const coordinates of ['halfPixel', 'alignCorners'] as const)
    for (const [shape, axes, sizes] of [
      [[5], [0], [8]],
      [
        [2, 4, 3, 2],
        [1, -2],
        [7, 3],
      ],
      [
        [1, 6, 4, 3],
        [1, 2],
        [3, 5],
      ],
      [
        [2, 1, 3, 2, 3, 2],
        [2, 4],
        [4, 7],
      ],
    ] as const) {
      const options = { axes, sizes, mode: 'linear', coordinates } as const;
      checkOp(`resize [${shape}] ${JSON.stringify(options)}`, {
        inputs: [shape],
        forward: (x) => ops.resize(x, options),
        backward: (dy) => [ops.resizeBackward(dy, shape, options)],
        reference: (x) =>
          axes.reduce<Nd>(
            (from, axis, i) =>
              linear(
                from,
                axis < 0 ? axis + shape.length : axis,
                sizes[i],
                coordinates === 'alignCorners',
              ),
            x,
          ),
      });
    }
});

test('resize to the nearest, by scales, and to the size that it has', () => {
  const x = Tensor.from([
    [1, 2],
    [3, 4],
  ]);
  const twice = ops.resize(x, { axes: [0, 1], scales: [1, 2] });
  assert.equal(twice.toArray(), [
    [1, 1, 2, 2],
    [3, 3, 4, 4],
  ]);
  const same = ops.resize(x, { axes: [0], sizes: [2] });
  assert.equal(same.toArray(), x.toArray());
  const dy = Tensor.from([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]);
  const dx = ops.resizeBackward(dy, [2, 2], { axes: [0, 1], scales: [1, 2] });
  assert.equal(dx.toArray(), [
    [3, 7],
    [11, 15],
  ]);
  const back = ops.resizeBackward(x, [2, 2], { axes: [0], sizes: [2] });
  assert.equal(back.toArray(), x.toArray());
  free(x, twice, same, dy, dx, back);
});

test('gather, by int32 and by whole floats; its gradient adds up', () => {
  const cases: readonly (readonly [x: Shape, axis: number, own: number, indices: Shape])[] = [
    [[1], 0, 0, [1]],
    [[6], -1, 0, [9]],
    [[4, 5], 0, 0, [3]],
    [[4, 5], 1, 1, [2, 3]],
    [[3, 7, 2], 1, 1, []],
    [[2, 3, 1, 4, 2, 3], -3, 3, [2, 2]],
  ];
  for (const [shape, axis, own, chosen] of cases) {
    const drawn = numbers(sizeOf(chosen), 3).map((v) => Math.floor(((v + 1) / 2) * shape[own]));
    const which: Nd = { shape: chosen, data: Float64Array.from(drawn) };
    for (const data of [drawn, Int32Array.from(drawn)]) {
      const indices = Tensor.from(data, chosen);
      checkOp(`gather of [${shape}] along ${axis} by [${chosen}]`, {
        inputs: [shape],
        forward: (x) => ops.gather(x, indices, { axis }),
        backward: (dy) => [ops.gatherBackward(dy, indices, shape, { axis })],
        reference: (x) =>
          nd([...shape.slice(0, own), ...chosen, ...shape.slice(own + 1)], (index) => {
            const row = at(which, index.slice(own, own + chosen.length));
            return at(x, [...index.slice(0, own), row, ...index.slice(own + chosen.length)]);
          }),
      });
      indices.dispose();
    }
  }
});

test('numbers that are moved stay as they are', () => {
  const x = Tensor.from([Number.NaN, -0, Number.POSITIVE_INFINITY, 1e-42]);
  const indices = Tensor.from(Int32Array.of(3, 2, 1, 0));
  const reversed = ops.gather(x, indices, { axis: 0 });
  const again = ops.slice(reversed, { begin: [-1], end: [-9], step: [-1] });
  const wide = ops.expand(again, { shape: [2, 4] });
  const high = ops.transpose(wide, { axes: [1, 0] });
  const padded = ops.pad(high, {
    padding: [
      [0, 0],
      [0, 1],
    ],
    value: 7,
  });
  const expected = [...x.data].map((v) => [v, v, 7]);
  (padded.toArray() as number[][]).forEach((row, i) => {
    row.forEach((v, j) => {
      assert.ok(Object.is(v, expected[i][j]), `${v} at ${i}, ${j}`);
    });
  });
  free(x, indices, reversed, again, wide, high, padded);
});

test.run();
