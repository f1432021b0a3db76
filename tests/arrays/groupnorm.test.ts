// Layer, group and instance normalization: results, gradients, and large means.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Shape, ShapeError, ValueError } from '../../src/index.js';
import { groupNorm, instanceNorm, layerNorm, useArrays } from '../../src/operators/arrays/index.js';
import { at, checkLayer, type Nd, nd, runLayer } from '../helpers/layers.js';
import { rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

await useArrays();

type Weights = Readonly<Record<string, Nd>>;

/**
 * The layer in f64: normalizes the numbers of one key together, then takes the weights at another index. Which those
 * are is found once, as differences ask for the result at each number.
 */
function normalizing(
  shape: Shape,
  epsilon: number,
  keyOf: (index: readonly number[]) => string,
  weightAt: (index: readonly number[]) => number[],
): (inputs: readonly Nd[], weights: Weights) => Nd {
  const byKey = new Map<string, number[]>();
  const places: number[][] = [];
  nd(shape, (index) => {
    const key = keyOf(index);
    byKey.set(key, byKey.get(key) ?? []);
    byKey.get(key)?.push(places.length);
    places.push(weightAt(index));
    return 0;
  });
  const groups = [...byKey.values()];
  return ([x], { gamma, beta }) => {
    const data = new Float64Array(x.data.length);
    for (const group of groups) {
      const mean = group.reduce((sum, i) => sum + x.data[i], 0) / group.length;
      const variance = group.reduce((sum, i) => sum + (x.data[i] - mean) ** 2, 0) / group.length;
      const sigma = Math.sqrt(variance + epsilon);
      for (const i of group) {
        const y = (x.data[i] - mean) / sigma;
        data[i] = y * (gamma ? at(gamma, places[i]) : 1) + (beta ? at(beta, places[i]) : 0);
      }
    }
    return { shape, data };
  };
}

const some = [{}, { scale: false }, { center: false }, { scale: false, center: false }] as const;

for (const more of some)
  test(`groupNorm and instanceNorm ${JSON.stringify(more)}`, () => {
    for (const [shape, groups] of [
      [[6], 2],
      [[5, 6], 3],
      [[3, 4, 8], 1],
      [[3, 4, 8], 8],
      [[2, 3, 40], 4],
      [[2, 3, 36], 12],
      [[7, 21], 7],
    ] as [Shape, number][]) {
      const channels = shape[shape.length - 1];
      const size = channels / groups;
      const options = { ...more, epsilon: 0.01 };
      const last = (index: readonly number[]) => [index[index.length - 1]];
      checkLayer(`groupNorm ${shape} in ${groups}`, {
        ...{ layer: groupNorm({ ...options, groups }), inputs: [shape], batch: 3, tolerance: 4e-6 },
        reference: normalizing(
          [3, ...shape],
          0.01,
          (i) => `${i[0]} ${Math.floor(last(i)[0] / size)}`,
          last,
        ),
      });
      if (groups !== 1) continue;
      checkLayer(`instanceNorm ${shape}`, {
        ...{ layer: instanceNorm(options), inputs: [shape], batch: 3, tolerance: 4e-6 },
        reference: normalizing([3, ...shape], 0.01, (i) => `${i[0]} ${last(i)[0]}`, last),
      });
    }
  });

for (const more of some)
  test(`layerNorm ${JSON.stringify(more)}`, () => {
    for (const [shape, axes] of [
      [[7], undefined],
      [[5, 9], undefined],
      [[5, 9], [0]],
      [
        [4, 3, 5],
        [1, 2],
      ],
      [
        [4, 3, 5],
        [0, 2],
      ],
      [
        [4, 3, 5],
        [0, 1, 2],
      ],
      [[3, 2, 33], [-1]],
    ] as [Shape, number[] | undefined][]) {
      const own = (axes ?? [-1]).map((axis) => (axis < 0 ? axis + shape.length : axis));
      checkLayer(`layerNorm ${shape} over ${axes}`, {
        layer: layerNorm({ ...more, axes, epsilon: 0.01 }),
        ...{ inputs: [shape], batch: 3, tolerance: 4e-6 },
        reference: normalizing(
          [3, ...shape],
          0.01,
          (index) => index.filter((_, d) => !own.includes(d - 1)).join(),
          (index) => own.map((axis) => index[axis + 1]),
        ),
      });
    }
  });

test('many rows, whose gradients are summed in parts', () => {
  const shape = [500, 6];
  const layer = layerNorm({ epsilon: 0.01 });
  layer.apply(input(shape));
  const data = numbers(40 * 3000, 1);
  const ones = { gamma: new Float32Array(6).fill(1), beta: new Float32Array(6) };
  const { dweights } = runLayer(
    layer,
    [{ shape: [40, ...shape], data }],
    ones,
    (n) => numbers(n, 2),
    'rows',
  );
  const dy = numbers(40 * 3000, 2);
  const sums = new Float64Array(6);
  dy.forEach((v, i) => {
    sums[i % 6] += v;
  });
  sums.forEach((sum, c) => {
    assert.ok(
      Math.abs(dweights.beta[c] - sum) < 1e-3,
      `dbeta ${c}: ${dweights.beta[c]}, not ${sum}`,
    );
  });
});

test('a large mean takes no digits from the result', () => {
  const shape = [50, 40, 4];
  const count = 2000 * 4;
  const layer = instanceNorm({ epsilon: 1e-6, scale: false, center: false });
  layer.apply(input(shape));
  const data = numbers(count, 1).map((v) => 1000 + v);
  const { y } = runLayer(
    layer,
    [{ shape: [1, ...shape], data }],
    {},
    (n) => new Float32Array(n),
    'mean',
  );
  for (let c = 0; c < 4; c++) {
    const own = Array.from({ length: 2000 }, (_, p) => data[4 * p + c]);
    const mean = own.reduce((a, b) => a + b) / 2000;
    const sigma = Math.sqrt(own.reduce((a, b) => a + (b - mean) ** 2, 0) / 2000 + 1e-6);
    own.forEach((v, p) => {
      const expected = (v - mean) / sigma;
      // The mean is a float of its own: half an ulp of 1000 is 3e-5.
      assert.ok(Math.abs(y[4 * p + c] - expected) < 1e-4, `${y[4 * p + c]}, not ${expected}`);
    });
  }
});

test('what does not fit', async () => {
  const x = input([4, 6]);
  await rejects(
    () => groupNorm({ groups: 4 }).apply(x),
    ShapeError,
    'groupNorm',
    '4',
    '6 channels',
  );
  await rejects(() => groupNorm({} as never), ValueError, 'groups');
  await rejects(() => layerNorm({ axes: [2] }).apply(x), ShapeError, 'layerNorm', '[4, 6]');
  await rejects(() => layerNorm({ epsilon: 0 }), ValueError, 'epsilon');
});

test.run();
