// Metrics: the confusion matrix, and what training reports beside the loss, exact over an epoch.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CompileOptions,
  input,
  layers,
  losses,
  Model,
  metrics,
  optimizers,
  Sequential,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { compiled, predictions, rejects, samples } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** Of five cats (0) three are recognised, of three dogs (1) two. */
const right = [0, 0, 0, 0, 0, 1, 1, 1];
const taken = [0, 0, 0, 1, 1, 1, 1, 0];

test('confusion matrix: counts and figures by class', () => {
  const { matrix, accuracy, precision, recall, f1 } = metrics.confusionMatrix(right, taken, {
    classes: 3,
  });
  assert.equal(matrix, [
    [3, 2, 0],
    [1, 2, 0],
    [0, 0, 0],
  ]);
  assert.is(accuracy, 5 / 8);
  assert.equal(precision, [3 / 4, 2 / 4, 0]);
  assert.equal(recall, [3 / 5, 2 / 3, 0]);
  close(f1, [2 / 3, 4 / 7, 0], { rtol: 1e-15 });
});

test('confusion matrix: a table with names', () => {
  const table = String(metrics.confusionMatrix(right, taken, { classes: ['cat', 'dog'] }));
  assert.is(
    table,
    [
      '8 samples, accuracy 0.625',
      '──────────────────────────────────────────────────',
      'right ╲ predicted     cat     dog   recall      F1',
      '──────────────────────────────────────────────────',
      'cat                     3       2    0.600   0.667',
      'dog                     1       2    0.667   0.571',
      '──────────────────────────────────────────────────',
      'precision           0.750   0.500',
    ].join('\n'),
  );
  assert.match(String(metrics.confusionMatrix([1, 0], [1, 1])), /\n1 +0 +1 /);
});

test('confusion matrix: indices, scores, one-hot rows, in any container', () => {
  const scores = [
    [0.9, 0.1, 0.2],
    [0.1, 0.5, 0.5],
    [0, 1, 2],
    [7, 1, 2],
  ];
  const labels = [0, 2, 2, 1];
  const oneHot = labels.map((k) => [0, 1, 2].map((c) => Number(c === k)));
  const expected = [
    [1, 0, 0],
    [1, 0, 0],
    [0, 1, 1],
  ];
  const tensors = [Tensor.from(scores), Tensor.from(oneHot), Tensor.from(Int32Array.from(labels))];
  for (const predicted of [scores, tensors[0], [0, 1, 2, 0], Uint8Array.of(0, 1, 2, 0)]) {
    for (const given of [labels, Int32Array.from(labels), oneHot, tensors[1], tensors[2]]) {
      assert.equal(metrics.confusionMatrix(given, predicted).matrix, expected);
    }
  }
  // Flat scores, once it is known how many classes there are.
  const flat = Float32Array.from(scores.flat());
  assert.equal(metrics.confusionMatrix(labels, flat, { classes: 3 }).matrix, expected);
  // One score per sample is that of class 1.
  const single = metrics.confusionMatrix([0, 1, 1], [[0.4], [0.6], [0.5]]);
  assert.equal(single.matrix, [
    [1, 0],
    [1, 1],
  ]);
  for (const tensor of tensors) tensor.dispose();
});

test('confusion matrix: bad input', async () => {
  const { confusionMatrix } = metrics;
  const where = 'metrics.confusionMatrix';
  await rejects(() => confusionMatrix([0, 1], [0]), ShapeError, where, '2 labels', '1 predictions');
  await rejects(() => confusionMatrix([0, 3], [0, 1], { classes: 3 }), ValueError, 'labels', '3');
  await rejects(
    () => confusionMatrix([0, 1], [0, -1]),
    ValueError,
    'predictions',
    'sample 1',
    '-1',
  );
  await rejects(() => confusionMatrix([0, 1], [0, 0.5]), ValueError, 'predictions', '0.5');
  await rejects(() => confusionMatrix([[[1]]], [0]), ShapeError, 'labels', '[n, classes]');
  await rejects(() => confusionMatrix([0], [0], { classes: 0 }), ValueError, 'classes', '0');
  await rejects(
    () => confusionMatrix('cat' as unknown as number[], [0]),
    ValueError,
    'labels must be a Tensor',
  );
});

const { x, y } = samples(50);

test('precision, recall and f1 of an epoch are those of all samples together', async () => {
  const chosen = ['accuracy', 'precision', 'recall', 'f1'] as const;
  const ofClass = [metrics.precision, metrics.recall, metrics.f1].map((make) => make({ class: 1 }));
  const model = compiled({ rate: 0, metrics: [...chosen, ...ofClass] });
  await model.fit(x, y, { epochs: 2 });
  // Batches of unequal sizes, whose means would be something else.
  const logs = await model.evaluate(x, y, { batchSize: 7 });
  assert.equal(Object.keys(logs), ['loss', ...chosen, 'precision_1', 'recall_1', 'f1_1']);
  const scores = Tensor.from(predictions(model, x), [50, 3]);
  const { accuracy, precision, recall, f1 } = metrics.confusionMatrix(y, scores);
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const expected = [accuracy, mean(precision), mean(recall), mean(f1)];
  close(
    [...chosen, 'precision_1', 'recall_1', 'f1_1'].map((name) => logs[name]),
    [...expected, precision[1], recall[1], f1[1]],
    { rtol: 1e-6 },
  );
  assert.ok(accuracy > 0.4 && accuracy < 1, 'neither all wrong nor all right');
  // In training as well, and for dense targets.
  const oneHot = Array.from(y, (k) => [0, 1, 2].map((c) => Number(c === k)));
  assert.equal(await model.evaluate(x, oneHot, { batchSize: 7 }), {
    ...(await model.evaluate(x, y, { batchSize: 7 })),
  });
  const frozen = compiled({
    rate: 0,
    metrics: ['accuracy', 'recall'],
    optimizer: optimizers.sgd({ learningRate: 0 }),
  });
  const { history } = await frozen.fit(x, y, { epochs: 2, batchSize: 50, validationData: [x, y] });
  assert.is(history.recall[0], history.recall[1], 'each epoch counts anew');
  assert.ok(history.val_recall[0] > 0);
  scores.dispose();
  for (const one of [model, frozen]) one.dispose();
});

test('macro is over the classes that occur', async () => {
  const model = compiled({ rate: 0, metrics: ['recall', metrics.recall({ class: 2 })] });
  for (const { name, tensor } of model.weights) if (name === 'dense/bias') tensor.data[0] = 1e6;
  // All are taken for class 0; two of the three classes occur.
  const { recall, recall_2 } = await model.evaluate(x.subarray(0, 36 * 4), [0, 1, 0, 1]);
  assert.equal([recall, recall_2], [0.5, 0]);
  model.dispose();
});

/** Yes or no: whether the mean of four numbers is positive. */
function binary(activation: 'sigmoid' | 'linear', given: Parameters<typeof compiled>[0] = {}) {
  const model = new Sequential([layers.dense({ units: 1, activation })], {
    inputShape: [4],
    seed: 1,
  });
  const optimizer = optimizers.sgd({ learningRate: 0.3 });
  model.compile({ optimizer, loss: 'binaryCrossEntropy', ...given });
  return model;
}

const points = numbers(4 * 60, 3);
const answers = Float32Array.from({ length: 60 }, (_, i) =>
  Number(points.subarray(4 * i, 4 * i + 4).reduce((sum, v) => sum + v, 0) > 0.2),
);

test('metrics see the outputs, although the loss is taken on logits', async () => {
  const names = [
    'binaryAccuracy',
    'meanAbsoluteError',
    'meanSquaredError',
    'precision',
    'f1',
  ] as const;
  const model = binary('sigmoid', { metrics: names });
  await model.fit(points, answers, { epochs: 3, batchSize: 9 });
  const logs = await model.evaluate(points, answers, { batchSize: 7 });
  const p = predictions(model, points);
  const mean = (f: (p: number, t: number) => number) =>
    p.reduce((sum, v, i) => sum + f(v, answers[i]), 0) / p.length;
  const matrix = metrics.confusionMatrix(
    answers,
    [...p].map((v) => [v]),
  );
  const macro = (values: number[]) => (values[0] + values[1]) / 2;
  const expected = [
    mean((v, t) => Number(v > 0.5 === t > 0.5)),
    mean((v, t) => Math.abs(v - t)),
    mean((v, t) => (v - t) ** 2),
    macro(matrix.precision),
    macro(matrix.f1),
  ];
  close(
    names.map((name) => logs[name]),
    expected,
    { rtol: 1e-5 },
  );
  assert.is(
    matrix.accuracy,
    mean((v, t) => Number(v > 0.5 === t > 0.5)),
  );
  assert.ok(expected[0] > 0.5 && expected[0] < 1, `${expected[0]}: some are right, some wrong`);
  model.dispose();
});

test('errors of a softmax are those of its shares', async () => {
  const model = compiled({ rate: 0, metrics: ['meanAbsoluteError'] });
  const shares = new Sequential([...layersOf(model), layers.softmax()], { inputShape: [6, 6, 1] });
  shares.weights.forEach(({ tensor }, i) => {
    tensor.data.set(model.weights[i].tensor.data);
  });
  const oneHot = Float32Array.from({ length: 150 }, (_, i) =>
    Number(y[Math.floor(i / 3)] === i % 3),
  );
  shares.compile({
    optimizer: optimizers.sgd(),
    loss: losses.softmaxCrossEntropy(),
    metrics: [metrics.meanAbsoluteError(), 'accuracy'],
  });
  const logs = await shares.evaluate(x, oneHot);
  const p = predictions(shares, x);
  const error = p.reduce((sum, v, i) => sum + Math.abs(v - oneHot[i]), 0) / p.length;
  close([logs.meanAbsoluteError], [error], { rtol: 1e-5 });
  for (const one of [model, shares]) one.dispose();
});

/** Fresh layers like those of the tiny model, without dropout. */
function layersOf({ layers: list }: Sequential) {
  assert.is(list.length, 6);
  return [
    layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
    layers.batchNorm({ momentum: 0.9 }),
    layers.maxPool2d(),
    layers.flatten(),
    layers.dense({ units: 3 }),
  ];
}

test('metrics that make no sense of the output or the targets', async () => {
  const one = binary('sigmoid', { metrics: ['accuracy'] });
  await rejects(() => one.fit(points, answers), ValueError, 'accuracy', "'binaryAccuracy'");
  const three = compiled({ metrics: ['meanAbsoluteError'] });
  await rejects(() => three.fit(x, y), ValueError, 'meanAbsoluteError', 'one-hot');
  three.compile({
    optimizer: optimizers.sgd(),
    loss: 'softmaxCrossEntropy',
    metrics: [metrics.precision({ class: 3 })],
  });
  await rejects(() => three.evaluate(x, y), ValueError, 'precision_3', '0 to 2');
  for (const model of [one, three]) model.dispose();
});

/** A single unit that hands its input on. */
function asIs(given: Partial<CompileOptions>, activation: 'linear' | 'sigmoid' = 'linear') {
  const model = new Sequential([layers.dense({ units: 1, activation, useBias: false })], {
    inputShape: [1],
  });
  model.weights[0].tensor.data[0] = 1;
  const optimizer = optimizers.sgd({ learningRate: 0 });
  model.compile({ optimizer, loss: 'binaryCrossEntropy', ...given });
  return model;
}

test('of logits, yes is above 0 (tensorflow#41413)', async () => {
  const [x, y] = [
    [0.3, 0.2, -1, -2],
    [1, 1, 0, 0],
  ].map((all) => Float32Array.from(all));
  const four = ['binaryAccuracy', 'precision', 'recall', 'f1'] as const;
  for (const loss of ['binaryCrossEntropy', 'hinge'] as const) {
    const model = asIs({ metrics: four, loss });
    const { loss: _, ...logs } = await model.evaluate(x, y);
    assert.equal(logs, { binaryAccuracy: 1, precision: 1, recall: 1, f1: 1 }, loss);
    model.dispose();
  }
  // Of probabilities it is above a half: with 4 of 4 above by a sigmoid's 0.2, and 2 of 4 as they are.
  const shares = asIs({ metrics: four, loss: 'meanSquaredError' });
  assert.is((await shares.evaluate(x, y)).binaryAccuracy, 0.5);
  shares.dispose();
  const ended = asIs({ metrics: four }, 'sigmoid');
  const { loss: _, ...logs } = await ended.evaluate(x, y);
  assert.equal(logs, { binaryAccuracy: 1, precision: 1, recall: 1, f1: 1 });
  ended.dispose();
});

test('every metric takes a name, which is its log', async () => {
  const { confusionMatrix: _, ...factories } = metrics;
  for (const [type, factory] of Object.entries(factories)) {
    assert.is(factory({ name: 'mine' }).name, 'mine', type);
    assert.not(factory().name === 'mine', type);
    await rejects(() => factory({ nmae: 'mine' } as never), ValueError, `metrics.${type}`, 'nmae');
    await rejects(() => factory({ name: 7 as never }), ValueError, `metrics.${type}`, '7');
  }
  const { x, y } = samples(8);
  const model = compiled({ metrics: [metrics.accuracy({ name: 'acc' })] });
  const { history } = await model.fit(x, y, { validationSplit: 0.5 });
  assert.equal(Object.keys(history), ['loss', 'acc', 'val_loss', 'val_acc', 'learningRate']);
  model.dispose();
  const { meanAbsoluteError, meanSquaredError } = metrics;
  const one = asIs({ metrics: [meanAbsoluteError({ name: 'mae' }), meanSquaredError()] });
  const logs = await one.evaluate([[1]], [[0]]);
  assert.equal(Object.keys(logs), ['loss', 'mae', 'meanSquaredError']);
  one.dispose();
});

test('thresholds of their own, told apart by names (keras#14163)', async () => {
  const x = Float32Array.of(0.1, 0.4, 0.6, 0.9);
  const y = Float32Array.of(0, 1, 0, 1);
  const { binaryAccuracy, precision, recall } = metrics;
  const model = asIs({
    loss: 'meanSquaredError',
    metrics: [
      binaryAccuracy({ threshold: 0.3, name: 'loose' }),
      binaryAccuracy({ threshold: 0.7, name: 'strict' }),
      precision({ class: 1, threshold: 0.3, name: 'looseP' }),
      precision({ class: 1, threshold: 0.7 }),
      recall({ class: 1, threshold: 0.3, name: 'looseR' }),
      recall({ class: 1 }),
    ],
  });
  const { loss: _, ...logs } = await model.evaluate(x, y, { batchSize: 3 });
  const expected = {
    loose: 3 / 4,
    strict: 3 / 4,
    looseP: 2 / 3,
    precision_1: 1,
    looseR: 1,
    recall_1: 1 / 2,
  };
  assert.equal(Object.keys(logs), Object.keys(expected));
  close(Object.values(logs), Object.values(expected), { rtol: 1e-6 });
  model.dispose();
  const twice = [binaryAccuracy({ threshold: 0.3 }), binaryAccuracy({ threshold: 0.7 })];
  await rejects(() => asIs({ metrics: twice }), ValueError, "'binaryAccuracy'", 'name');
  await rejects(() => asIs({ metrics: [metrics.topK({ name: 'loss' })] }), ValueError, "'loss'");
  await rejects(() => precision({ threshold: Number.NaN }), ValueError, 'threshold', 'NaN');
  await rejects(() => recall({ name: 7 as never }), ValueError, 'name', '7');
  const three = compiled({ metrics: [precision({ threshold: 0.3 })] });
  const [{ x: images, y: labels }] = [samples(4)];
  await rejects(() => three.evaluate(images, labels), ValueError, 'threshold', '3 columns');
  three.dispose();
});

test('no two logs of a name: of metrics, of outputs, of a validation', async () => {
  const x = input([1]);
  const two = (...names: string[]) => {
    const outputs = names.map((name) => layers.dense({ units: 2, name }).apply(x));
    return new Model({ inputs: x, outputs });
  };
  const { accuracy } = metrics;
  for (const [names, given, log] of [
    [['a'], [accuracy(), accuracy()], 'accuracy'],
    [['a'], [accuracy({ name: 'loss' })], 'loss'],
    [['a'], [accuracy({ name: 'val_loss' })], 'val_loss'],
    [['a'], [accuracy({ name: 'val_x' }), accuracy({ name: 'x' })], 'val_x'],
    [['val', 'b'], [], 'val_loss'],
    [['a', 'a_b'], [accuracy({ name: 'b_loss' })], 'a_b_loss'],
  ] as const) {
    const model = two(...names);
    const compile = () =>
      model.compile({ optimizer: 'sgd', loss: 'softmaxCrossEntropy', metrics: given });
    await rejects(compile, ValueError, `two logs called '${log}'`, 'of its own');
    model.dispose();
  }
  const model = two('a', 'a_b');
  model.compile({ optimizer: 'sgd', loss: 'softmaxCrossEntropy', metrics: ['accuracy'] });
  model.dispose();
});

test.run();
