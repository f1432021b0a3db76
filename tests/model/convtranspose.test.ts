// layers.conv2dTranspose in a network: shapes and weights as Keras has them, what the summary says, and
// that it learns.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layers, optimizers, Sequential } from '../../src/index.js';
import { predictions } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

test('output shapes, weights and multiply-adds', () => {
  const model = new Sequential(
    [
      layers.conv2dTranspose({ filters: 8, kernelSize: 3, strides: 2, padding: 'same' }),
      layers.conv2dTranspose({ filters: 4, kernelSize: [4, 2], strides: [2, 3], useBias: false }),
      layers.conv2dTranspose({ filters: 1, kernelSize: 3, strides: 2, outputPadding: 1 }),
    ],
    { inputShape: [5, 6, 16] },
  );
  const rows = model.summary({ print: null });
  assert.equal(
    rows.map(({ type, outputShape }) => [type, ...outputShape]),
    [
      ['conv2dTranspose', 10, 12, 8],
      ['conv2dTranspose', 22, 36, 4],
      ['conv2dTranspose', 46, 74, 1],
    ],
  );
  assert.equal(
    model.weights.map(({ name, tensor }) => [name, ...tensor.shape]),
    [
      ['conv2dTranspose/kernel', 3, 3, 8, 16],
      ['conv2dTranspose/bias', 8],
      ['conv2dTranspose_1/kernel', 4, 2, 4, 8],
      ['conv2dTranspose_2/kernel', 3, 3, 1, 4],
      ['conv2dTranspose_2/bias', 1],
    ],
  );
  assert.equal(
    rows.map(({ multiplyAdds }) => multiplyAdds),
    [5 * 6 * 9 * 8 * 16, 10 * 12 * 8 * 4 * 8, 22 * 36 * 9 * 4],
  );
  model.dispose();
});

test('what the summary says an output sees is what some output sees', () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 2, kernelSize: [2, 3] }),
      layers.conv2dTranspose({ filters: 2, kernelSize: [5, 2], strides: [2, 3] }),
      layers.conv2d({ filters: 2, kernelSize: [2, 3], activation: 'tanh' }),
      layers.conv2d({ filters: 2, kernelSize: 3, strides: 2, dimRoundingMode: 'floor' }),
    ],
    { inputShape: [12, 9, 1], seed: 1 },
  );
  const rows = model.summary({ print: null }).map(({ receptiveField }) => receptiveField);
  assert.equal(rows, [
    [2, 3],
    [4, 3],
    [4, 4],
    [5, 4],
  ]);
  const image = numbers(12 * 9, 1);
  const [height, width, channels] = model.outputShape;
  const before = predictions(model, image);
  // Each output's outermost pixels that change it; the largest extent is what the summary promises.
  const seen = Array.from({ length: height * width }, () => ({
    rows: new Set(),
    columns: new Set(),
  }));
  for (let pixel = 0; pixel < image.length; pixel++) {
    const changed = image.slice();
    changed[pixel] += 1;
    predictions(model, changed).forEach((v, i) => {
      if (v === before[i]) return;
      const output = seen[Math.floor(i / channels)];
      output.rows.add(Math.floor(pixel / 9));
      output.columns.add(pixel % 9);
    });
  }
  const most = (sizes: number[]) => Math.max(...sizes);
  assert.equal(
    [most(seen.map((o) => o.rows.size)), most(seen.map((o) => o.columns.size))],
    rows.at(-1),
  );
  model.dispose();
});

test('an autoencoder learns its images', async () => {
  // Two blobs in an image of 8×8, through 2×2×6.
  const count = 32;
  const places = numbers(count * 4, 3).map((v) => 4 + 3 * v);
  const x = Float32Array.from({ length: count * 64 }, (_, i) => {
    const [image, row, column] = [i >> 6, (i >> 3) & 7, i & 7];
    const blob = (at: number) =>
      Math.exp(-((row - places[4 * image + at]) ** 2 + (column - places[4 * image + at + 1]) ** 2));
    return blob(0) + blob(2);
  });
  const model = new Sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
      layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
      layers.conv2dTranspose({
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: 'heNormal',
      }),
      layers.conv2dTranspose({ filters: 1, kernelSize: 4, strides: 2, padding: 'same' }),
    ],
    { inputShape: [8, 8, 1], seed: 1 },
  );
  assert.equal(model.outputShape, [8, 8, 1]);
  model.compile({ optimizer: optimizers.adam({ learningRate: 0.01 }), loss: 'meanSquaredError' });
  const { history } = await model.fit(x, x, { epochs: 60, batchSize: 8 });
  const [first, last] = [history.loss[0], history.loss.at(-1) as number];
  assert.ok(last < first / 5, `the loss went from ${first} to ${last}`);
  model.dispose();
});

test.run();
