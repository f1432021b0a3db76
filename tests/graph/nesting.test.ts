// Models inside of models: applied like layers, and in the list of a Sequential; with the same weights.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  type Layer,
  layers,
  loadModel,
  Model,
  optimizers,
  Sequential,
  ShapeError,
  ValueError,
} from '../../src/index.js';
import { otherBits, predictions, rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const base = () =>
  new Sequential(
    [
      layers.conv2d({ filters: 4, kernelSize: 3, activation: 'relu' }),
      layers.batchNorm(),
      layers.globalAvgPool2d(),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [6, 6, 2], seed: 1, name: 'base' },
  );
const x = numbers(4 * 72, 1);

test('a base and a head in a row compute what they compute one after the other', async () => {
  const body = base();
  const model = new Sequential([body, layers.relu(), layers.dense({ units: 2 })], {
    inputShape: [6, 6, 2],
    seed: 2,
  });
  assert.equal(
    model.layers.map(({ name }) => name),
    ['conv2d', 'batchNorm', 'globalAvgPool2d', 'dense', 'relu', 'dense_1'],
  );
  const seen = body.predict(x);
  const head = new Sequential([layers.relu(), layers.dense({ units: 2 })], { inputShape: [3] });
  model.weights.slice(-2).forEach(({ tensor }, i) => {
    head.weights[i].tensor.data.set(tensor.data);
  });
  sameBits(predictions(model, x), predictions(head, seen.data as Float32Array), 'both');
  // What the one learns, the other knows.
  const before = weightsOf(body);
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  model.trainOnBatch(x, Int32Array.of(0, 1, 1, 0));
  otherBits(weightsOf(body), before, 'the base has learned');
  const loaded = await loadModel(model.toBytes());
  sameBits(predictions(loaded as Sequential, x), predictions(model, x), 'loaded');
  for (const one of [model, body, head, loaded, seen]) one.dispose();
});

test('twins: one model applied to two inputs, which lists may be too', () => {
  const twin = base();
  const [a, b] = [input([6, 6, 2]), input([6, 6, 2])];
  const outputs = layers.subtract().apply([twin.apply(a), twin.apply(b)]);
  const model = new Model({ inputs: [a, b], outputs });
  const y = model.predict([x, x]);
  assert.ok(y.data.every((v) => v === 0));
  assert.is(model.weights.length, twin.weights.length);
  const list = new Model({ inputs: twin.inputs, outputs: [twin.outputs[0]] });
  assert.is(list.apply(a).length, 1);
  for (const one of [twin, model, list, y]) one.dispose();
});

test('bad input', async () => {
  const body = base();
  const row =
    (list: unknown[], inputShape = [6, 6, 2]) =>
    () =>
      new Sequential(list as Layer[], { inputShape, name: 'row' });
  await rejects(row([body], [5, 5, 2]), ShapeError, 'row', "'base'", '[6, 6, 2]', '[5, 5, 2]');
  await rejects(row([body, body]), ValueError, 'row', 'twice');
  const two = new Model({ inputs: body.inputs, outputs: [...body.outputs, body.layers[0].output] });
  await rejects(row([two]), ShapeError, "'model'", '2 outputs');
  await rejects(() => body.apply([input([3]), input([3])]), ShapeError, 'base', '1 inputs', '2');
  await rejects(() => body.apply(input([6, 6, 3])), ShapeError, 'conv2d', 'kernel');
  await rejects(() => body.apply(3 as never), ValueError, 'apply', 'Number');
  for (const one of [body, two]) one.dispose();
});

test.run();
