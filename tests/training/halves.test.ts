// The training step in two halves: gradients, then the step by them. Between them they may be looked at and changed.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  layers,
  loadModel,
  Model,
  NumericError,
  optimizers,
  StateError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { predictions, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

type Optimizer = ReturnType<typeof optimizers.sgd>;

const { x, y } = samples(24);
const part = (first: number, size: number) =>
  [x.subarray(36 * first, 36 * (first + size)), y.subarray(first, first + size)] as const;

/** A frozen layer, a shared one, batch norm and dropout, all under momentum, clipping and an average. */
function network(gradientAccumulation = 1): Model {
  const image = input([6, 6, 1]);
  const shared = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', name: 'shared' });
  const frozen = layers.conv2d({ filters: 3, kernelSize: 1, name: 'frozen' });
  frozen.trainable = false;
  const widened = layers.concat().apply([image, image, image]);
  const once = layers.relu().apply(layers.batchNorm().apply(shared.apply(widened)));
  const twice = shared.apply(frozen.apply(once));
  const flat = layers.dropout({ rate: 0.4 }).apply(layers.flatten().apply(twice));
  const outputs = layers.dense({ units: 3 }).apply(flat);
  const model = new Model({ inputs: image, outputs, seed: 5, name: 'net' });
  const optimizer = optimizers.sgd({
    learningRate: 0.05,
    momentum: 0.9,
    weightDecay: 1e-3,
    clipNorm: 0.5,
    averageDecay: 0.9,
  });
  model.compile({
    optimizer,
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
    gradientAccumulation,
  });
  return model;
}

const gradientsOf = (model: Model): Float32Array =>
  Float32Array.from(model.weights.flatMap(({ gradient }) => (gradient ? [...gradient.data] : [])));

test('both halves are trainOnBatch, bit for bit, whatever happens between them', async () => {
  const [halves, whole] = [network(), network()];
  for (let step = 0; step < 5; step++) {
    const batch = part(4 * step, 4);
    const logs = halves.computeGradients(...batch);
    if (step === 1) await halves.evaluate(x, y);
    if (step === 2) predictions(halves as never, x);
    if (step === 3) halves.profile(batch[0], { y: batch[1], print: null });
    halves.applyGradients();
    assert.equal(logs, whole.trainOnBatch(...batch));
    sameBits(weightsOf(halves as never), weightsOf(whole as never), `step ${step}`);
  }
  halves.swapAverage();
  whole.swapAverage();
  sameBits(weightsOf(halves as never), weightsOf(whole as never), 'averages');
  for (const one of [halves, whole]) one.dispose();
});

test('computeGradients changes no trained weight, and called again begins anew', () => {
  const [model, once] = [network(), network()];
  const trained = () =>
    Float32Array.from(model.weights.flatMap((w) => (w.trainable ? [...w.tensor.data] : [])));
  const before = trained();
  model.computeGradients(...part(4, 4));
  sameBits(trained(), before, 'weights');
  model.computeGradients(...part(0, 4));
  once.computeGradients(...part(0, 4));
  sameBits(gradientsOf(model), gradientsOf(once), 'gradients');
  for (const one of [model, once]) one.dispose();
});

/** One weight for one number: the loss (w·x − y)², whose gradient is 2x(w·x − y). */
function line(optimizer: Optimizer, gradientAccumulation = 1): Model {
  const number = input([1]);
  const dense = layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' });
  const model = new Model({ inputs: number, outputs: dense.apply(number), name: 'line' });
  model.compile({ optimizer, loss: 'meanSquaredError', gradientAccumulation });
  return model;
}

const onlyOf = (model: Model) => model.weights[0];

test('what is changed between them is what the step is taken by', () => {
  const model = line(optimizers.sgd({ learningRate: 0.5 }));
  assert.is(model.computeGradients([[1]], [1]).loss, 1);
  const { tensor, gradient } = onlyOf(model);
  assert.is(gradient?.data[0], -2);
  (gradient?.data as Float32Array)[0] = -3;
  model.applyGradients();
  assert.is(tensor.data[0], 1.5);
  // Clipping comes after the change.
  const clipped = line(optimizers.sgd({ learningRate: 0.5, clipValue: 0.25 }));
  clipped.computeGradients([[1]], [1]);
  assert.is(onlyOf(clipped).gradient?.data[0], -2, 'not clipped yet');
  (onlyOf(clipped).gradient?.data as Float32Array)[0] = -7;
  clipped.applyGradients();
  assert.is(onlyOf(clipped).tensor.data[0], 0.125);
  for (const one of [model, clipped]) one.dispose();
});

test('steps of several batches: gradients gather until they are applied', async () => {
  const [halves, whole] = [network(3), network(3)];
  for (let step = 0; step < 2; step++) {
    for (const first of [0, 4, 8]) {
      halves.computeGradients(...part(first, 4));
      whole.trainOnBatch(...part(first, 4));
    }
    halves.applyGradients();
    sameBits(weightsOf(halves as never), weightsOf(whole as never), `step ${step}`);
  }
  // Fewer than were announced make a step too, if they are applied.
  whole.trainOnBatch(...part(0, 4));
  whole.applyGradients();
  halves.computeGradients(...part(0, 4));
  halves.applyGradients();
  sameBits(weightsOf(halves as never), weightsOf(whole as never), 'a step of one');
  for (const one of [halves, whole]) one.dispose();
});

test('uneven batches count by their samples (as one batch of all, ms-swift#10084)', async () => {
  const inputs = new Float32Array(10).fill(1);
  const targets = Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 2, 2);
  const parts = line(optimizers.sgd({ learningRate: 1 }), 3);
  await parts.fit(inputs, targets, { batchSize: 4, shuffle: false });
  // The gradient of the mean over all is 2·(0 − 0.4).
  close(onlyOf(parts).gradient?.data as Float32Array, [-0.8], { rtol: 1e-6 }, 'gradient');
  const rate = line(optimizers.sgd({ learningRate: 0.5 }), 3);
  await rate.fit(inputs, targets, { batchSize: 4, shuffle: false });
  close(onlyOf(rate).tensor.data, [0.4], { rtol: 1e-6 }, 'weight');
  // In a file the samples that wait count as many as they are.
  const waiting = line(optimizers.sgd({ learningRate: 0.5 }), 2);
  waiting.trainOnBatch(inputs.subarray(0, 8), targets.subarray(0, 8));
  const loaded = await loadModel(waiting.toBytes());
  loaded.trainOnBatch(inputs.subarray(8), targets.subarray(8));
  close(onlyOf(loaded).tensor.data, [0.4], { rtol: 1e-6 }, 'weight from a file');
  for (const one of [parts, rate, waiting, loaded]) one.dispose();
});

test('what cannot be applied', async () => {
  const model = line(optimizers.sgd({ learningRate: 0.5 }));
  const first = 'call computeGradients first';
  await rejects(() => model.applyGradients(), StateError, 'line.applyGradients', first);
  model.computeGradients([[1]], [1]);
  model.applyGradients();
  await rejects(() => model.applyGradients(), StateError, first);
  model.trainOnBatch([[1]], [1]);
  await rejects(() => model.applyGradients(), StateError, first);
  model.computeGradients([[1]], [1]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.5 }), loss: 'meanSquaredError' });
  await rejects(() => model.applyGradients(), StateError, first);
  await rejects(
    () => model.computeGradients([[Number.NaN]], [1]),
    NumericError,
    'computeGradients',
  );
  const bad = { weight: [1] } as object;
  await rejects(() => model.computeGradients([[1]], [1], bad), Error, 'computeGradients', 'weight');
  model.dispose();
  await rejects(() => model.computeGradients([[1]], [1]), StateError, 'dispose');
  await rejects(() => model.applyGradients(), StateError, 'dispose');
});

test('gradients changed to what is none: nothing is taken, and training goes on', async () => {
  for (const accumulation of [1, 2]) {
    const model = line(optimizers.sgd({ learningRate: 0.25 }), accumulation);
    model.computeGradients([[1]], [1]);
    (onlyOf(model).gradient?.data as Float32Array)[0] = Number.NaN;
    await rejects(
      () => model.applyGradients(),
      NumericError,
      'line.applyGradients',
      "the gradient of 'dense/kernel'",
      'was changed since',
    );
    assert.is(onlyOf(model).tensor.data[0], 0);
    await rejects(() => model.applyGradients(), StateError, 'computeGradients');
    model.computeGradients([[1]], [1]);
    model.applyGradients();
    assert.is(onlyOf(model).tensor.data[0], 0.5);
    model.dispose();
  }
});

test.run();
