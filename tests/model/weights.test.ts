// Weights in and out by name, of a model and of a layer.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  layers,
  Model,
  memory,
  NumericError,
  Sequential,
  StateError,
  Tensor,
  ValueError,
} from '../../src/index.js';
import { compiled, predictions, rejects, sameBits, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(8);

type Record_ = Record<string, Tensor>;

const disposeAll = (record: Record_): void => {
  for (const tensor of Object.values(record)) tensor.dispose();
};

test('out and in again: copies by the names of model.weights, running statistics among them', () => {
  const [model, other] = [compiled({ seed: 1 }), compiled({ seed: 2 })];
  model.trainOnBatch(x, y);
  const before = memory().tensors;
  const record = model.getWeights();
  assert.equal(
    Object.keys(record),
    model.weights.map(({ name }) => name),
  );
  assert.ok(Object.keys(record).includes('batchNorm/movingMean'));
  for (const { name, tensor } of model.weights) {
    assert.equal(record[name].shape, tensor.shape);
    sameBits(record[name].data as Float32Array, tensor.data as Float32Array, name);
  }
  const expected = predictions(model, x);
  const trained = weightsOf(model);
  model.trainOnBatch(x, y);
  // Prepared forms of the old weights must not be used.
  predictions(other, x);
  other.setWeights(record);
  sameBits(weightsOf(other), trained, 'set');
  sameBits(predictions(other, x), expected, 'predictions');
  disposeAll(record);
  assert.is(memory().tensors, before);
  sameBits(predictions(other, x), expected, 'the record was copied');
  for (const one of [model, other]) one.dispose();
});

test('set without anybody having looked at the data: predictions are of the new weights', () => {
  const make = (seed: number) =>
    new Sequential(
      [layers.conv2d({ filters: 4, kernelSize: 3 }), layers.flatten(), layers.dense({ units: 3 })],
      {
        inputShape: [6, 6, 1],
        seed,
      },
    );
  const [a, b] = [make(1), make(2)];
  const [one, two] = [predictions(a, x), predictions(b, x)];
  const record = a.getWeights();
  b.setWeights(record);
  sameBits(predictions(b, x), one, 'of a');
  assert.not.equal([...one], [...two]);
  disposeAll(record);
  for (const model of [a, b]) model.dispose();
});

test('all or nothing: the error lists what is missing, unexpected and misshapen', async () => {
  const model = compiled();
  const record = model.getWeights();
  const before = weightsOf(model);
  const half: Record_ = { ...record, 'conv/kernel': record['conv2d/bias'] };
  delete half['conv2d/kernel'];
  const wrong = Tensor.zeros([3, 16]);
  half['dense/kernel'] = wrong;
  const refuse = async (given: unknown, Kind: typeof ValueError, ...parts: string[]) => {
    await rejects(() => model.setWeights(given as Record_), Kind, 'tiny.setWeights', ...parts);
    sameBits(weightsOf(model), before, parts.join());
  };
  await refuse(
    half,
    ValueError,
    "missing 'conv2d/kernel'",
    "unexpected 'conv/kernel'",
    "misshapen 'dense/kernel' (float32 [3, 16] for float32 [16, 3])",
  );
  await refuse({ ...record, 'dense/bias': [1, 2, 3] }, ValueError, "'dense/bias' (no tensor");
  const integers = Tensor.from(Int32Array.of(1, 2, 3));
  await refuse({ ...record, 'dense/bias': integers }, ValueError, "'dense/bias' (int32 [3]");
  const infinite = Tensor.from([1, Number.NaN, 3]);
  await refuse({ ...record, 'dense/bias': infinite }, NumericError, "'dense/bias' contains NaN");
  await refuse({}, ValueError, 'missing', "'dense/bias'");
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`w${i}`, wrong]));
  await refuse({ ...record, ...many }, ValueError, "'w7' and 22 more");
  for (const given of [null, undefined, 3, wrong, [wrong]]) await refuse(given, ValueError);
  const set = () => model.setWeights(record, { form: 'pytorch' } as never);
  await rejects(set, ValueError, 'tiny.setWeights', "no option 'form'", 'from');
  for (const one of [wrong, integers, infinite]) one.dispose();
  record['dense/bias'].dispose();
  await rejects(() => model.setWeights(record), StateError, 'dispose');
  sameBits(weightsOf(model), before, 'with a disposed tensor');
  disposeAll(record);
  model.dispose();
  await rejects(() => model.getWeights(), StateError, 'dispose');
  await rejects(() => model.setWeights({}), StateError, 'dispose');
});

test("a model's own weights may be given for others of it", () => {
  const image = input([4]);
  const [a, b] = ['a', 'b'].map((name) => layers.dense({ units: 4, useBias: false, name }));
  const model = new Model({ inputs: image, outputs: b.apply(a.apply(image)), seed: 3 });
  const [one, two] = model.weights.map(({ tensor }) => Float32Array.from(tensor.data));
  const [first, second] = model.weights.map(({ tensor }) => tensor);
  model.setWeights({ 'a/kernel': second, 'b/kernel': first });
  sameBits(first.data as Float32Array, two, 'a');
  sameBits(second.data as Float32Array, one, 'b');
  model.dispose();
});

test('shared layers have theirs once; frozen ones can be set too', () => {
  const image = input([6, 6, 2]);
  const shared = layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', name: 'shared' });
  const h = shared.apply(shared.apply(image));
  const model = new Model({ inputs: image, outputs: layers.globalAvgPool2d().apply(h) });
  shared.trainable = false;
  const record = model.getWeights();
  assert.equal(Object.keys(record), ['shared/kernel', 'shared/bias']);
  (record['shared/bias'].data as Float32Array).set([3, 4]);
  model.setWeights(record);
  assert.equal([...model.weights[1].tensor.data], [3, 4]);
  // Another model of the layer sees it.
  const other = new Model({ inputs: image, outputs: h });
  assert.equal([...other.weights[1].tensor.data], [3, 4]);
  disposeAll(record);
  for (const one of [model, other]) one.dispose();
});

test('training goes on from what was set, and the momentum stays', () => {
  const [model, twin] = [compiled(), compiled()];
  for (const one of [model, twin]) one.trainOnBatch(x, y);
  const record = model.getWeights();
  model.setWeights(record);
  for (const one of [model, twin]) one.trainOnBatch(x, y);
  sameBits(weightsOf(model), weightsOf(twin), 'after a step');
  disposeAll(record);
  for (const one of [model, twin]) one.dispose();
});

test('layer.weights are those of model.weights', async () => {
  const conv = layers.conv2d({ filters: 2, kernelSize: 3, name: 'conv' });
  await rejects(() => conv.weights, StateError, 'conv:', 'model.weights');
  const flatten = layers.flatten();
  const model = new Sequential([conv, flatten, layers.dense({ units: 3 })], {
    inputShape: [6, 6, 1],
  });
  await rejects(() => conv.weights, StateError, 'conv:');
  assert.equal(flatten.weights, []);
  const all = model.weights;
  assert.equal(conv.weights.length, 2);
  conv.weights.forEach((weight, i) => {
    assert.is(weight, all[i]);
  });
  assert.equal(
    model.layers.flatMap((layer) => layer.weights),
    all,
  );
  // Of two models with it, the newest with memory has its gradients.
  const image = input([6, 6, 1]);
  const other = new Model({ inputs: image, outputs: conv.apply(image) });
  assert.is(conv.weights[0], all[0]);
  const [theirs] = other.weights;
  assert.is(conv.weights[0], theirs);
  assert.is(theirs.tensor, all[0].tensor);
  other.dispose();
  assert.is(conv.weights[0], all[0]);
  model.dispose();
  await rejects(() => conv.weights, StateError, 'conv:', 'dispose');
});

test('layers made of several have the weights of all, and freeze as one', () => {
  const separable = layers.separableConv2d({ filters: 3, kernelSize: 3, name: 'apart' });
  const block = layers.residual({
    layers: [layers.conv2d({ filters: 3, kernelSize: 1, name: 'in' })],
  });
  const list = [separable, block, layers.flatten(), layers.dense({ units: 3 })];
  const model = new Sequential(list, { inputShape: [6, 6, 1] });
  const names = (of: readonly { name: string }[]) => of.map(({ name }) => name);
  assert.equal(names(model.weights).slice(0, 5), names([...separable.weights, ...block.weights]));
  assert.equal(names(separable.weights), ['apart_depthwise/kernel', 'apart/kernel', 'apart/bias']);
  assert.equal([separable.trainable, block.trainable], [true, true]);
  separable.trainable = false;
  assert.equal(
    model.weights.map(({ trainable }) => trainable),
    [false, false, false, true, true, true, true],
  );
  assert.is(separable.trainable, false);
  model.dispose();
});

test.run();
