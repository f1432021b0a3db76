// Functions of two arrays, and of an array and a weight, with broadcasting, and their gradients; constants.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Shape, ShapeError, ValueError } from '../../src/index.js';
import {
  type CombineFn,
  combine,
  combineWeight,
  constant,
  useArrays,
} from '../../src/operators/arrays/index.js';
import { at, checkLayer, type Nd, nd } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

const functions: { readonly [F in CombineFn]: (a: number, b: number) => number } = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  power: (a, b) => a ** b,
  prelu: (a, b) => (a < 0 ? a * b : a),
  equal: (a, b) => Number(a === b),
  greater: (a, b) => Number(a > b),
  less: (a, b) => Number(a < b),
  notEqual: (a, b) => Number(a !== b),
  greaterEqual: (a, b) => Number(a >= b),
  lessEqual: (a, b) => Number(a <= b),
};

/** An array at an index of the shape that it is broadcast to. */
const broadcast = (x: Nd, index: readonly number[]): number =>
  at(
    x,
    index.slice(index.length - x.shape.length).map((i, d) => (x.shape[d] === 1 ? 0 : i)),
  );

/** A sample with dimensions of 1 after the batch. */
const deepened = (x: Nd, rank: number): Nd => ({
  shape: [x.shape[0], ...Array(rank - x.shape.length).fill(1), ...x.shape.slice(1)],
  data: x.data,
});

function combined(fn: CombineFn, a: Nd, b: Nd): Nd {
  const rank = Math.max(a.shape.length, b.shape.length);
  const shape = Array.from({ length: rank }, (_, i) =>
    Math.max(a.shape[i - rank + a.shape.length] ?? 1, b.shape[i - rank + b.shape.length] ?? 1),
  );
  return nd(shape, (index) => functions[fn](broadcast(a, index), broadcast(b, index)));
}

const shapes: readonly (readonly [Shape, Shape])[] = [
  [[7], [7]],
  [[4, 5], [5]],
  [[5], [4, 5]],
  [
    [3, 1, 5],
    [4, 1],
  ],
  [
    [3, 4, 1],
    [3, 4, 6],
  ],
  [[1], [2, 3]],
  [
    [2, 1, 3, 1, 2, 1],
    [1, 3, 1, 2, 1, 3],
  ],
  [
    [1, 2, 1, 2, 1, 2, 1, 2],
    [2, 1, 2, 1, 2, 1, 2, 1],
  ],
];

const positive = (count: number, i: number) =>
  numbers(count, i).map((v) => 0.6 + 0.5 * Math.abs(v));
const compares = (fn: CombineFn): boolean => /^(notE|e)qual|^greater|^less/.test(fn);

for (const fn of Object.keys(functions) as CombineFn[]) {
  test(`combine ${fn}, and a weight first and second`, () => {
    const draw =
      fn === 'power' || fn === 'divide'
        ? positive
        : compares(fn)
          ? (count: number, i: number) => numbers(count, i).map((v) => Math.round(2 * v))
          : undefined;
    for (const [a, b] of shapes) {
      const name = `${fn} ${a} and ${b}`;
      const rank = 1 + Math.max(a.length, b.length);
      const options = { draw, smooth: !compares(fn) };
      checkLayer(name, {
        ...{ layer: combine({ fn }), inputs: [a, b], ...options },
        reference: ([x, y]) => combined(fn, deepened(x, rank), deepened(y, rank)),
      });
      checkLayer(`${name}, a weight`, {
        ...{ layer: combineWeight({ fn, shape: b }), inputs: [a], ...options },
        reference: ([x], { value }) => combined(fn, deepened(x, rank), value),
      });
      checkLayer(`${name}, a weight first`, {
        ...{ layer: combineWeight({ fn, shape: b, first: true }), inputs: [a], ...options },
        reference: ([x], { value }) => combined(fn, value, deepened(x, rank)),
      });
    }
  });
}

test('more numbers than a task takes, in one row and in many', () => {
  for (const [a, b] of [
    [[20000], [20000]],
    [
      [3, 17000],
      [3, 1],
    ],
    [[5000, 7], [7]],
  ] as const)
    checkLayer(`subtract ${a} and ${b}`, {
      ...{ layer: combine({ fn: 'subtract' }), inputs: [a, b], batch: 1, smooth: false },
      reference: ([x, y]) => combined('subtract', x, deepened(y, x.shape.length)),
    });
});

test('equal numbers share the gradient of their maximum', () => {
  const layer = combine({ fn: 'maximum' });
  checkLayer('maximum', {
    ...{ layer, inputs: [[5], [5]], draw: (count) => numbers(count, 3) },
    reference: ([x, y]) =>
      nd(x.shape, (i) => (at(x, i) + at(y, i)) / 2 + Math.abs(at(x, i) - at(y, i)) / 2),
  });
});

test('constant: the weight, whatever comes in', () => {
  checkLayer('constant', {
    ...{ layer: constant({ shape: [3, 5] }), inputs: [[2]], batch: 4 },
    reference: ([x], { value }) => nd([x.shape[0], 3, 5], ([, i, j]) => at(value, [i, j])),
  });
});

test('shapes and functions that do not fit', async () => {
  const [a, b] = [input([3, 4]), input([2, 4])];
  await rejects(
    () => combine({ fn: 'add' }).apply([a, b]),
    ShapeError,
    'combine',
    '[3, 4]',
    '[2, 4]',
    'broadcast',
  );
  await rejects(() => combine({ fn: 'add' }).apply([a, a, a]), ShapeError, 'two inputs');
  await rejects(
    () => combine({ fn: 'plus' as never }),
    ValueError,
    'layers.combine',
    "'add'",
    'plus',
  );
  await rejects(
    () => combineWeight({ fn: 'add', shape: [0] }),
    ShapeError,
    'layers.combineWeight',
    'shape',
  );
  await rejects(() => combineWeight({ fn: 'add' } as never), Error, 'shape');
  await rejects(
    () => combineWeight({ fn: 'add', shape: [5] }).apply(a),
    ShapeError,
    'combineWeight',
    '[5]',
  );
  assert.equal(combine({ fn: 'add' }).apply([a, input([1])]).shape, [3, 4]);
});

test.run();
