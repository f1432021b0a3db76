// Sequential: names, shapes and weights, and what compile, fit, evaluate, predict and summary promise.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Data,
  layers,
  memory,
  optimizers,
  Sequential,
  ShapeError,
  StateError,
  Tensor,
  ValueError,
  zoo,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import {
  compiled,
  otherBits,
  predictions,
  rejects,
  sameBits,
  samples,
  tiny,
  weightsOf,
} from '../helpers/models.js';
import '../helpers/start.js';

const { x, y } = samples(50);

test('nameless layers are called by their type, numbered from the second on', () => {
  const names = (list: Parameters<typeof build>[0]) => build(list).layers.map(({ name }) => name);
  const build = (list: ReturnType<typeof layers.relu>[]) =>
    new Sequential(list, { inputShape: [4] });
  assert.equal(names([layers.relu(), layers.relu(), layers.relu()]), ['relu', 'relu_1', 'relu_2']);
  // A name that is taken is passed over, wherever it stands.
  assert.equal(
    names([
      layers.relu(),
      layers.relu(),
      layers.relu({ name: 'relu_1' }),
      layers.relu({ name: 'own' }),
    ]),
    ['relu', 'relu_2', 'relu_1', 'own'],
  );
});

test('shapes', () => {
  const model = tiny();
  assert.equal(model.inputShape, [6, 6, 1]);
  assert.equal(model.outputShape, [3]);
  assert.equal(
    model.summary({ print: null }).map(({ outputShape }) => outputShape),
    [[4, 4, 4], [4, 4, 4], [2, 2, 4], [16], [16], [3]],
  );
});

test('weights: in layer order, unique and stable names, flags, gradients', () => {
  const model = compiled();
  const expected: [string, number[], boolean][] = [
    ['conv2d/kernel', [3, 3, 1, 4], true],
    ['conv2d/bias', [4], true],
    ['batchNorm/gamma', [4], true],
    ['batchNorm/beta', [4], true],
    ['batchNorm/movingMean', [4], false],
    ['batchNorm/movingVariance', [4], false],
    ['dense/kernel', [16, 3], true],
    ['dense/bias', [3], true],
  ];
  assert.equal(
    model.weights.map(({ name, tensor, trainable }) => [name, tensor.shape, trainable]),
    expected,
  );
  assert.is(model.weights, model.weights);
  model.trainOnBatch(x, y);
  for (const { name, gradient, trainable, tensor } of model.weights) {
    assert.is(gradient === null, !trainable, name);
    if (!gradient) continue;
    assert.equal(gradient.shape, tensor.shape);
    assert.ok(
      gradient.data.some((v) => v !== 0),
      `the gradient of ${name} is 0`,
    );
  }
  model.dispose();
});

test('grouped filters are as deep as one group', () => {
  const model = new Sequential([layers.conv2d({ filters: 6, kernelSize: [2, 3], groups: 2 })], {
    inputShape: [5, 5, 4],
  });
  assert.equal(
    model.weights.map(({ tensor }) => tensor.shape),
    [[2, 3, 2, 6], [6]],
  );
  model.dispose();
});

test('writing to a weight changes the predictions', () => {
  const model = tiny();
  const before = predictions(model, x);
  const bias = model.weights[7].tensor;
  bias.data[1] += 2;
  const after = predictions(model, x);
  close(
    after,
    before.map((v, i) => v + (i % 3 === 1 ? 2 : 0)),
    { atol: 1e-5 },
  );
  model.dispose();
});

test('predictions follow the weights, whoever changes them, and whatever ran in between', async () => {
  const build = () =>
    new Sequential(
      [
        layers.conv2d({ filters: 5, kernelSize: 3, activation: 'relu' }),
        layers.batchNorm(),
        layers.conv2d({ filters: 4, kernelSize: 3, groups: 1 }),
        layers.flatten(),
        layers.dense({ units: 3 }),
      ],
      { inputShape: [6, 6, 1], seed: 2 },
    );
  const { x, y } = samples(7);
  const model = build();
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'softmaxCrossEntropy' });
  // A model that never predicted before has nothing to remember.
  const fresh = () => {
    const other = build();
    other.weights.forEach(({ tensor }, i) => {
      tensor.data.set(model.weights[i].tensor.data);
    });
    const expected = predictions(other, x);
    other.dispose();
    return expected;
  };
  const follows = (what: string) => sameBits(predictions(model, x), fresh(), what);
  follows('at first');
  follows('again');
  const held = model.weights.map(({ tensor }) => tensor.data);
  for (const [i, data] of held.entries()) {
    data[data.length - 1] += 0.5;
    follows(`after a change of ${model.weights[i].name}`);
  }
  model.trainOnBatch(x, y);
  follows('after a step');
  await model.evaluate(x, y, { batchSize: 3 });
  follows('after an evaluation');
  model.predict(x, { batchSize: 2 }).dispose();
  follows('after other batch sizes');
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'softmaxCrossEntropy' });
  const frozen = model.weights.filter(({ trainable }) => !trainable).map(({ tensor }) => tensor);
  model.trainOnBatch(x, y);
  follows('before a step that changes nothing');
  const statistics = frozen.map(({ data }) => data.slice());
  model.trainOnBatch(x, y);
  frozen.forEach(({ data }, i) => {
    data.set(statistics[i]);
  });
  follows('after a step that changed nothing');
  model.dispose();
});

test('any batch size predicts the same bits', () => {
  for (const model of [tiny(), zoo.lenet5({ seed: 3 })]) {
    const pixels = model.name === 'tiny' ? x : samples(11 * 22).x.subarray(0, 11 * 784);
    const whole = predictions(model, pixels, 1000);
    for (const batchSize of [1, 2, 3, 7, 10, 32])
      sameBits(predictions(model, pixels, batchSize), whole, `${model.name}, ${batchSize}`);
    model.dispose();
  }
});

test('x as Tensor, typed arrays and nested arrays', () => {
  const model = tiny();
  const bytes = Uint8Array.from(x, (v) => (v + 1) * 100);
  const floats = Float32Array.from(bytes);
  const tensor = Tensor.from(floats, [50, 6, 6, 1]);
  const forms: Data[] = [
    tensor,
    floats,
    bytes,
    Float64Array.from(bytes),
    Int32Array.from(bytes),
    tensor.toArray(),
    Buffer.from(bytes),
  ];
  const expected = predictions(model, forms[0]);
  forms.forEach((form, i) => {
    sameBits(predictions(model, form), expected, `form ${i}`);
  });
  tensor.dispose();
  model.dispose();
});

test('class indices and one-hot rows: same loss, same weights', async () => {
  const oneHot = Float32Array.from({ length: 150 }, (_, i) =>
    y[Math.floor(i / 3)] === i % 3 ? 1 : 0,
  );
  const column = Tensor.from(y, [50, 1]);
  const rows = Tensor.from(oneHot, [50, 3]);
  const runs = [y, [...y], column, Uint8Array.from(y), oneHot, rows].map(async (targets) => {
    const model = compiled();
    const { history } = await model.fit(x, targets, { epochs: 3 });
    const logs = [...history.loss, ...history.accuracy];
    const weights = weightsOf(model);
    model.dispose();
    return { logs, weights };
  });
  const [first, ...rest] = await Promise.all(runs);
  for (const { logs, weights } of rest.slice(0, 3)) {
    assert.equal(logs, first.logs);
    sameBits(weights, first.weights, 'weights');
  }
  for (const { logs, weights } of rest.slice(3)) {
    close(logs, first.logs, { rtol: 1e-5 });
    close(weights, first.weights, { atol: 1e-5 });
  }
  column.dispose();
  rows.dispose();
});

test('evaluate: from predictions, by hand, for any batch size', async () => {
  const model = compiled();
  await model.fit(x, y, { epochs: 2 });
  const logits = predictions(model, x);
  let loss = 0;
  let right = 0;
  for (let i = 0; i < 50; i++) {
    const row = [...logits.subarray(i * 3, i * 3 + 3)];
    loss += (Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0)) - row[y[i]]) / 50;
    right += row.indexOf(Math.max(...row)) === y[i] ? 1 : 0;
  }
  for (const batchSize of [7, 32, 64]) {
    const logs = await model.evaluate(x, y, { batchSize });
    close([logs.loss, logs.accuracy], [loss, right / 50], { rtol: 1e-5 });
  }
  model.dispose();
});

test('a model that ends in softmax trains as its logits do, and predicts probabilities', async () => {
  const body = () => [layers.flatten(), layers.dense({ units: 8, activation: 'tanh' })];
  const make = (...end: ReturnType<typeof layers.softmax>[]) => {
    const model = new Sequential([...body(), ...end], { inputShape: [6, 6, 1], seed: 2 });
    model.compile({
      optimizer: optimizers.sgd({ learningRate: 0.1 }),
      loss: 'softmaxCrossEntropy',
      metrics: ['accuracy'],
    });
    return model;
  };
  const logits = make(layers.dense({ units: 3 }));
  // A layer with an activation of its own right before the softmax must keep its derivative.
  const pairs: [Sequential, Sequential][] = [
    [logits, make(layers.dense({ units: 3 }), layers.softmax())],
    [make(layers.dense({ units: 3 })), make(layers.dense({ units: 3, activation: 'softmax' }))],
    [
      make(layers.dense({ units: 3, activation: 'tanh' })),
      make(layers.dense({ units: 3, activation: 'tanh' }), layers.softmax()),
    ],
  ];
  for (const [plain, ended] of pairs) {
    const histories = await Promise.all(
      [plain, ended].map((model) => model.fit(x, y, { epochs: 3 })),
    );
    assert.equal(histories[1].history, histories[0].history);
    sameBits(weightsOf(ended), weightsOf(plain), 'weights');
    assert.equal(await ended.evaluate(x, y), await plain.evaluate(x, y));
    const z = plain.predict(x);
    const rows = z.toArray() as number[][];
    const expected = rows.flatMap((row) =>
      row.map((v) => Math.exp(v) / row.reduce((sum, w) => sum + Math.exp(w), 0)),
    );
    close(predictions(ended, x), expected, { atol: 1e-6 });
    for (const one of [z, plain, ended]) one.dispose();
  }
});

test('trainOnBatch reports the loss before the step, and steps downhill', () => {
  const model = compiled({ rate: 0 });
  const losses = Array.from({ length: 30 }, () => model.trainOnBatch(x, y).loss);
  assert.ok(losses[29] < losses[0] / 3, `${losses[0]} to ${losses[29]}`);
  model.dispose();
});

test('compile again: the optimizer begins anew, the weights stay', async () => {
  const model = compiled();
  await model.fit(x, y);
  const before = weightsOf(model);
  model.compile({ optimizer: optimizers.adam(), loss: 'meanSquaredError' });
  sameBits(weightsOf(model), before, 'weights');
  const targets = Float32Array.from({ length: 150 }, (_, i) => i % 3);
  assert.equal(Object.keys(model.trainOnBatch(x, targets)), ['loss']);
  otherBits(weightsOf(model), before, 'weights');
  model.dispose();
});

test('layers that are added one by one make the model that a list makes, to the bit', async () => {
  const list = () => [
    layers.conv2d({ filters: 4, kernelSize: 3 }),
    layers.relu(),
    layers.conv2d({ filters: 4, kernelSize: 3, name: 'conv2d_1' }),
    layers.conv2d({ filters: 4, kernelSize: 1 }),
    layers.flatten(),
    layers.dense({ units: 3 }),
  ];
  const options = { inputShape: [6, 6, 1], seed: 3, name: 'net' };
  const compile = (model: Sequential) =>
    model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy' });
  const whole = new Sequential(list(), options);
  const added = list().reduce((model, one) => model.add(one), new Sequential([], options));
  const rest = [layers.conv2d({ filters: 2, kernelSize: 1, name: 'last' }), layers.flatten()];
  const tail = new Sequential(rest, { ...options, inputShape: [4, 4, 4] });
  const nested = new Sequential(list().slice(0, 2), options).add(tail);
  for (const model of [whole, added]) compile(model);
  assert.equal(
    added.layers.map(({ name }) => name),
    whole.layers.map(({ name }) => name),
  );
  assert.equal(added.outputShape, [3]);
  sameBits(weightsOf(added), weightsOf(whole), 'weights');
  assert.equal(added.trainOnBatch(x, y), whole.trainOnBatch(x, y));
  sameBits(predictions(added, x), predictions(whole, x), 'predictions');
  assert.equal(Buffer.from(added.toBytes()), Buffer.from(whole.toBytes()));
  assert.is(predictions(nested, x).length, 32 * 50);
  await rejects(() => added.add(layers.relu()), StateError, 'net.add', 'weights already');
  const begun = new Sequential(list().slice(0, 1), options);
  await rejects(() => begun.add(begun.layers[0]), ValueError, 'net.add', 'there twice');
  await rejects(() => begun.add(layers.dense({ units: 2 })), ShapeError, 'flatten');
  await rejects(() => begun.add(layers.relu({ name: 'conv2d' })), ValueError, 'unique');
  await rejects(() => begun.add(5 as never), ValueError, 'net.add: the layer is 5');
  // After an error all is as before.
  begun.add(layers.relu({ name: 'after' })).add(layers.flatten());
  assert.is(predictions(begun, x).length, 64 * 50);
  for (const model of [whole, added, nested, tail, begun]) model.dispose();
});

test('layers that are added to shared ones leave nothing when all models are gone', () => {
  const start = memory().parameters;
  for (let i = 0; i < 3; i++) {
    const base = new Sequential([layers.flatten(), layers.dense({ units: 9 })], {
      inputShape: [6, 6, 1],
    });
    const model = new Sequential([], { inputShape: [6, 6, 1] }).add(base);
    model.add(layers.relu()).add(layers.dense({ units: 3 }));
    predictions(model, x);
    model.dispose();
    assert.is(predictions(base, x).length, 9 * 50, 'the other keeps its weights');
    base.dispose();
    assert.is(memory().parameters, start);
  }
});

test('summary prints a table with totals, and returns its rows', () => {
  let text = '';
  const rows = tiny().summary({
    print: (line) => {
      text += line;
    },
  });
  assert.equal(
    rows.map(({ parameters }) => parameters),
    [40, 8, 0, 0, 0, 51],
  );
  assert.equal(
    rows.map(({ statistics }) => statistics),
    [0, 8, 0, 0, 0, 0],
  );
  assert.equal(
    rows.map(({ multiplyAdds }) => multiplyAdds),
    [576, 0, 0, 0, 0, 48],
  );
  assert.match(text, /tiny: input 6 × 6 × 1/);
  assert.match(text, /total +99 +624 /);
  for (const { name } of rows) assert.match(text, name);
});

test.run();
