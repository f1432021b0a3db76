// Transposing, slicing, expanding, padding, depth and space.

import { test } from 'uvu';
import { input, type Shape, ShapeError, ValueError } from '../../src/index.js';
import {
  depthToSpace,
  expand,
  pad,
  slice,
  spaceToDepth,
  transpose,
  useArrays,
} from '../../src/operators/arrays/index.js';
import { at, checkLayer, nd } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

await useArrays();

test('transpose: any order, more dimensions than the kernel takes', () => {
  for (const [shape, axes] of [
    [[5], [0]],
    [
      [3, 7],
      [1, 0],
    ],
    [
      [4, 5, 3],
      [2, 0, 1],
    ],
    [
      [4, 5, 3],
      [0, 2, 1],
    ],
    [
      [2, 3, 2, 3],
      [3, 2, 1, 0],
    ],
    [
      [2, 3, 2, 2, 3, 2, 2],
      [6, 5, 4, 3, 2, 1, 0],
    ],
    [
      [2, 2, 2, 2, 2, 2, 3, 2],
      [0, 2, 1, 4, 3, 6, 5, 7],
    ],
    [
      [3, 4, 25, 8, 9],
      [4, 3, 2, 1, 0],
    ],
    [
      [130, 131],
      [-1, 0],
    ],
  ] as [Shape, number[]][]) {
    const order = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
    checkLayer(`transpose ${shape} by ${axes}`, {
      ...{
        layer: transpose({ axes }),
        inputs: [shape],
        smooth: shape.reduce((a, b) => a * b) < 1000,
      },
      reference: ([x]) =>
        nd([x.shape[0], ...order.map((axis) => shape[axis])], ([n, ...index]) => {
          const place: number[] = [];
          order.forEach((axis, i) => {
            place[axis] = index[i];
          });
          return at(x, [n, ...place]);
        }),
    });
  }
});

/** Python's slice.indices. */
function indices(side: number, begin = 0, end = side, step = 1): number[] {
  const place = (i: number, low: number, high: number) =>
    Math.min(high, Math.max(low, i < 0 ? i + side : i));
  const all: number[] = [];
  if (step > 0) for (let i = place(begin, 0, side); i < place(end, 0, side); i += step) all.push(i);
  else
    for (let i = place(begin, -1, side - 1); i > place(end, -1, side - 1); i += step) all.push(i);
  return all;
}

test('slice: steps, backwards, from the end', () => {
  for (const [shape, begin, end, step] of [
    [[9], [2], [7], undefined],
    [[9], [1], [100], [3]],
    [[9], [-2], [-1000], [-1]],
    [[9], [100], [0], [-4]],
    [
      [5, 7],
      [1, 2],
      [-1, 6],
      [1, 1],
    ],
    [[5, 7], [3], [0], [-1]],
    [
      [5, 7, 3],
      [0, 6, 2],
      [5, 0, -10],
      [2, -2, -1],
    ],
    [[5, 7, 3], [0, 0, 0], [5, 7, 3], undefined],
    [[4, 6, 5], [1, 1, 1], [3, 5, 4], undefined],
  ] as [Shape, number[], number[], number[]?][]) {
    const kept = shape.map((side, i) => indices(side, begin[i], end[i], step?.[i] ?? 1));
    checkLayer(`slice ${shape}: ${begin} to ${end} by ${step}`, {
      ...{ layer: slice({ begin, end, step }), inputs: [shape] },
      reference: ([x]) =>
        nd([x.shape[0], ...kept.map(({ length }) => length)], ([n, ...index]) =>
          at(x, [n, ...index.map((i, d) => kept[d][i])]),
        ),
    });
  }
});

test('expand', () => {
  for (const [shape, to] of [
    [
      [3, 1],
      [3, 4],
    ],
    [[1], [5]],
    [[4], [2, 3, 4]],
    [
      [3, 1, 2],
      [1, 5, 1],
    ],
    [[3], [1, 3]],
  ] as [Shape, Shape][]) {
    const rank = Math.max(shape.length, to.length);
    const full = (own: Shape) => [...Array(rank - own.length).fill(1), ...own];
    const [a, b] = [full(shape), full(to)];
    checkLayer(`expand ${shape} to ${to}`, {
      ...{ layer: expand({ shape: to }), inputs: [shape] },
      reference: ([x]) =>
        nd([x.shape[0], ...a.map((side, i) => Math.max(side, b[i]))], ([n, ...index]) => {
          const own = index.slice(rank - shape.length);
          return at(x, [n, ...own.map((i, d) => (shape[d] === 1 ? 0 : i))]);
        }),
    });
  }
});

/** Where number j of the result is taken from; −1 for the constant. */
function bordered(j: number, side: number, [before, after]: [number, number], mode: string) {
  const i = j - before;
  if (mode === 'wrap') {
    // What is cut off is gone before the rest goes round, as PyTorch's circular padding and onnxruntime have it.
    const cut = Math.max(0, -before);
    const kept = side - cut - Math.max(0, -after);
    return cut + ((((i - cut) % kept) + kept) % kept);
  }
  if (i >= 0 && i < side) return i;
  if (mode === 'constant') return -1;
  if (mode === 'edge') return i < 0 ? 0 : side - 1;
  let at = i;
  while (at < 0 || at >= side) at = at < 0 ? -at : 2 * (side - 1) - at;
  return at;
}

for (const mode of ['constant', 'reflect', 'edge', 'wrap'] as const)
  test(`pad ${mode}: more, and less`, () => {
    for (const [shape, padding] of [
      [[6], [[2, 3]]],
      [[6], [[-1, 2]]],
      [[6], [[-2, -1]]],
      [
        [4, 5, 3],
        [
          [1, 2],
          [0, 3],
          [0, 0],
        ],
      ],
      [
        [4, 5, 3],
        [
          [0, -1],
          [2, -2],
          [1, 2],
        ],
      ],
      [
        [3, 2],
        [
          [5, 4],
          [1, 1],
        ],
      ],
    ] as [Shape, [number, number][]][])
      for (const value of mode === 'constant' ? [undefined, 1.5] : [undefined])
        checkLayer(`pad ${shape} by ${padding}`, {
          ...{ layer: pad({ padding, mode, value }), inputs: [shape] },
          reference: ([x]) =>
            nd(
              [x.shape[0], ...shape.map((side, d) => side + padding[d][0] + padding[d][1])],
              ([n, ...index]) => {
                const place = index.map((j, d) => bordered(j, shape[d], padding[d], mode));
                return place.includes(-1) ? (value ?? 0) : at(x, [n, ...place]);
              },
            ),
        });
  });

test('depthToSpace and spaceToDepth', () => {
  for (const [b, c] of [
    [1, 3],
    [2, 1],
    [2, 3],
    [3, 2],
  ]) {
    for (const mode of [undefined, 'dcr', 'crd'] as const)
      checkLayer(`depthToSpace ${mode}`, {
        ...{ layer: depthToSpace({ blockSize: b, mode }), inputs: [[2, 3, b * b * c]] },
        reference: ([x]) =>
          nd([x.shape[0], 2 * b, 3 * b, c], ([n, h, w, k]) => {
            const [i, j] = [h % b, w % b];
            const channel = mode === 'crd' ? (k * b + i) * b + j : (i * b + j) * c + k;
            return at(x, [n, Math.floor(h / b), Math.floor(w / b), channel]);
          }),
      });
    checkLayer('spaceToDepth', {
      ...{ layer: spaceToDepth({ blockSize: b }), inputs: [[2 * b, 3 * b, c]] },
      reference: ([x]) =>
        nd([x.shape[0], 2, 3, b * b * c], ([n, h, w, k]) => {
          const block = Math.floor(k / c);
          return at(x, [n, h * b + Math.floor(block / b), w * b + (block % b), k % c]);
        }),
    });
  }
});

test('shapes that do not fit', async () => {
  const x = input([4, 6, 3]);
  const bad: [() => unknown, typeof ShapeError | typeof ValueError, ...string[]][] = [
    [() => transpose({ axes: [0, 1] }).apply(x), ShapeError, 'transpose', 'axes [0, 1]', '3'],
    [() => transpose({ axes: [0, 1, 1] }).apply(x), ShapeError, 'transpose', 'different'],
    [() => transpose({ axes: 'hwc' as never }), ValueError, 'axes'],
    [() => slice({ begin: [3], end: [2] }).apply(x), ShapeError, 'slice', 'nothing', '[4, 6, 3]'],
    [() => slice({ begin: [0, 0, 0, 0], end: [1] }).apply(x), ShapeError, 'slice', 'more axes'],
    [() => slice({ begin: [0], end: [1], step: [0] }), ShapeError, 'step', '0'],
    [() => slice({ begin: [0.5], end: [1] }), ValueError, 'begin', 'whole numbers'],
    [() => expand({ shape: [5] }).apply(x), ShapeError, 'expand', '[5]'],
    [() => expand({ shape: 5 as never }), ShapeError, 'expand', '[5]'],
    [() => pad({ padding: [[1, 1]] }).apply(x), ShapeError, 'pad', 'not for 1'],
    [
      () =>
        pad({
          padding: [
            [-4, 0],
            [0, 0],
            [0, 0],
          ],
        }).apply(x),
      ShapeError,
      'nothing of 4',
    ],
    [() => pad({ padding: 3 as never }), ValueError, 'padding', '[before, after]'],
    [() => depthToSpace({ blockSize: 2 }).apply(x), ShapeError, 'depthToSpace', '3 channels'],
    [() => spaceToDepth({ blockSize: 4 }).apply(x), ShapeError, 'spaceToDepth', 'multiples', '4'],
  ];
  for (const [call, kind, ...parts] of bad) await rejects(call, kind, ...parts);
});

test.run();
