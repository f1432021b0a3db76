// Models over the same layers: one set of weights, live in all of them, until the last is disposed.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  dispose,
  init,
  input,
  layers,
  loadModel,
  Model,
  memory,
  optimizers,
  Sequential,
  StateError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { dot } from '../helpers/gradcheck.js';
import { otherBits, rejects, sameBits, samples } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import { options } from '../helpers/start.js';

type Any = Pick<Model, 'predict' | 'weights' | 'dispose'>;

const { x, y } = samples(8);
const sgd = optimizers.sgd({ learningRate: 0.05, momentum: 0.9 });
const loss = 'softmaxCrossEntropy';

/** Every layer has a kept form at inference: folded, transformed, packed. */
function described(seed = 1): Sequential {
  return new Sequential(
    [
      layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', name: 'conv' }),
      layers.batchNorm({ momentum: 0.5, name: 'norm' }),
      layers.relu({ name: 'relu' }),
      layers.conv2d({ filters: 9, kernelSize: 3, algorithm: 'winograd', name: 'winograd' }),
      layers.globalAvgPool2d({ name: 'features' }),
      layers.dense({ units: 3, name: 'last' }),
    ],
    { inputShape: [6, 6, 1], seed, name: 'base' },
  );
}

/** The same, compiled. */
function network(): Sequential {
  const model = described();
  model.compile({ optimizer: sgd, loss });
  return model;
}

const upTo = (base: Model, name: string): Model =>
  new Model({ inputs: base.inputs, outputs: base.getLayer(name).output, name: `up to ${name}` });

function predicted(model: Any, data: Float32Array = x): Float32Array {
  const result = model.predict(data);
  const copy = Float32Array.from(result.data);
  result.dispose();
  return copy;
}

const taken = () => ({ ...memory(), bytes: 0 });

/** What the features are for the base's weights now: by a model that has never predicted before. */
async function afresh(base: Model): Promise<Float32Array> {
  const copy = await loadModel(base.toBytes());
  const model = upTo(copy, 'features');
  const result = predicted(model);
  for (const one of [copy, model]) one.dispose();
  return result;
}

test('trained in one, changed in the other: predictions with forms that are kept', async () => {
  const base = network();
  const features = upTo(base, 'features');
  const check = async (what: string) => sameBits(predicted(features), await afresh(base), what);
  await check('at first');
  const first = predicted(features);
  base.trainOnBatch(x, y);
  await check('the base was trained');
  otherBits(predicted(features), first, 'trained');
  await base.fit(x, y, { epochs: 2, batchSize: 3 });
  await check('the base was fitted');
  const before = predicted(base);
  features.compile({ optimizer: sgd, loss: 'meanSquaredError' });
  features.trainOnBatch(x, numbers(8 * 9, 4));
  await check('the features were trained');
  otherBits(predicted(base), before, 'the base has the same weights');
  features.weights[0].tensor.data[3] += 1;
  await check('written through one of them');
  base.weights[0].tensor.data[4] += 1;
  await check('written through the other');
  for (const model of [base, features]) model.dispose();
});

test('each model has its own gradients, momentum and step', () => {
  const [base, alone] = [network(), network()];
  const features = upTo(base, 'features');
  features.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' });
  for (const model of [base, alone]) model.trainOnBatch(x, y);
  const kept = base.weights.map(({ tensor }) => Float32Array.from(tensor.data));
  features.trainOnBatch(x, numbers(8 * 9, 4));
  base.weights.forEach(({ name, gradient }, i) => {
    const own = alone.weights[i].gradient;
    if (gradient && own) sameBits(gradient.data, own.data, `gradient of ${name}`);
  });
  // The weights put back, the base goes on as if nothing had been.
  base.weights.forEach(({ tensor }, i) => {
    tensor.data.set(kept[i]);
  });
  for (const model of [base, alone]) model.trainOnBatch(x, y);
  base.weights.forEach(({ name, tensor }, i) => {
    sameBits(tensor.data, alone.weights[i].tensor.data, name);
  });
  for (const model of [base, alone, features]) model.dispose();
});

test('the weights take memory once; it comes back with the last model, in whatever order', () => {
  const start = taken();
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ];
  for (const order of orders) {
    const base = network();
    const expected = predicted(base);
    const { parameters } = memory();
    const features = upTo(base, 'features');
    const inner = base.getLayer('relu').output;
    const head = new Model({ inputs: inner, outputs: base.outputs[0], name: 'head' });
    const maps = upTo(base, 'relu');
    const middle = predicted(maps);
    maps.dispose();
    const all: Any[] = [base, features, head];
    const use = [
      () => sameBits(predicted(base), expected, 'base'),
      () => predicted(features),
      () => close(predicted(head, middle), expected, { atol: 1e-6 }, 'head'),
    ];
    for (const each of use) each();
    assert.is(memory().parameters, parameters, 'no weights beside the base’s');
    const { tensor } = base.weights[0];
    order.forEach((one, i) => {
      all[one].dispose();
      all[one].dispose();
      for (const other of order.slice(i + 1)) use[other]();
      if (i < 2) assert.is(tensor.data.length, 72, 'its tensor lives as long as the weights');
    });
    assert.throws(
      () => tensor.data,
      (error: unknown) => error instanceof StateError,
    );
    assert.equal(taken(), start, `order ${order}`);
  }
});

test('a model that was never used shares all the same', async () => {
  const start = taken();
  const base = described();
  const features = upTo(base, 'features');
  base.dispose();
  assert.is(predicted(features).length, 72);
  features.dispose();
  assert.equal(taken(), start);
  // Nothing was lost with a model whose weights were never made.
  const unused = described();
  unused.dispose();
  const again = upTo(unused, 'features');
  assert.is(predicted(again).length, 72);
  again.dispose();
  assert.equal(taken(), start);
});

test('a model may be forgotten: the others keep the weights, and give them back', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const wait = () => new Promise((resolve) => setTimeout(resolve, 20));
  // What earlier tests forgot must not come back in the middle of this one.
  for (let round = 0; round < 3; round++) {
    collect();
    await wait();
  }
  const start = taken();
  // Apart, so that nothing here holds a base.
  const features = (() =>
    Array.from({ length: 4 }, () => {
      const base = network();
      base.trainOnBatch(x, y);
      return upTo(base, 'features');
    }))();
  const expected = features.map((model) => predicted(model));
  const { parameters, gradients } = memory();
  // WebKit keeps what any word of its stack looks like an address of: one base may stay there. In V8 all go.
  const few = 'gc' in globalThis ? 0 : (gradients - start.gradients) / 4;
  for (let round = 0; round < 50 && memory().gradients > start.gradients + few; round++) {
    collect();
    await wait();
  }
  assert.ok(memory().gradients <= start.gradients + few, "the bases' vectors came back");
  assert.is(memory().parameters, parameters);
  for (const [i, model] of features.entries()) {
    sameBits(predicted(model), expected[i] as Float32Array, 'features');
    model.dispose();
  }
  if (few === 0) assert.equal(taken(), start);
});

test('layers whose last model was disposed: an error, not what lies in their memory now', async () => {
  const start = taken();
  const base = network();
  predicted(base);
  base.dispose();
  const again = upTo(base, 'features');
  for (const use of [() => predicted(again), () => again.weights, () => again.toBytes()])
    await rejects(use, StateError, "'conv'", 'last model', 'new layers');
  again.dispose();
  // What has no weights can stand anywhere.
  const relu = new Sequential([base.getLayer('relu')], { inputShape: [2] });
  assert.equal([...predicted(relu, Float32Array.of(-1, 2))], [0, 2]);
  relu.dispose();
  assert.equal(taken(), start);
});

test('a layer without weights keeps no weights of its neighbours', () => {
  const start = taken();
  const base = network();
  predicted(base);
  const relu = new Sequential([base.getLayer('relu')], { inputShape: [2] });
  predicted(relu, Float32Array.of(-1, 2));
  base.dispose();
  assert.is(memory().parameters, start.parameters);
  relu.dispose();
  assert.equal(taken(), start);
});

test('new layers on those of another model: transfer', async () => {
  const base = network();
  for (let step = 0; step < 3; step++) base.trainOnBatch(x, y);
  for (const layer of base.layers) layer.trainable = false;
  const features = base.getLayer('features').output;
  const outputs = layers.dense({ units: 3 }).apply(features);
  const head = new Model({ inputs: base.inputs, outputs, seed: 5 });
  head.compile({ optimizer: sgd, loss });
  const before = predicted(base);
  const { history } = await head.fit(x, y, { epochs: 20, batchSize: 8 });
  assert.ok(history.loss[19] < history.loss[0], 'the new layer learns');
  sameBits(predicted(base), before, 'the base stays');
  assert.equal(
    head.weights.filter(({ trainable }) => trainable).map(({ name }) => name),
    ['dense/kernel', 'dense/bias'],
  );
  for (const model of [base, head]) model.dispose();
});

test('weights come from the seed of the model that has the layers first', () => {
  const all = [described(1), described(1), described(2)];
  const [base, equal, unequal] = all;
  const other = new Model({ inputs: base.inputs, outputs: base.outputs[0], seed: 2 });
  // The second model of the layers is used first, and makes the first one's weights.
  sameBits(predicted(other), predicted(equal), 'seed 1');
  sameBits(predicted(base), predicted(equal), 'seed 1 again');
  otherBits(predicted(unequal), predicted(equal), 'seed 2');
  for (const model of [...all, other]) model.dispose();
});

test('what is dropped comes from the seed of each model', () => {
  const inputs = input([36]);
  const dropped = layers.dropout({ rate: 0.5 }).apply(inputs);
  const outputs = layers.dense({ units: 3 }).apply(dropped);
  const models = [1, 2, 1].map((seed) => new Model({ inputs, outputs, seed }));
  const losses = models.map((model) => {
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss });
    return model.trainOnBatch(x, y).loss;
  });
  assert.is(losses[0], losses[2]);
  assert.is.not(losses[0], losses[1]);
  for (const model of models) model.dispose();
});

test('a model of the new layers alone follows them', () => {
  const base = network();
  const features = base.getLayer('features').output;
  const outputs = layers.dense({ units: 3, name: 'new' }).apply(features);
  const whole = new Model({ inputs: base.inputs, outputs });
  const head = new Model({ inputs: features, outputs });
  const maps = numbers(72, 4);
  const before = predicted(head, maps);
  whole.compile({ optimizer: sgd, loss });
  whole.trainOnBatch(x, y);
  // Before anybody asks for the weights, which would be looked at more closely from then on.
  const after = predicted(head, maps);
  const [kernel, bias] = head.weights.map(({ tensor }) => tensor.data);
  const expected = Float32Array.from({ length: 24 }, (_, i) => {
    const [row, unit] = [Math.floor(i / 3), i % 3];
    const column = kernel.filter((_w, j) => j % 3 === unit);
    return bias[unit] + dot(column, maps.subarray(9 * row));
  });
  close(after, expected, { atol: 1e-5 }, 'the new weights');
  otherBits(after, before, 'trained');
  for (const model of [base, whole, head]) model.dispose();
});

test('a form is kept once, however often its layer stands in the graph', () => {
  const shared = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same' });
  const inputs = input([5, 5, 3]);
  const once = shared.apply(inputs);
  const prepared = [once, shared.apply(shared.apply(once))].map((outputs) => {
    const model = new Model({ inputs, outputs });
    const need = model.memory({ batchSize: 2 }).inference.prepared;
    model.dispose();
    return need;
  });
  assert.ok(prepared[0] > 0);
  assert.is(prepared[1], prepared[0]);
});

test('frozen for one model is frozen for all; each arranges its vectors when it trains', () => {
  const base = network();
  const features = upTo(base, 'features');
  features.compile({ optimizer: sgd, loss: 'meanSquaredError' });
  const targets = numbers(8 * 9, 4);
  base.trainOnBatch(x, y);
  features.trainOnBatch(x, targets);
  base.getLayer('conv').trainable = false;
  const before = Float32Array.from(base.weights[0].tensor.data);
  base.trainOnBatch(x, y);
  features.trainOnBatch(x, targets);
  sameBits(base.weights[0].tensor.data, before, 'conv/kernel');
  assert.is(features.weights[0].gradient, null);
  for (const model of [base, features]) model.dispose();
});

test('a model that begins inside another: with an input of its own shape, in a file too', async () => {
  const base = network();
  const inner = base.getLayer('relu').output;
  const head = new Model({ inputs: inner, outputs: base.outputs[0] });
  assert.equal([head.inputShape, head.inputNames], [[6, 6, 8], ['relu']]);
  assert.equal(
    head.layers.map(({ name }) => name),
    ['winograd', 'features', 'last'],
  );
  const maps = numbers(2 * 288, 3);
  const expected = predicted(head, maps);
  const loaded = await loadModel(head.toBytes());
  sameBits(predicted(loaded, maps), expected, 'predictions');
  assert.equal(loaded.inputNames, ['relu']);
  assert.ok(Buffer.from(loaded.toBytes()).equals(head.toBytes()), 'the files');
  const named = loaded.predict({ relu: maps });
  sameBits(Float32Array.from(named.data), expected, 'by name');
  named.dispose();
  for (const model of [base, head, loaded]) model.dispose();
});

test('the layer before an inner input may stand behind it too', () => {
  const same = layers.dense({ units: 4, name: 'same' });
  const first = input([4]);
  const second = same.apply(first);
  const whole = new Model({ inputs: first, outputs: same.apply(second) });
  const part = new Model({ inputs: second, outputs: whole.outputs[0] });
  const once = new Model({ inputs: first, outputs: second });
  const data = numbers(8, 1);
  sameBits(predicted(part, predicted(once, data)), predicted(whole, data), 'predictions');
  for (const model of [whole, part, once]) model.dispose();
});

test('after dispose of everything, layers of before are of no use', async () => {
  const base = network();
  predicted(base);
  dispose();
  await init(options);
  try {
    const features = upTo(base, 'features');
    await rejects(() => predicted(features), StateError, "'conv'", 'last model');
    await rejects(() => predicted(base), StateError, 'base', 'dispose');
    for (const model of [base, features]) model.dispose();
    assert.is(memory().parameters, 0);
  } finally {
    dispose();
    await init(options);
  }
});

test.run();
