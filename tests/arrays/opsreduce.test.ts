// Ops at once over arrays of any rank: reductions, running sums, and where extremes are; against f64, and their gradients.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Shape } from '../../src/base/shape.js';
import { ops, Tensor } from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { checkOp } from '../helpers/eager.js';
import { at, nd } from '../helpers/layers.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await ops.useArrays();

const { NaN: none, POSITIVE_INFINITY: endless } = Number;

const reductions: Readonly<Record<ops.ReduceFn, (all: readonly number[]) => number>> = {
  sum: (all) => all.reduce((sum, v) => sum + v, 0),
  mean: (all) => all.reduce((sum, v) => sum + v, 0) / all.length,
  max: (all) => Math.max(...all),
  min: (all) => Math.min(...all),
  prod: (all) => all.reduce((product, v) => product * v, 1),
  l1: (all) => all.reduce((sum, v) => sum + Math.abs(v), 0),
  l2: (all) => Math.sqrt(all.reduce((sum, v) => sum + v * v, 0)),
  sumSquare: (all) => all.reduce((sum, v) => sum + v * v, 0),
  logSumExp: (all) => Math.log(all.reduce((sum, v) => sum + Math.exp(v), 0)),
};

/** Shapes, axes as they are given, and as they count from 0. */
const reduced: readonly (readonly [x: Shape, axes: number[] | undefined, own: number[]])[] = [
  [[], undefined, []],
  [[], [], []],
  [[6], undefined, [0]],
  [[4, 5], [0], [0]],
  [[4, 5], [-1], [1]],
  [
    [2, 3, 4],
    [2, 0],
    [0, 2],
  ],
  [[2, 3, 4], [], []],
  [[3, 1, 2, 5], [1], [1]],
  [
    [2, 3, 1, 2, 2, 3],
    [-1, 1, 3],
    [1, 3, 5],
  ],
];

for (const fn of Object.keys(reductions) as ops.ReduceFn[]) {
  test(`${fn} over axes`, () => {
    for (const [x, axes, own] of reduced) {
      for (const keepDims of [false, true]) {
        const options = { fn, axes, keepDims };
        const kept = x.map((side, i) => (own.includes(i) ? 1 : side));
        const result = keepDims ? kept : x.filter((_, i) => !own.includes(i));
        const parts = nd(
          x.map((side, i) => (own.includes(i) ? side : 1)),
          () => 0,
        );
        checkOp(`${JSON.stringify(options)} of [${x}]`, {
          inputs: [x],
          forward: (given) => ops.reduce(given, options),
          backward: (dy, given) => [ops.reduceBackward(dy, given, options)],
          reference: (given) => ({
            shape: result,
            data: nd(kept, (index) => {
              const numbersOf: number[] = [];
              nd(parts.shape, (other) => {
                numbersOf.push(
                  at(
                    given,
                    index.map((i, d) => i + other[d]),
                  ),
                );
                return 0;
              });
              return reductions[fn](numbersOf);
            }).data,
          }),
          // None near 0, where |x| has a corner.
          draw: (count, input, seed) =>
            numbers(count, seed + input).map((v) => v + (v < 0 ? -0.1 : 0.1)),
        });
      }
    }
  });
}

test('reductions of what is no usual number; ties', () => {
  const x = Tensor.from([
    [1, none, 2],
    [endless, 1, 1],
    [0, 3, 0],
    [5, 5, 1],
    [0, 3, 2],
  ]);
  const result = (fn: ops.ReduceFn) => {
    const y = ops.reduce(x, { fn, axes: [1] });
    const all = [...y.data];
    y.dispose();
    return all;
  };
  assert.equal(result('sum'), [none, endless, 3, 11, 5]);
  assert.equal(result('max'), [none, endless, 3, 5, 3]);
  assert.equal(result('prod'), [none, endless, 0, 25, 0]);
  assert.equal(result('logSumExp').slice(0, 1), [none]);
  const dy = Tensor.from([1, 1, 6, 6, 6]);
  const gradient = (fn: ops.ReduceFn) => {
    const dx = ops.reduceBackward(dy, x, { fn, axes: [1] });
    const rows = (dx.toArray() as number[][]).slice(2);
    dx.dispose();
    return rows;
  };
  assert.equal(gradient('max'), [
    [0, 6, 0],
    [3, 3, 0],
    [0, 6, 0],
  ]);
  assert.equal(gradient('prod'), [
    [0, 0, 0],
    [30, 30, 150],
    [36, 0, 0],
  ]);
  free(x, dy);
});

test('running sums', () => {
  const cases: readonly (readonly [x: Shape, axis: number, own: number])[] = [
    [[1], 0, 0],
    [[9], -1, 0],
    [[4, 5], 0, 0],
    [[3, 17, 5], 1, 1],
    [[2, 1, 3, 2, 2, 3], -3, 3],
  ];
  for (const [shape, axis, own] of cases)
    for (const how of [0, 1, 2, 3]) {
      const [exclusive, reverse] = [how % 2 === 1, how > 1];
      const options = { axis, exclusive, reverse };
      checkOp(`cumSum ${JSON.stringify(options)} of [${shape}]`, {
        inputs: [shape],
        forward: (x) => ops.cumSum(x, options),
        backward: (dy) => [ops.cumSumBackward(dy, options)],
        reference: (x) =>
          nd(shape, (index) => {
            let sum = 0;
            for (let k = 0; k < shape[own]; k++) {
              const isBefore = reverse ? k > index[own] : k < index[own];
              if (!isBefore && (exclusive || k !== index[own])) continue;
              sum += at(
                x,
                index.map((i, d) => (d === own ? k : i)),
              );
            }
            return sum;
          }),
      });
    }
});

test('where the largest and the least are', () => {
  const x = Tensor.from([
    [
      [1, 5],
      [5, 2],
    ],
    [
      [-1, none],
      [7, none],
    ],
    [
      [0, -0],
      [0, 0],
    ],
  ]);
  const found = (y: Tensor) => {
    const result = [y.toArray(), y.dtype];
    y.dispose();
    return result;
  };
  const int32 = 'int32';
  assert.equal(found(ops.argMax(x)), [
    [
      [1, 0],
      [1, 1],
      [0, 0],
    ],
    int32,
  ]);
  assert.equal(found(ops.argMax(x, { axis: 1 })), [
    [
      [1, 0],
      [1, 0],
      [0, 0],
    ],
    int32,
  ]);
  assert.equal(found(ops.argMax(x, { axis: -2, last: true })), [
    [
      [1, 0],
      [1, 1],
      [1, 1],
    ],
    int32,
  ]);
  assert.equal(found(ops.argMin(x, { axis: 0 })), [
    [
      [1, 1],
      [2, 1],
    ],
    int32,
  ]);
  assert.equal(found(ops.argMin(x, { axis: 2, last: true })), [
    [
      [0, 1],
      [1, 1],
      [1, 1],
    ],
    int32,
  ]);
  const kept = ops.argMin(x, { axis: 1, keepDims: true });
  assert.equal([...kept.shape], [3, 1, 2]);
  free(x, kept);
  // Rows that are longer than a vector, and far from each other.
  const long = Tensor.from(numbers(3 * 1001 * 2, 4), [3, 1001, 2]);
  const most = ops.argMax(long, { axis: 1 });
  close(
    most.data,
    nd([3, 2], ([i, j]) => {
      const column = Array.from({ length: 1001 }, (_, k) => long.data[(i * 1001 + k) * 2 + j]);
      return column.indexOf(Math.max(...column));
    }).data,
    {},
  );
  free(long, most);
});

test.run();
