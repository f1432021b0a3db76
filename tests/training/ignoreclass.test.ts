// losses.softmaxCrossEntropy({ ignoreClass }): rows of that label count neither in the loss, nor in gradients, nor in
// metrics; means are over the other rows. PyTorch's ignore_index, Keras's ignore_class.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  input,
  layers,
  loadModel,
  losses,
  Model,
  optimizers,
  Sequential,
  ShapeError,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { predictions, rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const COUNT = 6;
const PIXELS = 20;
const CLASSES = 3;
const VOID = 255;

const x = numbers(COUNT * PIXELS * 2, 1);
/** Some pixels of each image are unlabelled, all of the last one. */
const y = Int32Array.from({ length: COUNT * PIXELS }, (_, i) =>
  (i * 7) % 5 === 0 || i >= (COUNT - 1) * PIXELS ? VOID : (i >> 1) % CLASSES,
);
const counted = [...y.keys()].filter((i) => y[i] !== VOID);

/** A class for each pixel. */
function network(options: { accumulation?: number; learningRate?: number } = {}): Sequential {
  const { accumulation = 1, learningRate = 1 } = options;
  const list = [
    layers.conv2d({ filters: CLASSES, kernelSize: 1, biasInitializer: 'glorotUniform' }),
  ];
  const model = new Sequential(list, { inputShape: [4, 5, 2], seed: 2, name: 'net' });
  model.compile({
    optimizer: optimizers.sgd({ learningRate }),
    loss: losses.softmaxCrossEntropy({ ignoreClass: VOID }),
    metrics: ['accuracy', 'precision', 'recall'],
    gradientAccumulation: accumulation,
  });
  return model;
}

/** Softmax of each pixel's scores, in double. */
function probabilities(model: Sequential): number[][] {
  const scores = predictions(model, x);
  return [...y.keys()].map((i) => {
    const row = [...scores.subarray(i * CLASSES, (i + 1) * CLASSES)].map(Math.exp);
    const sum = row.reduce((a, b) => a + b);
    return row.map((e) => e / sum);
  });
}

/** What rows that count come to. */
function expected(model: Sequential) {
  const p = probabilities(model);
  const mean = (of: (i: number) => number): number =>
    counted.reduce((sum, i) => sum + of(i), 0) / counted.length;
  const best = (i: number): number => p[i].indexOf(Math.max(...p[i]));
  const classes = [0, 1, 2];
  const share = (k: number, of: (i: number) => number): number => {
    const rows = counted.filter((i) => of(i) === k);
    return rows.length ? rows.filter((i) => best(i) === y[i]).length / rows.length : 0;
  };
  const macro = (of: (i: number) => number): number =>
    classes.reduce((sum, k) => sum + share(k, of), 0) / CLASSES;
  return {
    logs: [
      mean((i) => -Math.log(p[i][y[i]])),
      mean((i) => Number(best(i) === y[i])),
      macro(best),
      macro((i) => y[i]),
    ],
    db: classes.map((k) => mean((i) => p[i][k] - Number(y[i] === k))),
  };
}

test('loss, gradients and metrics are those of the rows that count', async () => {
  const model = network();
  const { logs, db } = expected(model);
  const found = model.computeGradients(x, y);
  close(Object.values(found), logs, { rtol: 1e-5 }, 'a step');
  const bias = model.weights.find(({ name }) => name.endsWith('bias'));
  close(bias?.gradient?.data as Float32Array, db, { atol: 1e-6 }, 'gradient of the bias');
  const dx = await model.gradients(x, { y, wanted: 'input' });
  y.forEach((label, i) => {
    const isZero = dx.data[2 * i] === 0 && dx.data[2 * i + 1] === 0;
    assert.is(isZero, label === VOID, `pixel ${i}`);
  });
  dx.dispose();
  // A sample's gradient is that of its own loss, whatever is beside it.
  const size = PIXELS * 2;
  const all = await model.gradients(x, { y, wanted: 'input' });
  for (let i = 0; i < COUNT; i++) {
    const own = await model.gradients(x.subarray(i * size, (i + 1) * size), {
      y: y.subarray(i * PIXELS, (i + 1) * PIXELS),
      wanted: 'input',
    });
    const part = all.data.subarray(i * size, (i + 1) * size);
    close(part, own.data, { atol: 1e-6 }, `sample ${i}`);
    own.dispose();
  }
  all.dispose();
  // Whatever is in an image without labels.
  const odd = x.slice().fill(1e30, (COUNT - 1) * PIXELS * 2);
  const other = network();
  close(Object.values(other.computeGradients(odd, y)), logs, { rtol: 1e-5 }, 'odd pixels');
  for (const one of [model, other]) one.dispose();
});

test('evaluation is the same for any size of batches', async () => {
  const model = network();
  const { logs } = expected(model);
  for (const batchSize of [1, 4, 5, COUNT])
    close(
      Object.values(await model.evaluate(x, y, { batchSize })),
      logs,
      { rtol: 1e-5 },
      `${batchSize}`,
    );
  model.dispose();
});

test('with several outputs, the loss is the sum of theirs for any size of batches', async () => {
  const image = input([4, 5, 2]);
  const outputs = ['a', 'b'].map((name) =>
    layers.conv2d({ filters: CLASSES, kernelSize: 1, name }).apply(image),
  );
  const model = new Model({ inputs: image, outputs, seed: 1 });
  const loss = losses.softmaxCrossEntropy({ ignoreClass: VOID });
  const lossWeights = [1, 0.5];
  model.compile({ optimizer: optimizers.sgd(), loss: { a: loss, b: loss }, lossWeights });
  const other = y.map((label, i) => (label === VOID ? i % CLASSES : label));
  const goals = { a: y, b: other };
  const whole = await model.evaluate(x, goals, { batchSize: COUNT });
  for (const batchSize of [1, 4]) {
    const found = await model.evaluate(x, goals, { batchSize });
    close([found.loss], [found.a_loss + 0.5 * found.b_loss], { rtol: 1e-12 }, 'the sum');
    close(Object.values(found), Object.values(whole), { rtol: 1e-6 }, `${batchSize}`);
  }
  model.dispose();
});

test('batches whose gradients are gathered weigh by the rows that count', async () => {
  const [whole, parts] = [network(), network({ accumulation: 3 })];
  whole.trainOnBatch(x, y);
  await parts.fit(x, y, { batchSize: 2, epochs: 1, shuffle: false });
  close(weightsOf(parts), weightsOf(whole), { atol: 1e-6 }, 'weights');
  for (const one of [whole, parts]) one.dispose();
});

test('with weights of classes and samples too', () => {
  const model = network();
  const p = probabilities(model);
  const sampleWeight = Float32Array.of(1, 2, 0, 3, 1, 1);
  const weight = (i: number): number => sampleWeight[Math.floor(i / PIXELS)] * (y[i] === 1 ? 4 : 1);
  const loss =
    counted.reduce((sum, i) => sum - weight(i) * Math.log(p[i][y[i]]), 0) / counted.length;
  const found = model.computeGradients(x, y, { sampleWeight, classWeight: { 1: 4 } });
  close([found.loss], [loss], { rtol: 1e-5 }, 'loss');
  model.dispose();
});

test('where no row counts, nothing is learned and nothing breaks', () => {
  const model = network();
  const before = weightsOf(model);
  const none = y.slice().fill(VOID);
  assert.ok(Number.isNaN(model.trainOnBatch(x, none).loss), 'the mean of nothing');
  sameBits(weightsOf(model), before, 'weights');
  assert.ok(Number.isFinite(model.trainOnBatch(x, y).loss));
  model.dispose();
});

test('it is kept in files, and any label may be the one', async () => {
  const model = network();
  const again = (await loadModel(model.toBytes())) as Sequential;
  assert.equal(again.trainOnBatch(x, y), model.trainOnBatch(x, y));
  for (const ignoreClass of [-100, 0]) {
    const [other, twin] = [network(), network()];
    other.compile({
      optimizer: optimizers.sgd(),
      loss: losses.softmaxCrossEntropy({ ignoreClass }),
    });
    twin.compile({
      optimizer: optimizers.sgd(),
      loss: losses.softmaxCrossEntropy({ ignoreClass: 99 }),
    });
    const from = (label: number) => y.map((k) => (k === VOID || k === ignoreClass ? label : k));
    assert.equal(other.trainOnBatch(x, from(ignoreClass)), twin.trainOnBatch(x, from(99)));
    for (const one of [other, twin]) one.dispose();
  }
  for (const one of [model, again]) one.dispose();
});

test('it warns of no class that validation alone has, and says what it cannot take', async () => {
  const model = network();
  const logs: string[] = [];
  const progress = callbacks.progress({ print: (text) => logs.push(text) });
  await model.fit(x, y, { epochs: 1, batchSize: 2, validationSplit: 0.4, callbacks: progress });
  assert.ok(logs.length > 0);
  const hot = new Float32Array(COUNT * PIXELS * CLASSES);
  await rejects(() => model.trainOnBatch(x, hot), ValueError, 'ignoreClass', 'class indices');
  const wrong = y.map((k) => (k === VOID ? 254 : k));
  await rejects(() => model.trainOnBatch(x, wrong), ValueError, 'label', '254', '3 classes');
  await rejects(() => model.trainOnBatch(x, y.subarray(1)), ShapeError, 'class indices');
  for (const ignoreClass of [0.5, Number.NaN, '255', 2 ** 40, null] as number[])
    await rejects(
      () => losses.softmaxCrossEntropy({ ignoreClass }),
      ValueError,
      'losses.softmaxCrossEntropy: ignoreClass must be a whole number',
    );
  model.dispose();
});

test.run();
