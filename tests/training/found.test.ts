// What others' bug reports found in the training of other libraries, and what newcomers stumbled over: each a small
// input with the right value.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  type DatasetBatch,
  input,
  layers,
  Model,
  optimizers,
  Sequential,
  ShapeError,
  schedules,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { compiled, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

const { sgd } = optimizers;

/** One weight for one number, 0 at first. */
function line(optimizer: ReturnType<typeof sgd>): Sequential {
  const dense = layers.dense({ units: 1, useBias: false, kernelInitializer: 'zeros' });
  const model = new Sequential([dense], { inputShape: [1] });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

/** Runs `work`; the lines that went to console.warn meanwhile. */
async function warnings(work: () => Promise<unknown>): Promise<string[]> {
  const { warn } = console;
  const lines: string[] = [];
  console.warn = (text: string) => lines.push(text);
  try {
    await work();
  } finally {
    console.warn = warn;
  }
  return lines;
}

test('class weights are for training alone (keras#5616)', async () => {
  const dense = layers.dense({ units: 2, kernelInitializer: 'zeros' });
  const model = new Sequential([dense], { inputShape: [1] });
  model.compile({ optimizer: sgd({ learningRate: 0 }), loss: 'softmaxCrossEntropy' });
  model.weights[1].tensor.data[1] = 2;
  const x = new Float32Array(10);
  const y = Int32Array.from({ length: 10 }, (_, i) => i % 2);
  const options = { classWeight: { 1: 9 }, shuffle: false };
  // The mean of −ln softmax of [0, 2] for the classes 0 and 1.
  const right = Math.log(1 + Math.exp(2)) - 1;
  const lines = await warnings(async () => {
    const split = await model.fit(x, y, { ...options, validationSplit: 0.2 });
    const given = [x.subarray(8), y.subarray(8)] as const;
    const data = await model.fit(x.subarray(0, 8), y.subarray(0, 8), {
      ...options,
      validationData: given,
    });
    close([split.history.val_loss[0], data.history.val_loss[0]], [right, right], { rtol: 1e-6 });
    close([right], [1.1269], { atol: 1e-4 });
    assert.ok(data.history.loss[0] > 1.2, 'they count in training');
  });
  assert.is(lines.length, 2, 'a rate of 0 is worth a line for each fit');
  // Samples' weights count in both: those of class 1 alone.
  const mine = { sampleWeight: y, validationSplit: 0.2, shuffle: false };
  await warnings(async () => {
    const { history } = await model.fit(x, y, mine);
    close(history.val_loss, [Math.log(1 + Math.exp(-2)) / 2], { rtol: 1e-5 });
  });
  const weighted = await model.evaluate(x, y, { sampleWeight: y });
  close([weighted.loss], [Math.log(1 + Math.exp(-2)) / 2], { rtol: 1e-5 });
  const three = [x, y, y] as const;
  await warnings(async () => {
    const { history } = await model.fit(x, y, { validationData: three });
    close(history.val_loss, [weighted.loss], { rtol: 1e-6 });
  });
  await rejects(() => model.fit(x, y, { validationData: [x] as never }), ValueError, '[x, y]');
  model.dispose();
});

test('a share of the samples is rounded up, as in Keras (keras PR#23202)', async () => {
  const model = line(sgd({ learningRate: 0.001 }));
  const trainedOn = async (count: number, validationSplit: number) => {
    const counts: number[] = [];
    const x = new Float32Array(count).fill(1);
    await model.fit(x, x, {
      validationSplit,
      batchSize: 1,
      callbacks: { onBatchEnd: (batch) => void counts.push(batch) },
    });
    return counts.length;
  };
  for (const [count, share, held] of [
    [100, 0.29, 29],
    [10, 0.15, 2],
    [5, 0.1, 1],
    [100, 0.07, 7],
    [10, 0.9, 9],
    [10, 0, 0],
  ])
    assert.is(await trainedOn(count, share), count - held, `${share} of ${count}`);
  await rejects(
    () => trainedOn(1, 0.5),
    ValueError,
    'validationSplit',
    'no sample of 1 to train on',
  );
  for (const bad of [[], '0.2', Number.NaN, 1])
    await rejects(() => trainedOn(5, bad as number), ValueError, 'validationSplit');
  model.dispose();
});

test('class weights of several outputs go by their names (tensorflow#40457)', async () => {
  const x = input([1]);
  const head = (name: string) => layers.dense({ units: 2, name, kernelInitializer: 'zeros' });
  const model = new Model({ inputs: x, outputs: ['a', 'b'].map((name) => head(name).apply(x)) });
  model.compile({ optimizer: sgd(), loss: 'softmaxCrossEntropy' });
  const both = { a: [1, 0], b: [1, 0] };
  const logs = model.computeGradients([[1], [1]], both, { classWeight: { a: { 1: 3 } } });
  close([logs.a_loss, logs.b_loss], [2 * Math.LN2, Math.LN2], { rtol: 1e-6 });
  const train = (classWeight: object) => () =>
    model.trainOnBatch([[1], [1]], both, { classWeight: classWeight as never });
  await rejects(train({ 1: 2 }), ValueError, '2 outputs', 'by their names', "{ 'a': { 1: 5 } }");
  await rejects(train({ c: { 1: 2 } }), ValueError, "'c'", "'a', 'b'");
  await rejects(train(new Date()), ValueError, 'classWeight');
  const sampleWeight = { b: [4, 0] };
  const more = model.computeGradients([[1], [1]], both, { sampleWeight });
  close([more.a_loss, more.b_loss], [Math.LN2, 2 * Math.LN2], { rtol: 1e-6 });
  model.dispose();
});

test('weights of places: one number for each pixel', async () => {
  const model = new Sequential([layers.conv2d({ filters: 2, kernelSize: 1 })], {
    inputShape: [1, 2, 1],
  });
  model.compile({ optimizer: sgd(), loss: 'softmaxCrossEntropy' });
  for (const { tensor } of model.weights) tensor.data.fill(0);
  const x = new Float32Array(4);
  const losses = async (sampleWeight: Float32Array | number[] | number[][][]) =>
    (await model.evaluate(x, Int32Array.of(0, 1, 1, 0), { sampleWeight })).loss / Math.LN2;
  close([await losses([[[1, 0]], [[2, 5]]])], [2], { rtol: 1e-6 });
  close([await losses(Float32Array.of(1, 0, 2, 5))], [2], { rtol: 1e-6 }, 'flat');
  close([await losses([1, 3])], [2], { rtol: 1e-6 }, 'by sample');
  await rejects(() => losses([1, 2, 3]), ShapeError, '[2]', '[2, 1, 2]', 'each place');
  model.dispose();
});

test('batch norm of one value per channel is refused, before anything is trained (pytorch#4534)', async () => {
  const model = new Sequential([layers.batchNorm(), layers.dense({ units: 3 })], {
    inputShape: [2],
  });
  model.compile({ optimizer: sgd(), loss: 'softmaxCrossEntropy' });
  const x = Float32Array.from({ length: 66 }, (_, i) => i % 7);
  const y = Int32Array.from({ length: 33 }, (_, i) => i % 3);
  const before = weightsOf(model);
  const why = ["'batchNorm' expects more than 1 value per channel", 'batchSize'];
  await rejects(() => model.fit(x, y, { batchSize: 32 }), ValueError, ...why);
  await rejects(() => model.trainOnBatch([[1, 2]], [0]), ValueError, 'trainOnBatch', ...why);
  sameBits(weightsOf(model), before, 'weights');
  await model.fit(x, y, { batchSize: 31 });
  await model.evaluate(x, y, { batchSize: 1 });
  // With running statistics one is enough.
  model.getLayer('batchNorm').trainable = false;
  await model.fit(x, y, { batchSize: 32 });
  model.dispose();
  const images = compiled();
  const one = samples(1);
  images.trainOnBatch(one.x, one.y);
  images.dispose();
});

test('the learning rate is in the logs, and 0 is worth a warning', async () => {
  const rate = schedules.cosine({ initial: 0.1, steps: 4 });
  const model = line(sgd({ learningRate: rate }));
  const x = Float32Array.of(1, 1);
  const lines: string[] = [];
  const { history } = await model.fit(x, x, {
    epochs: 2,
    batchSize: 1,
    callbacks: callbacks.progress({ print: (text) => lines.push(text) }),
  });
  close(history.learningRate, [0.1 * (0.5 + Math.SQRT1_2 / 2), 0.1 * (0.5 - Math.SQRT1_2 / 2)], {
    rtol: 1e-6,
  });
  assert.match(lines.at(-1) as string, 'learningRate 0.0146');
  const again = await warnings(() => model.fit(x, x, { epochs: 2, batchSize: 1 }));
  assert.is(again.length, 1);
  assert.match(again[0], 'the learning rate of step 5 is 0');
  model.dispose();
});

test('where training stands, over several fits', async () => {
  const model = line(sgd());
  assert.equal([model.epoch, model.step, model.learningRate], [0, 0, 0.01]);
  const x = new Float32Array(6).fill(1);
  await model.fit(x, x, { epochs: 2, batchSize: 3 });
  assert.equal([model.epoch, model.step], [2, 4]);
  const seen: number[] = [];
  const { epoch } = await model.fit(x, x, {
    epochs: 2,
    callbacks: { onEpochBegin: (epoch) => void seen.push(epoch) },
  });
  assert.equal(
    [epoch, seen],
    [
      [3, 4],
      [3, 4],
    ],
  );
  model.dispose();
});

test('the whole model can be frozen, as in Keras', async () => {
  const model = compiled();
  assert.is(model.trainable, true);
  model.trainable = false;
  assert.ok(model.layers.every(({ trainable }) => !trainable));
  const { x, y } = samples(4);
  await rejects(() => model.fit(x, y), Error, 'nothing to train');
  model.trainable = true;
  model.layers[0].trainable = false;
  assert.is(model.trainable, false);
  model.trainOnBatch(x, y);
  await rejects(
    () => {
      model.trainable = 'no' as never;
    },
    ValueError,
    'trainable',
  );
  model.dispose();
});

test('words of callbacks that nothing calls are errors', async () => {
  const model = line(sgd());
  const x = Float32Array.of(1, 2);
  class Mine {
    count = 0;
    onEpochEnded() {}
  }
  for (const [bad, word] of [
    [{ onEpochsEnd() {} }, 'onEpochsEnd'],
    [{ on_epoch_end() {} }, 'on_epoch_end'],
    [new Mine(), 'onEpochEnded'],
  ] as const)
    await rejects(
      () => model.fit(x, x, { callbacks: bad as object }),
      ValueError,
      word,
      'onBatchEnd',
    );
  const flag = { onEpochEnd: true } as object;
  await rejects(() => model.fit(x, x, { callbacks: flag }), ValueError, 'onEpochEnd', 'not true');
  // What a callback keeps for itself is its own business.
  await model.fit(x, x, { callbacks: { count: 0, onEpochEnd() {} } as callbacks.Callback });
  model.dispose();
});

test('a data set that ends with an epoch begins anew (tfjs-data#101)', async () => {
  const model = line(sgd());
  const begun: number[] = [];
  function* four(epoch: number): Generator<DatasetBatch> {
    begun.push(epoch);
    for (let i = 0; i < 4; i++) yield [[[1]], [1]];
  }
  const { epoch } = await model.fitDataset(four, { epochs: 3, batchesPerEpoch: 4 });
  assert.equal(epoch, [1, 2, 3]);
  assert.is(model.step, 12);
  const list = [...four(0)];
  await model.fitDataset(list, { epochs: 2, batchesPerEpoch: 4 });
  assert.is(model.step, 20);
  // A generator that is used up cannot.
  const once = model.fitDataset(four(0), { epochs: 2, batchesPerEpoch: 4 });
  await rejects(() => once, ValueError, 'no batch in epoch 7');
  model.dispose();
});

test('early stopping with an average brings back what was validated (Lightning#6074)', async () => {
  const x = Float32Array.of(1);
  for (const averageFirst of [true, false]) {
    const model = line(sgd({ learningRate: 1.05, averageDecay: 0.5 }));
    const stopping = callbacks.earlyStopping({ patience: 99, restoreBestWeights: true });
    const swap = callbacks.swapAverage();
    const { history } = await model.fit(x, x, {
      epochs: 4,
      validationData: [x, x],
      callbacks: averageFirst ? [swap, stopping] : [stopping, swap],
    });
    const best = Math.min(...history.val_loss);
    close([best], [0.003], { atol: 1e-4 });
    assert.is((await model.evaluate(x, x)).loss, best);
    model.dispose();
  }
});

test('early stopping of one model leaves nothing to the next, and says when it ends', async () => {
  const [x, stopping] = [Float32Array.of(1), callbacks.earlyStopping];
  const lines: string[] = [];
  const callback = stopping({ restoreBestWeights: true, print: (text) => lines.push(text) });
  const a = line(sgd({ learningRate: 0.1 }));
  await a.fit(x, x, { validationData: [x, x], epochs: 3, callbacks: callback });
  assert.equal(lines, []);
  const b = line(sgd({ learningRate: 0.1 }));
  const nothing = {
    onEpochEnd(_: number, logs: Record<string, number>) {
      logs.val_loss = Number.NaN;
    },
  };
  await b.fit(x, x, { validationData: [x, x], callbacks: [nothing, callback] });
  assert.ok(weightsOf(b)[0] < weightsOf(a)[0], 'its own weights');
  assert.equal(lines, ['early stopping after epoch 1']);
  // A rate that is too large: the second epoch is worse.
  const c = line(sgd({ learningRate: 1.5 }));
  await c.fit(x, x, { validationData: [x, x], epochs: 9, callbacks: callback });
  assert.match(lines[1], 'after epoch 2: val_loss was best, 4.000, in epoch 1, whose weights');
  for (const model of [a, b, c]) model.dispose();
});

test('callbacks see the logs of each batch', async () => {
  const model = line(sgd({ learningRate: 0.25 }));
  const seen: number[] = [];
  const x = Float32Array.of(1, 1);
  await model.fit(x, Float32Array.of(1, 3), {
    batchSize: 1,
    shuffle: false,
    callbacks: { onBatchEnd: (_batch, logs) => void seen.push(logs.loss, logs.learningRate) },
  });
  assert.equal(seen, [1, 0.25, 2.5 ** 2, 0.25]);
  model.dispose();
});

test('a batch can be predicted as one', () => {
  const model = compiled();
  const { x } = samples(50);
  const [one, many] = [model.predictOnBatch(x), model.predict(x)];
  sameBits(one.data, many.data, 'outputs');
  for (const tensor of [one, many]) tensor.dispose();
  model.dispose();
});

test.run();
