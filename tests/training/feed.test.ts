// What fit and its relatives can do besides: augmented images, data sets that come in batches, steps of
// several batches, averages of the weights.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  type DatasetBatch,
  data,
  input,
  layers,
  loadModel,
  Model,
  optimizers,
  Sequential,
  StateError,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { predictions, rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const COUNT = 50;
const images = numbers(COUNT * 64, 1);
const labels = Int32Array.from({ length: COUNT }, (_, i) => (7 * i) % 3);

/** A small network without layers that see a batch as a whole. */
function network(
  options: { batchNorm?: boolean; averageDecay?: number; accumulation?: number } = {},
) {
  const { batchNorm = false, averageDecay, accumulation = 1 } = options;
  const model = new Sequential(
    [
      layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu' }),
      ...(batchNorm ? [layers.batchNorm()] : []),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [8, 8, 1], seed: 3 },
  );
  model.compile({
    optimizer: optimizers.sgd({ learningRate: 0.05, momentum: 0.9, averageDecay }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
    gradientAccumulation: accumulation,
  });
  return model;
}

const augmentation = data.augment({ shift: 1, flip: 'horizontal', rotate: 10, seed: 4 });

test('augmentation: each epoch trains on what augmentBatch makes of it', async () => {
  const [model, twin] = [network(), network()];
  const options = { epochs: 3, batchSize: 16, shuffle: false, augmentation };
  await model.fit(images, labels, { ...options, validationSplit: 0.2 });
  const made = new Float32Array(16 * 64);
  for (let epoch = 0; epoch < 3; epoch++) {
    for (let first = 0; first < 40; first += 16) {
      const size = Math.min(16, 40 - first);
      const indices = Int32Array.from({ length: size }, (_, i) => first + i);
      const part = made.subarray(0, size * 64);
      const set = images.subarray(0, 40 * 64);
      data.augmentBatch(part, set, [8, 8, 1], augmentation, { epoch, indices });
      twin.trainOnBatch(part, labels.subarray(first, first + size));
    }
  }
  sameBits(weightsOf(model), weightsOf(twin), 'weights');
  for (const one of [model, twin]) one.dispose();
});

test('mixup mixes targets as images', async () => {
  const mixup = data.augment({ mixup: 0.4, seed: 2 });
  const [model, twin] = [network(), network()];
  await model.fit(images, labels, { batchSize: 25, shuffle: false, augmentation: mixup });
  for (let first = 0; first < COUNT; first += 25) {
    const indices = Int32Array.from({ length: 25 }, (_, i) => first + i);
    const part = new Float32Array(25 * 64);
    data.augmentBatch(part, images, [8, 8, 1], mixup, { epoch: 0, indices });
    const { partners, lambdas } = data.mixes(mixup, COUNT, { epoch: 0, indices });
    const y = new Float32Array(25 * 3);
    indices.forEach((sample, i) => {
      y[3 * i + labels[sample]] += lambdas[i];
      y[3 * i + labels[partners[i]]] += 1 - lambdas[i];
    });
    twin.trainOnBatch(part, y);
  }
  sameBits(weightsOf(model), weightsOf(twin), 'weights');
  for (const one of [model, twin]) one.dispose();
});

test('mixup keeps to what is trained on: targets are those of the images', async () => {
  // A model that is right: the sum of the pixels, of which mixed images have the mixed one.
  const sums = Float32Array.from({ length: COUNT }, (_, i) =>
    images.subarray(64 * i, 64 * (i + 1)).reduce((a, b) => a + b, 0),
  );
  const list = [layers.flatten(), layers.dense({ units: 1, kernelInitializer: 'ones' })];
  const model = new Sequential(list, { inputShape: [8, 8, 1] });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
  const mixup = data.augment({ mixup: 1 });
  const { history } = await model.fit(images, sums, {
    augmentation: mixup,
    validationSplit: 0.3,
    batchSize: 8,
  });
  assert.ok(history.loss[0] < 1e-9, `${history.loss[0]}`);
  model.dispose();
});

test('augmentation that normalizes: bytes are trained on and validated as normalized ones are', async () => {
  const bytes = Uint8Array.from(images, (v) => 128 + 100 * v);
  const normalization = { mean: 0.4, std: 0.25 };
  const normal = data.normalize(bytes, normalization);
  const augment = { shift: 1, flip: 'horizontal', seed: 4 } as const;
  const [model, twin] = [network(), network()];
  const options = { epochs: 2, batchSize: 16, validationSplit: 0.2 };
  const raw = data.augment({ ...augment, normalize: normalization });
  const own = await model.fit(bytes, labels, { ...options, augmentation: raw });
  const expected = await twin.fit(normal, labels, {
    ...options,
    augmentation: data.augment(augment),
  });
  assert.equal(own, expected);
  sameBits(weightsOf(model), weightsOf(twin), 'weights');
  const given = { validationData: [bytes, labels] as const, augmentation: raw };
  const { history } = await model.fit(bytes, labels, given);
  assert.is(history.val_loss[0], (await model.evaluate(normal, labels)).loss);
  for (const one of [model, twin]) one.dispose();
});

test('augmentation that cannot be', async () => {
  const [a, b] = [input([8, 8, 1]), input([8, 8, 1])];
  const sum = layers.add().apply([a, b]);
  const outputs = layers.dense({ units: 3 }).apply(layers.flatten().apply(sum));
  const two = new Model({ inputs: [a, b], outputs });
  two.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  await rejects(
    () => two.fit([images, images], labels, { augmentation }),
    ValueError,
    'one input',
    'not 2',
  );
  const model = network();
  await rejects(
    () => model.fit(images, labels, { augmentation: { shift: 2 } as never }),
    ValueError,
    'data.augment',
  );
  const normalizing = data.augment({ normalize: { mean: 0, std: 1 } });
  await rejects(
    () => model.fit(images, labels, { augmentation: normalizing }),
    ValueError,
    'normalize',
    'scale',
  );
  const bytes = new Uint8Array(images.length);
  const floats = [images, labels] as const;
  await rejects(
    () => model.fit(bytes, labels, { augmentation: normalizing, validationData: floats }),
    ValueError,
    'fit: validationData: normalize',
    'scale',
  );
  for (const one of [model, two]) one.dispose();
});

const batchesOf = (size: number): DatasetBatch[] =>
  Array.from({ length: Math.ceil(COUNT / size) }, (_, i): DatasetBatch => {
    const [from, to] = [i * size, Math.min(COUNT, (i + 1) * size)];
    return [images.subarray(64 * from, 64 * to), labels.subarray(from, to)];
  });

test('fitDataset: lists, generators and async generators train as fit does', async () => {
  const twin = network();
  const expected = await twin.fit(images, labels, {
    epochs: 2,
    batchSize: 16,
    shuffle: false,
    validationData: [images, labels],
  });
  const kinds = {
    list: batchesOf(16),
    function: () => batchesOf(16),
    *generator() {
      yield* batchesOf(16);
    },
    async *async() {
      for (const batch of batchesOf(16)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield batch;
      }
    },
  };
  for (const [kind, dataset] of Object.entries(kinds)) {
    const model = network();
    const history = await model.fitDataset(dataset, {
      epochs: 2,
      validationData: [images, labels],
      validationBatchSize: 16,
    });
    assert.equal(history, expected, kind);
    sameBits(weightsOf(model), weightsOf(twin), kind);
    model.dispose();
  }
  twin.dispose();
});

test('fitDataset: an endless source goes on from epoch to epoch; weights; progress', async () => {
  const [model, twin] = [network(), network()];
  const given = batchesOf(10);
  let pulled = 0;
  let ended = false;
  function* endless(): Generator<DatasetBatch> {
    try {
      for (;;) {
        const [x, y] = given[pulled++ % given.length];
        yield [x, y, new Float32Array(10).fill(0.5)];
      }
    } finally {
      ended = true;
    }
  }
  const batches: number[] = [];
  await model.fitDataset(endless(), {
    epochs: 2,
    batchesPerEpoch: 3,
    onProgress: ({ batch, batches: all, eta }) => {
      batches.push(batch / all);
      assert.ok(Number.isFinite(eta));
    },
  });
  assert.is(batches.at(-1), 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(ended, 'the source is ended with the training');
  for (let i = 0; i < 6; i++) {
    const [x, y] = given[i % given.length];
    twin.trainOnBatch(x, y, { sampleWeight: new Float32Array(10).fill(0.5) });
  }
  sameBits(weightsOf(model), weightsOf(twin), 'weights');
  for (const one of [model, twin]) one.dispose();
});

test('fitDataset: bad data', async () => {
  const model = network();
  const fit =
    (dataset: unknown, options: object = {}) =>
    () =>
      model.fitDataset(dataset as DatasetBatch[], options);
  await rejects(fit([]), ValueError, 'no batch');
  await rejects(fit([images]), ValueError, '[x, y]');
  await rejects(fit(7), ValueError, 'iterate');
  await rejects(fit(batchesOf(16), { batchSize: 3 }), ValueError, 'batchSize', 'batchesPerEpoch');
  await rejects(fit(batchesOf(16), { batchesPerEpoch: 0 }), ValueError, 'batchesPerEpoch');
  function* failing(): Generator<DatasetBatch> {
    yield batchesOf(16)[0];
    throw new RangeError('the disk is gone');
  }
  await rejects(fit(failing), RangeError, 'the disk is gone');
  const used = batchesOf(25)[Symbol.iterator]();
  await rejects(fit(used, { epochs: 2 }), ValueError, 'no batch in epoch 2');
  const reluctant = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false as const, value: batchesOf(16)[0] }),
      return(): never {
        throw new Error('it does not end');
      },
    }),
  };
  await model.fitDataset(reluctant, { batchesPerEpoch: 2 });
  await model.fitDataset(batchesOf(16));
  model.dispose();
});

test('a step of several batches is that of one large batch', async () => {
  const [parts, whole] = [network({ accumulation: 5 }), network()];
  await parts.fit(images, labels, { epochs: 2, batchSize: 10, shuffle: false });
  await whole.fit(images, labels, { epochs: 2, batchSize: 50, shuffle: false });
  close(weightsOf(parts), weightsOf(whole), { atol: 1e-6 }, 'weights');
  parts.weights.forEach(({ gradient }, i) => {
    const expected = whole.weights[i].gradient;
    if (gradient && expected) close(gradient.data, expected.data, { atol: 1e-6 }, 'gradients');
  });
  const before = weightsOf(parts);
  for (let i = 0; i < 4; i++) parts.trainOnBatch(images.subarray(0, 640), labels.subarray(0, 10));
  sameBits(weightsOf(parts), before, 'four batches make no step');
  parts.trainOnBatch(images.subarray(0, 640), labels.subarray(0, 10));
  assert.ok(weightsOf(parts).some((v, i) => v !== before[i]));
  for (const one of [parts, whole]) one.dispose();
  await rejects(() => network({ accumulation: 0 }), ValueError, 'gradientAccumulation', '0');
});

test('a batch that is not finite spoils none of the steps behind it', async () => {
  const [model, twin] = [network({ accumulation: 2 }), network({ accumulation: 2 })];
  const batch = [images.subarray(0, 640), labels.subarray(0, 10)] as const;
  model.trainOnBatch(...batch);
  const huge = images.subarray(0, 640).map((v) => v * 3e38);
  assert.throws(() => model.trainOnBatch(huge, labels.subarray(0, 10)), /not taken/);
  for (const one of [model, twin]) for (let i = 0; i < 4; i++) one.trainOnBatch(...batch);
  sameBits(weightsOf(model), weightsOf(twin), 'weights');
  for (const one of [model, twin]) one.dispose();
});

test('averages of the weights: swapped in for validation and at the end', async () => {
  const decay = 0.9;
  const [model, twin] = [network({ averageDecay: decay }), network({ averageDecay: decay })];
  const plain = network();
  await rejects(() => plain.swapAverage(), StateError, 'averageDecay');
  plain.dispose();
  const options = { epochs: 3, batchSize: 25, shuffle: false, validationData: [images, labels] };
  const history = await model.fit(images, labels, {
    ...options,
    validationData: [images, labels],
    callbacks: callbacks.swapAverage(),
  });
  let average: Float64Array | undefined;
  for (let step = 0; step < 6; step++) {
    const from = (step % 2) * 25;
    twin.trainOnBatch(
      images.subarray(64 * from, 64 * (from + 25)),
      labels.subarray(from, from + 25),
    );
    const now = weightsOf(twin);
    average = average
      ? average.map((v, i) => decay * v + (1 - decay) * now[i])
      : Float64Array.from(now);
  }
  close(weightsOf(model), average as Float64Array, { atol: 1e-6 }, 'the average is in place');
  const { loss } = await model.evaluate(images, labels, { batchSize: 25 });
  assert.is(history.history.val_loss.at(-1), loss, 'and was validated');
  const kept = predictions(model, images.subarray(0, 64));
  model.swapAverage();
  sameBits(weightsOf(model), weightsOf(twin), 'and back');
  assert.ok(predictions(model, images.subarray(0, 64)).some((v, i) => v !== kept[i]));
  for (const one of [model, twin]) one.dispose();
});

test('an average that is left in place: after an abort it is not, training goes on with the weights', async () => {
  const [model, twin] = [network({ averageDecay: 0.9 }), network({ averageDecay: 0.9 })];
  const stop = new AbortController();
  const options = { batchSize: 25, shuffle: false };
  const aborted = model.fit(images, labels, {
    ...options,
    validationData: [images, labels],
    signal: stop.signal,
    callbacks: [{ onTestBegin: () => stop.abort() }, callbacks.swapAverage()],
  });
  await rejects(() => aborted, DOMException, 'abort');
  await twin.fit(images, labels, options);
  sameBits(weightsOf(model), weightsOf(twin), 'the steps taken stay');
  model.swapAverage();
  const loaded = await loadModel(model.toBytes());
  for (const one of [model, twin, loaded]) one.trainOnBatch(images, labels);
  sameBits(weightsOf(model), weightsOf(twin), 'trained on');
  sameBits(weightsOf(loaded), weightsOf(twin), 'trained on from a file');
  for (const one of [model, twin, loaded]) one.dispose();
});

test('before the first step the average is the weights', () => {
  const model = network({ averageDecay: 0.9 });
  const before = weightsOf(model).slice();
  model.swapAverage();
  sameBits(weightsOf(model), before, 'swapped in');
  model.swapAverage();
  sameBits(weightsOf(model), before, 'and back');
  model.dispose();
});

test('an epoch without a step has the average that there is: the weights', async () => {
  const model = network({ averageDecay: 0.9, accumulation: 5 });
  const callback = callbacks.swapAverage();
  const options = { batchSize: 25, validationData: [images, labels] as const };
  await model.fit(images, labels, { ...options, epochs: 3, callbacks: callback });
  model.dispose();
});

test('gradients that wait for other batches are in the file', async () => {
  const model = network({ accumulation: 3 });
  model.trainOnBatch(images, labels);
  const loaded = await loadModel(model.toBytes());
  for (const one of [model, loaded]) for (let i = 0; i < 4; i++) one.trainOnBatch(images, labels);
  sameBits(weightsOf(loaded), weightsOf(model), 'weights');
  for (const one of [model, loaded]) one.dispose();
});

test('a model that is disposed of before a validation is not measured', async () => {
  const model = network();
  const fit = model.fit(images, labels, {
    validationSplit: 0.5,
    callbacks: { onTestBegin: () => model.dispose() },
  });
  await rejects(() => fit, StateError, 'dispose');
});

test.run();
