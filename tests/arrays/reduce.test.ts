// Reductions over any axes, and where extremes are.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Shape, ShapeError, ValueError } from '../../src/index.js';
import {
  argMax,
  argMin,
  type ReduceFn,
  reduce,
  useArrays,
} from '../../src/operators/arrays/index.js';
import { at, checkLayer, type Nd, nd, runLayer } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
const functions: { readonly [F in ReduceFn]: (all: readonly number[]) => number } = {
  sum,
  mean: (all) => sum(all) / all.length,
  max: (all) => Math.max(...all),
  min: (all) => Math.min(...all),
  prod: (all) => all.reduce((a, b) => a * b, 1),
  l1: (all) => sum(all.map(Math.abs)),
  l2: (all) => Math.sqrt(sum(all.map((v) => v * v))),
  sumSquare: (all) => sum(all.map((v) => v * v)),
  logSumExp: (all) => Math.log(sum(all.map(Math.exp))),
};

/** The numbers of x along some axes of a sample, folded. */
function reduced(
  x: Nd,
  axes: readonly number[],
  keepDims: boolean,
  fold: (all: number[]) => number,
): Nd {
  const own = axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis + 1));
  const kept = x.shape.map((side, d) => (own.includes(d) ? 1 : side));
  const whole = nd(kept, (index) => {
    const inside: Shape = own.map((d) => x.shape[d]);
    const along = nd(inside, (offsets) => {
      const place = [...index];
      own.forEach((d, k) => {
        place[d] = offsets[k];
      });
      return at(x, place);
    });
    return fold([...along.data]);
  });
  return { data: whole.data, shape: keepDims ? kept : kept.filter((_, d) => !own.includes(d)) };
}

const cases: readonly (readonly [Shape, readonly number[]])[] = [
  [[7], [0]],
  [[3, 5], [0]],
  [[3, 5], [1]],
  [
    [4, 3, 18],
    [0, 1],
  ],
  [
    [4, 3, 18],
    [0, 2],
  ],
  [
    [2, 3, 2, 3, 2],
    [0, 2, 4],
  ],
  [
    [2, 3, 2, 3],
    [1, 3],
  ],
  [
    [1, 4, 1],
    [0, 2],
  ],
  [[33], [-1]],
  [[2, 50], [1]],
];

for (const fn of Object.keys(functions) as ReduceFn[]) {
  test(`reduce ${fn}`, () => {
    for (const [shape, axes] of cases)
      for (const keepDims of [false, true])
        checkLayer(`${fn} of ${shape} over ${axes}`, {
          ...{ layer: reduce({ fn, axes, keepDims }), inputs: [shape] },
          // Numbers of which no two are near each other, and none is near 0.
          draw: (count, i) => numbers(count, i).map((v, k) => 0.7 * v + 0.2 + 0.3 * Math.sin(k)),
          reference: ([x]) => reduced(x, axes, keepDims, functions[fn]),
        });
  });
}

test('all axes by default', () => {
  checkLayer('mean', {
    ...{ layer: reduce({ fn: 'mean' }), inputs: [[3, 4, 2]] },
    reference: ([x]) => reduced(x, [0, 1, 2], false, functions.mean),
  });
});

test('long sums round little, and equal ones share the gradient', () => {
  const count = 70000;
  const data = numbers(count, 1).map((v) => v + 1);
  const layer = reduce({ fn: 'mean' });
  layer.apply(input([count]));
  const { y } = runLayer(
    layer,
    [{ shape: [1, count], data }],
    {},
    (n) => new Float32Array(n),
    'mean',
  );
  const expected = sum([...data]) / count;
  assert.ok(Math.abs(y[0] / expected - 1) < 3e-7, `${y[0]}, not ${expected}`);
  const most = reduce({ fn: 'max', axes: [0] });
  most.apply(input([5]));
  const given = { shape: [1, 5], data: Float32Array.of(2, 1, 2, 2, 0) };
  const { dxs } = runLayer(most, [given], {}, (n) => new Float32Array(n).fill(3), 'max');
  assert.equal([...(dxs[0] as Float32Array)], [1, 0, 1, 1, 0]);
});

test('the gradient of a product that has zeros is the product of the others', () => {
  const layer = reduce({ fn: 'prod', axes: [0] });
  layer.apply(input([3]));
  const data = Float32Array.of(0, 2, 3, 0, 0, 5, 1, 2, 3);
  const run = { shape: [3, 3], data };
  const { dxs } = runLayer(
    layer,
    [run],
    {},
    (n) => Float32Array.of(1, 1, 2).subarray(0, n),
    'prod',
  );
  assert.equal([...(dxs[0] as Float32Array)], [6, 0, 0, 0, 0, 0, 12, 6, 4]);
});

test('large numbers in logSumExp, and NaN in extremes', () => {
  const run = (fn: ReduceFn, data: number[]): number => {
    const layer = reduce({ fn });
    layer.apply(input([data.length]));
    const given = { shape: [1, data.length], data: Float32Array.from(data) };
    return runLayer(layer, [given], {}, (n) => new Float32Array(n), fn).y[0];
  };
  assert.ok(Math.abs(run('logSumExp', [1000, 1000, -1000]) - (1000 + Math.log(2))) < 1e-3);
  for (const fn of ['max', 'min'] as const) assert.ok(Number.isNaN(run(fn, [1, Number.NaN, 2])));
});

for (const [name, make, isBetter] of [
  ['argMax', argMax, (a: number, b: number) => a > b],
  ['argMin', argMin, (a: number, b: number) => a < b],
] as const)
  test(name, () => {
    for (const [shape, axis] of [
      [[7], 0],
      [[5, 3], 0],
      [[5, 3], 1],
      [[2, 4, 19], 1],
      [[2, 4, 19], -1],
    ] as [Shape, number][])
      for (const last of [false, true])
        checkLayer(`${name} of ${shape} along ${axis}`, {
          layer: make({ axis, last, keepDims: axis === 0 }),
          inputs: [shape],
          // With many that are equal.
          draw: (count, i) => numbers(count, i).map((v) => Math.round(2 * v)),
          reference: ([x]) =>
            reduced(x, [axis], axis === 0, (all) =>
              all.reduce((best, v, i) => {
                const better = isBetter(v, all[best]) || (last && v === all[best]);
                return better ? i : best;
              }, 0),
            ),
          smooth: false,
        });
  });

test('axes that there are not', async () => {
  const x = input([3, 4]);
  for (const axes of [[2], [0, 0], [-3], [1, -1]])
    await rejects(
      () => reduce({ fn: 'sum', axes }).apply(x),
      ShapeError,
      'reduce',
      'axes',
      '[3, 4]',
    );
  await rejects(() => reduce({ fn: 'sum', axes: 1 as never }), ValueError, 'axes', 'list');
  await rejects(() => reduce({ fn: 'total' as never }), ValueError, "'sum'");
  await rejects(() => argMax({} as never), ValueError, 'axis');
});

test.run();
