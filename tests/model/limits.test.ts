// A model that does not fit: says so, and goes on with a smaller batch. Starts the library anew, with
// little memory.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  dispose,
  init,
  layers,
  loadModel,
  memory,
  OutOfMemoryError,
  ops,
  optimizers,
  Sequential,
  Tensor,
} from '../../src/index.js';
import { predictions, rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { options } from '../helpers/start.js';

const MIB = 1 << 20;

/** Runs `body` with 16 MiB. */
async function limited(body: () => Promise<void>): Promise<void> {
  dispose();
  await init({ ...options, threads: 1, maximumMemory: 16 });
  try {
    await body();
  } finally {
    dispose();
    await init(options);
  }
}

/** 98 KiB of activations for each image. */
function wide(): Sequential {
  const list = [
    layers.conv2d({ filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.globalAvgPool2d(),
    layers.dense({ units: 3 }),
  ];
  const model = new Sequential(list, { inputShape: [28, 28, 1], seed: 1, name: 'wide' });
  model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy' });
  return model;
}

const count = 300;
const x = numbers(count * 784, 1);
const y = Int32Array.from({ length: count }, (_, i) => i % 3);

test('a batch that does not fit says how much it needs, and a smaller one works', () =>
  limited(async () => {
    const model = wide();
    const say = ["the model 'wide' needs ", ' MiB', '16.0 MiB is the limit', 'smaller batch'];
    await rejects(() => model.fit(x, y, { batchSize: count }), OutOfMemoryError, ...say);
    await rejects(() => model.trainOnBatch(x, y), OutOfMemoryError, ...say);
    await rejects(() => model.predict(x, { batchSize: count }), OutOfMemoryError, ...say);
    await rejects(() => model.evaluate(x, y, { batchSize: count }), OutOfMemoryError, ...say);
    const { tensors, activations } = memory();
    assert.equal([tensors, activations], [0, 0]);
    const start = weightsOf(model);
    const { history } = await model.fit(x, y, { batchSize: 16 });
    assert.ok(Number.isFinite(history.loss[0]));
    assert.is(model.engine('test').step, Math.ceil(count / 16));
    // What was tried in vain has left no trace in the training.
    const fresh = wide();
    sameBits(weightsOf(fresh), start, 'weights before');
    await fresh.fit(x, y, { batchSize: 16 });
    sameBits(weightsOf(fresh), weightsOf(model), 'weights after');
    // Between small batches too.
    const small = predictions(model, x, 8);
    await rejects(() => model.predict(x, { batchSize: count }), OutOfMemoryError);
    sameBits(predictions(model, x, 8), small, 'predictions');
    model.dispose();
    fresh.dispose();
    assert.ok(memory().bytes <= 16 * MIB);
  }));

test('a model whose weights do not fit, made or loaded, takes nothing', async () => {
  const huge = () => new Sequential([layers.dense({ units: 2048 })], { inputShape: [1024] });
  const whole = huge();
  const bytes = whole.toBytes();
  whole.dispose();
  await limited(async () => {
    const ballast = Tensor.zeros([9 * (MIB / 4)]);
    const before = memory();
    const model = huge();
    await rejects(
      () => model.weights,
      OutOfMemoryError,
      "model's parameters needs 8.0 MiB",
      '16.0 MiB',
    );
    await rejects(() => loadModel(bytes), OutOfMemoryError, '8.0 MiB');
    await rejects(
      () => Tensor.zeros([MIB * 2]),
      OutOfMemoryError,
      'a tensor of shape [2097152] needs 8.0 MiB',
    );
    assert.equal({ ...memory(), bytes: 0 }, { ...before, bytes: 0 });
    ballast.dispose();
    assert.is(model.weights.length, 2);
    const loaded = await loadModel(bytes);
    assert.unreachable(loaded.name);
  }).catch((error: unknown) => {
    // The second model beside the first: 16 MiB and the library's own few hundred KiB.
    assert.instance(error, OutOfMemoryError);
  });
});

test('an op whose scratch does not fit leaves that of others as it was', () =>
  limited(async () => {
    const model = wide();
    const small = predictions(model, x, 8);
    const [image, dy] = [Tensor.zeros([8, 16, 16, 128]), Tensor.zeros([8, 14, 14, 512])];
    const before = memory();
    await rejects(
      () => ops.conv2dBackwardFilter(image, dy, [3, 3, 128, 512], { algorithm: 'winograd' }),
      OutOfMemoryError,
      "the kernels' scratch needs ",
    );
    assert.equal({ ...memory(), bytes: 0 }, { ...before, bytes: 0 });
    const blank = Tensor.zeros([64]);
    sameBits(predictions(model, x, 8), small, 'predictions');
    assert.ok(blank.data.every((v) => v === 0));
    for (const tensor of [image, dy, blank]) tensor.dispose();
    model.dispose();
  }));

test('weights that fit and gradients that do not: predicting still works', () =>
  limited(async () => {
    const model = new Sequential([layers.dense({ units: 1024 })], { inputShape: [1024] });
    model.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' });
    const [image, target] = [numbers(1024, 1), numbers(1024, 2)];
    const before = predictions(model, image);
    for (let i = 0; i < 3; i++)
      await rejects(() => model.trainOnBatch(image, target), OutOfMemoryError, '4.0 MiB');
    sameBits(predictions(model, image), before, 'predictions');
    model.dispose();
    const { parameters, gradients, optimizer, activations, tensors } = memory();
    assert.equal([parameters, gradients, optimizer, activations, tensors], [0, 0, 0, 0, 0]);
  }));

test.run();
