// Ops at once over arrays of any rank: functions of one array and of two, and choices; against f64, and their gradients.

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

const { NaN: none, POSITIVE_INFINITY: endless } = Number;

/** Ranks 0 to 6, sides around the vectors' four. */
const shapes: readonly Shape[] = [
  [],
  [1],
  [7],
  [4, 5],
  [2, 3, 4],
  [3, 1, 2, 5],
  [2, 1, 3, 2, 2],
  [1, 2, 2, 3, 1, 2],
];

const positive = (count: number, input: number, seed: number) =>
  numbers(count, 5 * seed + input).map((v) => 0.6 + 0.5 * Math.abs(v));

const mapped: readonly (readonly [ops.Mapping, (x: number) => number])[] = [
  [{ fn: 'exp' }, Math.exp],
  [{ fn: 'log' }, Math.log],
  [{ fn: 'sqrt' }, Math.sqrt],
  [{ fn: 'negate' }, (x) => -x],
  [{ fn: 'cos' }, Math.cos],
  [{ fn: 'power', alpha: 2.5 }, (x) => x ** 2.5],
  [{ fn: 'affine', alpha: 2, beta: -3 }, (x) => 2 * x - 3],
  [{ fn: 'clip', beta: 0.8 }, (x) => Math.min(x, 0.8)],
  [{ fn: 'clip', alpha: 0.8, beta: endless }, (x) => Math.max(x, 0.8)],
  [{ fn: 'thresholdedRelu', alpha: 0.5 }, (x) => x],
];

test('functions of single numbers', () => {
  for (const [options, f] of mapped)
    for (const shape of shapes)
      checkOp(`${JSON.stringify(options)} of [${shape}]`, {
        inputs: [shape],
        forward: (x) => ops.map(x, options),
        backward: (dy, x) => [ops.mapBackward(dy, x, options)],
        reference: (x) => ({ shape, data: x.data.map(f) }),
        draw: positive,
      });
});

/** The number of an array at an index of the shape that it is broadcast to. */
const broadcast = (x: Nd, index: readonly number[]): number =>
  at(
    x,
    index.slice(index.length - x.shape.length).map((i, d) => (x.shape[d] === 1 ? 0 : i)),
  );

const paired: readonly (readonly [a: Shape, b: Shape, both: Shape])[] = [
  [[], [], []],
  [[3], [], [3]],
  [[], [2, 3], [2, 3]],
  [[5], [4, 5], [4, 5]],
  [
    [3, 1, 5],
    [4, 1],
    [3, 4, 5],
  ],
  [[1, 1], [7], [1, 7]],
  [
    [2, 1, 3, 1, 2, 1],
    [1, 3, 1, 2, 1, 3],
    [2, 3, 3, 2, 2, 3],
  ],
];

const pairs: readonly (readonly [ops.CombineFunction, (a: number, b: number) => number])[] = [
  ['add', (a, b) => a + b],
  ['subtract', (a, b) => a - b],
  ['multiply', (a, b) => a * b],
  ['divide', (a, b) => a / b],
  ['maximum', Math.max],
  ['minimum', Math.min],
  ['power', (a, b) => a ** b],
  ['prelu', (a, b) => (a < 0 ? a * b : a)],
  ['equal', (a, b) => Number(a === b)],
  ['greater', (a, b) => Number(a > b)],
  ['less', (a, b) => Number(a < b)],
];

for (const [fn, f] of pairs) {
  test(`${fn} of two arrays, with broadcasting`, () => {
    for (const [a, b, both] of paired)
      checkOp(`${fn} of [${a}] and [${b}]`, {
        inputs: [a, b],
        forward: (xa, xb) => ops.combine(xa, xb, { fn }),
        backward(dy, xa, xb) {
          const { da, db } = ops.combineBackward(dy, xa, xb, { fn });
          return [da, db];
        },
        reference: (xa, xb) => nd(both, (index) => f(broadcast(xa, index), broadcast(xb, index))),
        draw: fn === 'prelu' ? undefined : positive,
      });
  });
}

test('equal numbers share the gradient of their maximum; comparing has none', () => {
  const [a, b] = [Tensor.from([1, 2, none]), Tensor.from([1, 3, 1])];
  const dy = Tensor.from([4, 4, 4]);
  for (const [fn, ofA, ofB] of [
    ['maximum', [2, 0], [2, 4]],
    ['minimum', [2, 4], [2, 0]],
    ['equal', [0, 0], [0, 0]],
  ] as const) {
    const { da, db } = ops.combineBackward(dy, a, b, { fn });
    assert.equal([[...da.data].slice(0, 2), [...db.data].slice(0, 2)], [ofA, ofB], fn);
    free(da, db);
  }
  const y = ops.combine(a, b, { fn: 'maximum' });
  assert.equal([...y.data], [1, 3, none]);
  free(a, b, dy, y);
});

test('one tensor as both operands', () => {
  const x = Tensor.from([1, -2, 3]);
  const dy = Tensor.from([1, 1, 2]);
  const y = ops.combine(x, x, { fn: 'multiply' });
  const { da, db } = ops.combineBackward(dy, x, x, { fn: 'multiply' });
  assert.equal([...y.data], [1, 4, 9]);
  assert.equal(
    [[...da.data], [...db.data]],
    [
      [1, -2, 6],
      [1, -2, 6],
    ],
  );
  free(x, dy, y, da, db);
});

test('select takes a where the condition is not 0, else b', () => {
  const triples: readonly (readonly [c: Shape, a: Shape, b: Shape, all: Shape])[] = [
    [[], [], [], []],
    [[5], [5], [], [5]],
    [[3, 1], [4], [2, 1, 1], [2, 3, 4]],
    [[2, 3, 4], [1], [3, 1], [2, 3, 4]],
    [[1, 2, 1, 2, 1, 3], [2, 1, 3, 1, 2, 1], [1], [2, 2, 3, 2, 2, 3]],
  ];
  for (const [c, a, b, all] of triples) {
    const condition = Tensor.from(
      numbers(sizeOf(c), 9).map((v) => (v < 0 ? 0 : v)),
      c,
    );
    const exact: Nd = { shape: c, data: Float64Array.from(condition.data) };
    checkOp(`select of [${c}], [${a}], [${b}]`, {
      inputs: [a, b],
      forward: (xa, xb) => ops.select(condition, xa, xb),
      backward(dy, xa, xb) {
        const { da, db } = ops.selectBackward(dy, condition, xa, xb);
        return [da, db];
      },
      reference: (xa, xb) =>
        nd(all, (index) => broadcast(broadcast(exact, index) === 0 ? xb : xa, index)),
    });
    condition.dispose();
  }
  // What is not chosen does not matter, whatever it is.
  const condition = Tensor.from([0, 1, none, -0]);
  const [a, b] = [Tensor.from([none, 2, 3, none]), Tensor.from([5, none, none, endless])];
  const y = ops.select(condition, a, b);
  assert.equal([...y.data], [5, 2, 3, endless]);
  free(condition, a, b, y);
});

test.run();
