// Numbers that are none in a graph: the error names where they came from, nothing has changed, and training
// goes on.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, layers, Model, NumericError, optimizers } from '../../src/index.js';
import { rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const x = numbers(4 * 32, 1);
const y = Int32Array.of(0, 1, 2, 1);

/** Two branches with batch norm that are added, dropout, two heads of which one is `tanh`. */
function network(checkpointing: boolean, lossWeights: readonly number[] = [1, 1]) {
  const image = input([4, 4, 2]);
  const conv = (name: string) =>
    layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', name });
  const stem = conv('stem').apply(image);
  const left = layers.batchNorm({ name: 'leftNorm' }).apply(conv('left').apply(stem));
  const right = layers.batchNorm({ name: 'rightNorm' }).apply(conv('right').apply(stem));
  const sum = layers.relu().apply(layers.add({ name: 'sum' }).apply([left, right]));
  const flat = layers.dropout({ rate: 0.5 }).apply(layers.flatten().apply(sum));
  const outputs = [
    layers.dense({ units: 3, name: 'first' }).apply(flat),
    layers.dense({ units: 3, name: 'second', activation: 'tanh' }).apply(flat),
  ];
  const model = new Model({ inputs: image, outputs, seed: 2, name: 'net' });
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.01 }),
    loss: 'softmaxCrossEntropy',
    lossWeights,
    activationCheckpointing: checkpointing,
  });
  return model;
}

type Network = ReturnType<typeof network>;

const dataOf = (model: Network, name: string): Float32Array =>
  model.weights.find((weight) => weight.name === name)?.tensor.data as Float32Array;

const copies = (model: Network) =>
  new Map(model.weights.map(({ name, tensor }) => [name, Float32Array.from(tensor.data)]));

/** Spoils a weight: the step fails so and changes nothing; repaired, it goes as if nothing had been. */
async function spoilt(
  checkpointing: boolean,
  name: string,
  value: number,
  ...parts: string[]
): Promise<void> {
  const [model, sound] = [network(checkpointing), network(checkpointing)];
  for (const one of [model, sound]) one.trainOnBatch(x, y);
  const weight = dataOf(model, name);
  const [good] = weight;
  weight[0] = value;
  const before = copies(model);
  const message = ['net.trainOnBatch', 'at step 2', 'the step was not taken', ...parts];
  await rejects(() => model.trainOnBatch(x, y), NumericError, ...message);
  await rejects(() => model.fit(x, y), NumericError, 'net.fit', ...parts);
  for (const [key, data] of copies(model)) sameBits(data, before.get(key) as Float32Array, key);
  weight[0] = good;
  for (let step = 0; step < 2; step++) {
    const [actual, expected] = [model, sound].map((one) => one.trainOnBatch(x, y));
    assert.equal(actual, expected, `step ${step}`);
  }
  const expected = copies(sound);
  for (const [key, data] of copies(model)) sameBits(data, expected.get(key) as Float32Array, key);
  for (const one of [model, sound]) one.dispose();
}

for (const checkpointing of [false, true]) {
  const how = checkpointing ? ', with checkpointing' : '';

  test(`a weight that is none is named${how}`, async () => {
    for (const name of ['stem/kernel', 'left/bias', 'rightNorm/gamma', 'second/kernel']) {
      await spoilt(checkpointing, name, Number.NaN, 'the loss is NaN', `in the weight '${name}'`);
    }
  });

  test(`the first layer whose output is none${how}`, async () => {
    // Of all that overflows, what computes first.
    const loss = 'the loss is';
    await spoilt(checkpointing, 'stem/kernel', 3e38, loss, "in the output of '");
    await spoilt(checkpointing, 'leftNorm/gamma', 3.4e38, loss, "in the output of 'leftNorm'");
    await spoilt(checkpointing, 'rightNorm/gamma', 3.4e38, loss, "in the output of 'rightNorm'");
    await spoilt(checkpointing, 'first/bias', 3.4e38, loss, "in the output of 'loss'");
  });

  test(`gradients alone${how}`, async () => {
    const [model, sound] = [0, 1].map(() => network(checkpointing, [1, 3e38]));
    const before = copies(model);
    const far = x.map((v) => v * 1e3);
    await rejects(
      () => model.trainOnBatch(far, y),
      NumericError,
      'some gradients are not finite',
      "in the gradients of 'leftNorm'",
    );
    for (const [key, data] of copies(model)) sameBits(data, before.get(key) as Float32Array, key);
    // Another objective, and both are the same again.
    for (const one of [model, sound]) {
      one.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
      one.trainOnBatch(far, y);
    }
    const expected = copies(sound);
    for (const [key, data] of copies(model)) sameBits(data, expected.get(key) as Float32Array, key);
    for (const one of [model, sound]) one.dispose();
  });
}

test('a frozen weight that is none is named as well', async () => {
  const model = network(false);
  model.getLayer('left').trainable = false;
  dataOf(model, 'left/kernel')[5] = Number.POSITIVE_INFINITY;
  await rejects(() => model.trainOnBatch(x, y), NumericError, "in the weight 'left/kernel'");
  model.dispose();
});

test('running statistics that are none', async () => {
  const model = network(false);
  model.getLayer('leftNorm').trainable = false;
  dataOf(model, 'leftNorm/movingMean')[1] = Number.NaN;
  await rejects(() => model.trainOnBatch(x, y), NumericError, "weight 'leftNorm/movingMean'");
  assert.ok(Number.isNaN((await model.evaluate(x, y)).loss), 'evaluate says what it finds');
  model.dispose();
});

test.run();
