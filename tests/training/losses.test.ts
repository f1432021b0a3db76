// Losses in a model: by name and by description, what they tap, and what they make of hard cases.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Layer, layers, losses, optimizers, Sequential } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { otherBits, predictions, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const x = numbers(40 * 6, 1);
const y = Float32Array.from({ length: 80 }, (_, i) => Number(x[3 * i] + x[3 * i + 1] > 0));

/** Six numbers to two, trained for some steps. */
async function trained(
  last: Layer[],
  loss: Parameters<Sequential['compile']>[0]['loss'],
  targets = y,
): Promise<Sequential> {
  const model = new Sequential([layers.dense({ units: 5, activation: 'tanh' }), ...last], {
    inputShape: [6],
    seed: 3,
  });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss });
  await model.fit(x, targets, { epochs: 3, batchSize: 16 });
  return model;
}

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

test('a sigmoid at the end is left to binary cross-entropy: the same bits as without', async () => {
  const bare = await trained([layers.dense({ units: 2 })], 'binaryCrossEntropy');
  const expected = predictions(bare, x).map(sigmoid);
  for (const last of [
    [layers.dense({ units: 2, activation: 'sigmoid' })],
    [layers.dense({ units: 2 }), layers.activation({ activation: 'sigmoid' })],
  ]) {
    const model = await trained(last, losses.binaryCrossEntropy());
    sameBits(weightsOf(model), weightsOf(bare), `${last.length} layers`);
    // What predicts gives shares all the same.
    close(predictions(model, x), expected, { atol: 1e-6 });
    assert.equal(await model.evaluate(x, y), await bare.evaluate(x, y));
    model.dispose();
  }
  bare.dispose();
});

test('each loss taps its own activation and no other', async () => {
  const last = (activation: 'softmax' | 'sigmoid') => [layers.dense({ units: 2, activation })];
  for (const [loss, activation] of [
    ['meanSquaredError', 'sigmoid'],
    ['hinge', 'softmax'],
  ] as const) {
    const bare = await trained([layers.dense({ units: 2 })], loss);
    const model = await trained(last(activation), loss);
    otherBits(weightsOf(model), weightsOf(bare), `${loss} of ${activation}`);
    for (const one of [model, bare]) one.dispose();
  }
});

test('a sure sigmoid still learns from its mistakes', () => {
  const model = new Sequential([layers.dense({ units: 1, activation: 'sigmoid' })], {
    inputShape: [1],
    seed: 1,
  });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 1 }), loss: 'binaryCrossEntropy' });
  const [kernel, bias] = model.weights.map(({ tensor }) => tensor.data);
  kernel[0] = 0;
  bias[0] = 200;
  const { loss } = model.trainOnBatch([[1]], [[0]]);
  assert.is(loss, 200);
  assert.is(bias[0], 199);
  model.dispose();
});

test('by name and by description: the same', async () => {
  for (const name of [
    'softmaxCrossEntropy',
    'binaryCrossEntropy',
    'meanSquaredError',
    'meanAbsoluteError',
    'huber',
    'hinge',
  ] as const) {
    const described = losses[name]();
    assert.equal(JSON.parse(JSON.stringify(described)), described);
    const [a, b] = await Promise.all(
      [name, described].map((loss) => trained([layers.dense({ units: 2 })], loss)),
    );
    sameBits(weightsOf(a), weightsOf(b), name);
    for (const one of [a, b]) one.dispose();
  }
});

test('the numbers of a loss tell', async () => {
  const last = () => [layers.dense({ units: 2 })];
  for (const [plain, other] of [
    [losses.softmaxCrossEntropy(), losses.softmaxCrossEntropy({ labelSmoothing: 0.1 })],
    [losses.binaryCrossEntropy(), losses.binaryCrossEntropy({ labelSmoothing: 0.1 })],
    [losses.huber(), losses.huber({ delta: 0.1 })],
  ]) {
    const [a, b] = [await trained(last(), plain), await trained(last(), other)];
    otherBits(weightsOf(a), weightsOf(b), plain.type);
    for (const one of [a, b]) one.dispose();
  }
});

test('hinge takes classes 0 and 1 for −1 and 1', async () => {
  const last = () => [layers.dense({ units: 2 })];
  const signs = y.map((v) => 2 * v - 1);
  const [a, b] = [await trained(last(), 'hinge'), await trained(last(), 'hinge', signs)];
  sameBits(weightsOf(a), weightsOf(b), 'weights');
  for (const one of [a, b]) one.dispose();
});

/** Weights after three steps with the optimizer, biases and scales away from 0. */
function steps(optimizer: Parameters<Sequential['compile']>[0]['optimizer']) {
  const model = new Sequential(
    [layers.dense({ units: 5 }), layers.batchNorm(), layers.dense({ units: 2 })],
    { inputShape: [6], seed: 3 },
  );
  model.weights.forEach(({ tensor }, i) => {
    for (let j = 0; j < tensor.size; j++) tensor.data[j] += 0.5 + i / 8;
  });
  const before = model.weights.map(({ tensor }) => Float32Array.from(tensor.data));
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const { loss } = model.trainOnBatch(x, y);
  const gradients = model.weights.map(
    ({ gradient }) => gradient && Float32Array.from(gradient.data),
  );
  const after = model.weights.map(({ tensor }) => Float32Array.from(tensor.data));
  const names = model.weights.map(({ name }) => name);
  model.dispose();
  return { names, before, after, gradients, loss };
}

test('weight decay spares biases and norms, unless it is for all', () => {
  for (const decay of ['kernels', 'all'] as const) {
    const learningRate = 0.125;
    const { names, before, after, gradients } = steps(
      optimizers.sgd({ learningRate, weightDecay: 0.5, decay }),
    );
    names.forEach((name, i) => {
      const gradient = gradients[i];
      if (!gradient) return;
      const share = decay === 'all' || name.endsWith('/kernel') ? 0.5 : 0;
      const expected = before[i].map((w, j) => w - learningRate * (gradient[j] + share * w));
      close(after[i], expected, { rtol: 1e-6, atol: 1e-6 }, `${name}, ${decay}`);
    });
  }
});

test('clipNorm takes the norm over all layers', () => {
  const { gradients: free } = steps(optimizers.sgd());
  const norm = Math.hypot(...free.flatMap((gradient) => [...(gradient ?? [])]));
  const { gradients } = steps(optimizers.sgd({ clipNorm: norm / 4 }));
  gradients.forEach((gradient, i) => {
    close(
      gradient ?? [],
      (free[i] ?? new Float32Array()).map((g) => g / 4),
      { rtol: 1e-5 },
    );
  });
});

test('the average of the weights is kept beside them', async () => {
  const optimizer = optimizers.sgd({ learningRate: 0.1, averageDecay: 0.75 });
  const model = new Sequential([layers.dense({ units: 2 })], { inputShape: [6], seed: 3 });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  const average = () =>
    model
      .engine('test')
      .weights.stateParts('average')
      .map(({ data }) => Float32Array.from(data));
  const weights = () => model.weights.map(({ tensor }) => Float32Array.from(tensor.data));
  let expected: Float32Array[] = [];
  for (let step = 0; step < 3; step++) {
    model.trainOnBatch(x, y);
    const now = weights();
    expected = now.map((w, i) =>
      step === 0 ? w : w.map((v, j) => 0.75 * expected[i][j] + 0.25 * v),
    );
    average().forEach((data, i) => {
      close(data, expected[i], { atol: 1e-6 }, `step ${step}`);
    });
  }
  otherBits(average()[0], weights()[0], 'the average lags behind');
  model.dispose();
});

test.run();
