// Several inputs and outputs: how their data, losses and metrics are given, and what comes back.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type CompileOptions,
  type DataSet,
  input,
  layers,
  Model,
  metrics,
  NumericError,
  losses as namedLosses,
  optimizers,
  ShapeError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const sgd = optimizers.sgd({ learningRate: 0.05 });
const COUNT = 6;
const image = numbers(COUNT * 32, 1);
const meta = numbers(COUNT * 3, 2);
const kind = Int32Array.of(0, 1, 2, 3, 1, 0);
const size = numbers(COUNT * 2, 3);

/** An image [4, 4, 2] and a vector [3] to a class of four and two numbers. */
function network(seed = 1) {
  const a = input([4, 4, 2], { name: 'image' });
  const b = input([3], { name: 'meta' });
  const seen = layers.flatten().apply(layers.conv2d({ filters: 3, kernelSize: 3 }).apply(a));
  const sum = layers
    .add()
    .apply([layers.dense({ units: 8 }).apply(seen), layers.dense({ units: 8 }).apply(b)]);
  const joint = layers.relu().apply(sum);
  const outputs = [
    layers.dense({ units: 4, name: 'kind' }).apply(joint),
    layers.dense({ units: 2, name: 'size' }).apply(joint),
  ];
  return new Model({ inputs: [a, b], outputs, seed, name: 'two' });
}

const losses = ['softmaxCrossEntropy', 'meanSquaredError'] as const;

function compiled(options: Partial<CompileOptions> = {}) {
  const model = network();
  model.compile({ optimizer: sgd, loss: losses, ...options });
  return model;
}

const x = { image, meta };
const y = { kind, size };

function copies(results: Tensor[]): Float32Array[] {
  return results.map((one) => {
    const copy = Float32Array.from(one.data);
    one.dispose();
    return copy;
  });
}

test('names and shapes: of the first input and output, and all', () => {
  const model = network();
  assert.equal(model.inputNames, ['image', 'meta']);
  assert.equal(model.outputNames, ['kind', 'size']);
  assert.equal([model.inputShape, model.outputShape], [[4, 4, 2], [4]]);
  model.dispose();
});

test('x is a list in order or a record by name, of tensors, arrays or nested arrays', () => {
  const model = network();
  const expected = copies(model.predict(x));
  const tensors = [Tensor.from(image, [COUNT, 4, 4, 2]), Tensor.from(meta, [COUNT, 3])];
  const nested = tensors[1].toArray() as number[][];
  const forms: DataSet[] = [
    [image, meta],
    tensors,
    [image, nested],
    { meta: nested, image: tensors[0] },
    { meta, image: Float64Array.from(image) },
  ];
  for (const form of forms) {
    copies(model.predict(form, { batchSize: 4 })).forEach((one, i) => {
      close(one, expected[i], { atol: 1e-6 }, `output ${i}`);
    });
  }
  for (const tensor of tensors) tensor.dispose();
  model.dispose();
});

test('predict returns a list just where the outputs are one', () => {
  const a = input([3]);
  const h = layers.dense({ units: 2 }).apply(a);
  const one = new Model({ inputs: a, outputs: h });
  const list = new Model({ inputs: [a], outputs: [h] });
  const result: Tensor = one.predict(meta);
  const results: Tensor[] = list.predict(meta);
  assert.instance(result, Tensor);
  assert.is(results.length, 1);
  assert.equal(results[0].toArray(), result.toArray());
  const named = list.predict({ input: meta });
  assert.equal(named[0].toArray(), result.toArray());
  for (const tensor of [result, ...results, ...named]) tensor.dispose();
  for (const model of [one, list]) model.dispose();
});

test('y is a list, a record, or one for all; losses and metrics by output', async () => {
  const model = compiled({
    metrics: { kind: ['accuracy', metrics.topK({ k: 2 })], size: [] },
    lossWeights: { size: 0.25, kind: 2 },
  });
  const logs = await model.evaluate(x, y);
  assert.equal(Object.keys(logs), [
    'loss',
    'kind_loss',
    'size_loss',
    'kind_accuracy',
    'kind_top2Accuracy',
  ]);
  close([logs.loss], [2 * logs.kind_loss + 0.25 * logs.size_loss], { rtol: 1e-6 });
  assert.equal(await model.evaluate([image, meta], [kind, size]), logs);
  const oneHot = Array.from(kind, (k) => [0, 1, 2, 3].map((c) => (c === k ? 1 : 0)));
  assert.equal(await model.evaluate(x, { size, kind: oneHot }), logs);
  model.dispose();

  const a = input([3]);
  const twins = ['left', 'right'].map((name) => layers.dense({ units: 4, name }).apply(a));
  const same = new Model({ inputs: a, outputs: twins });
  same.compile({ optimizer: sgd, loss: 'softmaxCrossEntropy', lossWeights: [1, 0.5] });
  const forAll = await same.evaluate(meta, kind);
  assert.equal(await same.evaluate(meta, [kind, kind]), forAll);
  assert.equal(await same.evaluate(meta, { left: kind, right: [...kind] }), forAll);
  same.dispose();
});

test('options for all outputs, for each in a list, and by name are the same', () => {
  const all: Partial<CompileOptions>[] = [
    { loss: losses, metrics: ['accuracy'], lossWeights: 0.5 },
    { loss: losses, metrics: [['accuracy'], ['accuracy']], lossWeights: [0.5, 0.5] },
    {
      loss: { size: 'meanSquaredError', kind: namedLosses.softmaxCrossEntropy() },
      metrics: { kind: ['accuracy'], size: ['accuracy'] },
      lossWeights: { kind: 0.5, size: 0.5 },
    },
  ];
  const results = all.map((options) => {
    const model = compiled(options);
    model.trainOnBatch(x, y);
    const logs = model.trainOnBatch(x, y);
    model.dispose();
    return logs;
  });
  assert.equal(Object.keys(results[0]), [
    'loss',
    'kind_loss',
    'size_loss',
    'kind_accuracy',
    'size_accuracy',
  ]);
  for (const logs of results) assert.equal(logs, results[0]);
});

test("a loss's weight scales its gradient; none at all leaves its head as it is", () => {
  const gradients = [1, 2, 0].map((weight) => {
    const model = compiled({ lossWeights: [weight, 1] });
    model.trainOnBatch(x, y);
    const found = model.weights.find(({ name }) => name === 'kind/kernel')?.gradient?.data;
    const copy = Float32Array.from(found as Float32Array);
    model.dispose();
    return copy;
  });
  const doubled = gradients[0].map((v) => 2 * v);
  sameBits(gradients[1], doubled, 'twice the weight');
  assert.ok(gradients[2].every((v) => v === 0));
});

test('history and validation of several outputs; inputs are shuffled together', async () => {
  const model = compiled({ metrics: { kind: ['accuracy'], size: [] } });
  const { history } = await model.fit(x, y, { epochs: 2, batchSize: 2, validationData: [x, y] });
  const names = ['loss', 'kind_loss', 'size_loss', 'kind_accuracy'];
  const logs = [...names, ...names.map((name) => `val_${name}`), 'learningRate'];
  assert.equal(Object.keys(history), logs);
  for (const values of Object.values(history)) assert.is(values.length, 2);
  const after = await model.evaluate(x, y, { batchSize: 2 });
  assert.is(after.loss, history.val_loss[1]);
  const split = await model.fit(x, y, { validationSplit: 0.5 });
  assert.is(split.history.val_size_loss.length, 1);
  model.dispose();

  // A class that only both inputs together tell: whoever mixes up their samples learns nothing.
  const [a, b] = [input([1], { name: 'a' }), input([1], { name: 'b' })];
  const sides = [a, b].map((one) => layers.dense({ units: 8 }).apply(one));
  const h = layers.activation({ activation: 'tanh' }).apply(layers.add().apply(sides));
  const xor = new Model({ inputs: [a, b], outputs: layers.dense({ units: 2 }).apply(h), seed: 3 });
  xor.compile({ optimizer: optimizers.adam({ learningRate: 0.05 }), loss: 'softmaxCrossEntropy' });
  const bits = (seed: number) => numbers(256, seed).map((v) => (v > 0 ? 1 : -1));
  const data = { a: bits(1), b: bits(2) };
  const labels = Int32Array.from(data.a, (v, i) => (v === data.b[i] ? 1 : 0));
  const learned = await xor.fit(data, labels, { epochs: 30 });
  assert.ok(learned.history.loss[29] < 0.05, `${learned.history.loss[29]}`);
  xor.dispose();
});

test('a layer with several outputs, and inputs without names, are numbered', () => {
  const [a, b] = [input([3]), input([3])];
  const shared = layers.dense({ units: 4, name: 'shared' });
  const outputs = [shared.apply(a), shared.apply(b)];
  const model = new Model({ inputs: [a, b], outputs });
  assert.equal(model.inputNames, ['input', 'input_1']);
  assert.equal(model.outputNames, ['shared', 'shared_1']);
  model.compile({
    optimizer: sgd,
    loss: 'softmaxCrossEntropy',
    lossWeights: { shared: 1, shared_1: 3 },
  });
  const data = { input: meta, input_1: meta.map((v) => -v) };
  const logs = model.trainOnBatch(data, { shared: kind, shared_1: kind });
  close([logs.loss], [logs.shared_loss + 3 * logs.shared_1_loss], { rtol: 1e-6 });
  // Another model of the second input alone changes no name of the first.
  const other = new Model({ inputs: b, outputs: layers.dense({ units: 2 }).apply(b) });
  assert.equal([other.inputNames, model.inputNames], [['input'], ['input', 'input_1']]);
  assert.equal(
    copies(model.predict(data)).map(({ length }) => length),
    [COUNT * 4, COUNT * 4],
  );
  for (const one of [model, other]) one.dispose();
});

test('what is given by wrong names, in wrong numbers or of other shapes', async () => {
  const model = compiled();
  const wrong = (value: unknown): DataSet => value as DataSet;
  type Kind = abstract new (...args: never[]) => Error;
  const bad: [() => unknown, Kind, ...string[]][] = [
    [() => model.predict(image), ValueError, '2 inputs', "'image', 'meta'"],
    [() => model.predict([image]), ValueError, '2 inputs', 'list'],
    [() => model.predict([image, meta, meta]), ValueError, '2 inputs'],
    [() => model.predict({ image }), ValueError, "lacks 'meta'", "'image', 'meta'"],
    [() => model.predict({ ...x, extra: meta }), ValueError, "'extra'", "'image', 'meta'"],
    [() => model.predict(wrong({ image, meta: undefined })), ValueError, "x 'meta'", 'undefined'],
    [() => model.predict([meta, image]), ShapeError, "x 'image'", '[4, 4, 2]'],
    [() => model.predict({ image, meta: meta.subarray(1) }), ShapeError, "x 'meta'", '17', '[3]'],
    [
      () => model.predict({ image, meta: meta.subarray(3) }),
      ShapeError,
      "x 'image' has 6 samples",
      "x 'meta' has 5",
    ],
    [
      () => model.predict({ image, meta: meta.map((v, i) => (i === 7 ? Number.NaN : v)) }),
      NumericError,
      "x 'meta' contains NaN in sample 2",
    ],
    [() => model.trainOnBatch(x, { kind }), ValueError, "y lacks 'size'"],
    [
      () => model.trainOnBatch(x, { ...y, sise: size }),
      ValueError,
      "y has 'sise'",
      "'kind', 'size'",
    ],
    [() => model.trainOnBatch(x, kind), ShapeError, "y 'size'", '[6, 2]', '6 numbers'],
    [
      () => model.trainOnBatch(x, { ...y, kind: kind.subarray(1) }),
      ShapeError,
      "y 'kind'",
      '6 class indices',
      '5 numbers',
    ],
    [() => model.trainOnBatch(x, { ...y, kind: kind.map(() => 4) }), ValueError, 'label 0 is 4'],
    [
      () => model.trainOnBatch(x, { ...y, size: size.map(() => Number.POSITIVE_INFINITY) }),
      NumericError,
      "y 'size' contains Infinity",
    ],
    [
      () => model.fit(x, y, { validationData: [x, kind] as never }),
      ShapeError,
      'validationData',
      "y 'size'",
    ],
  ];
  for (const [call, Kind, ...parts] of bad) await rejects(call, Kind, ...parts);
  model.dispose();
});

test('losses, weights and metrics that do not fit the outputs', async () => {
  const model = network();
  const bad: [Partial<Record<keyof CompileOptions, unknown>>, ...string[]][] = [
    [{ loss: ['meanSquaredError'] }, 'loss', '2 outputs', "'kind', 'size'", 'not 1'],
    [{ loss: { kind: 'meanSquaredError' } }, "loss lacks the output 'size'"],
    [{ loss: { ...losses, kind: 'meanSquaredError' } }, "loss has '0'", "'kind', 'size'"],
    [{ loss: ['meanSquaredError', 'cross'] }, "no loss 'cross'", 'softmaxCrossEntropy'],
    [{ loss: undefined }, 'loss must be a name', 'undefined'],
    [{ loss: losses, optimizer: optimizers.sgd }, 'optimizers.sgd()', 'a function, not called'],
    [{ loss: losses, optimizer: { type: 'newton' } }, 'optimizers.sgd()', "'newton'"],
    [{ loss: losses, lossWeights: [1] }, 'lossWeights', '2 outputs', 'not 1'],
    [{ loss: losses, lossWeights: { kind: 1 } }, "lossWeights lacks the output 'size'"],
    [{ loss: losses, lossWeights: [1, -1] }, 'lossWeights', '-1'],
    [{ loss: losses, lossWeights: [1, Number.NaN] }, 'lossWeights', 'NaN'],
    [{ loss: losses, lossWeights: '2' }, 'lossWeights', '[1, 0.3]', '2'],
    [{ loss: losses, metrics: [['accuracy']] }, 'metrics', '2 outputs', 'not 1'],
    [{ loss: losses, metrics: { kind: ['accuracy'] } }, "metrics lacks the output 'size'"],
    [{ loss: losses, metrics: 'accuracy' }, 'metrics', "['accuracy']"],
    [{ loss: losses, metrics: ['precise'] }, "no metric 'precise'"],
    [{ loss: losses, activationCheckpointing: 'yes' }, 'activationCheckpointing'],
  ];
  for (const [options, ...parts] of bad)
    await rejects(
      () => model.compile({ optimizer: sgd, ...options } as never),
      ValueError,
      ...parts,
    );
  model.dispose();
});

test.run();
