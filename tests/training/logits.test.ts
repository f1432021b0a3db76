// Losses that take logits, of models that end in softmax or sigmoid: these are undone, also through layers that only
// rename their numbers, or `compile` says why they cannot be (keras#6983).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, layers, Model, optimizers, Sequential, ValueError } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type Layers = ConstructorParameters<typeof Sequential>[0];
type Loss = 'softmaxCrossEntropy' | 'binaryCrossEntropy';

const optimizer = optimizers.sgd({ learningRate: 0.1 });

function network(all: Layers, inputShape: number[], loss: Loss): Sequential {
  const model = new Sequential(all, { inputShape, seed: 2 });
  model.compile({ optimizer, loss });
  return model;
}

async function lossOf(all: Layers, shape: number[], loss: Loss, x: number[], y: unknown) {
  const model = network(all, shape, loss);
  const result = await model.evaluate(Float32Array.from(x), y as number[]);
  model.dispose();
  return result.loss;
}

test('a softmax under other names is undone', async () => {
  // −ln(e⁵ / (e⁵ + 2)), not that of a softmax of softmaxes, 0.560.
  const right = Math.log(1 + 2 * Math.exp(-5));
  for (const last of [
    [layers.softmax(), layers.flatten()],
    [layers.softmax(), layers.reshape({ targetShape: [3] })],
    [layers.softmax(), layers.reshape({ targetShape: [1, 3] }), layers.flatten()],
    [layers.activation({ activation: 'softmax' }), layers.flatten()],
    [layers.flatten(), layers.softmax(), layers.linear()],
    [layers.softmax(), layers.activation({ activation: 'linear' }), layers.flatten()],
  ])
    close([await lossOf(last, [1, 1, 3], 'softmaxCrossEntropy', [0, 5, 0], [1])], [right], {
      rtol: 1e-5,
    });
  close([right], [0.01339], { atol: 1e-5 });
});

test('a sigmoid under other names is undone, whatever the shapes', async () => {
  const right = Math.log1p(Math.exp(-9));
  for (const last of [
    [layers.sigmoid(), layers.flatten()],
    [layers.sigmoid(), layers.reshape({ targetShape: [1] })],
    [layers.flatten(), layers.sigmoid(), layers.linear()],
  ])
    close([await lossOf(last, [1, 1, 1], 'binaryCrossEntropy', [9], [[1]])], [right], {
      rtol: 1e-4,
    });
  close([right], [0.000123], { atol: 1e-6 });
  const wide = [layers.sigmoid(), layers.reshape({ targetShape: [6] })];
  const y = [[0, 1, 1, 0, 1, 0]];
  const bare = await lossOf([layers.flatten()], [2, 3], 'binaryCrossEntropy', numbers6, y);
  assert.is(await lossOf(wide, [2, 3], 'binaryCrossEntropy', numbers6, y), bare);
});

const numbers6 = [...numbers(6, 4)];

test('training through other names: the bits of a model without the activation', async () => {
  const x = numbers(16 * 18, 1);
  const y = Int32Array.from({ length: 16 }, (_, i) => (i * 5) % 3);
  const conv = () => layers.conv2d({ filters: 3, kernelSize: 3, name: 'conv' });
  for (const last of [
    [conv(), layers.softmax(), layers.flatten()],
    [
      layers.conv2d({ filters: 3, kernelSize: 3, name: 'conv', activation: 'softmax' }),
      layers.flatten(),
    ],
    [conv(), layers.softmax(), layers.linear(), layers.flatten()],
    [conv(), layers.flatten(), layers.softmax(), layers.activation({ activation: 'linear' })],
  ]) {
    const model = network(last, [3, 3, 2], 'softmaxCrossEntropy');
    await model.fit(x, y, { epochs: 2, batchSize: 8 });
    const twin = network([conv(), layers.flatten()], [3, 3, 2], 'softmaxCrossEntropy');
    await twin.fit(x, y, { epochs: 2, batchSize: 8 });
    sameBits(weightsOf(model), weightsOf(twin), 'weights');
    assert.equal(await model.evaluate(x, y), await twin.evaluate(x, y));
    // What predicts gives shares all the same.
    const shares = model.predict(x);
    close([shares.data.slice(0, 3).reduce((a, b) => a + b)], [1], { rtol: 1e-6 });
    for (const one of [shares, model, twin]) one.dispose();
  }
});

test('what cannot be undone is refused, and why', async () => {
  const [image, row] = [[2, 2, 3], [2]];
  const refused: [Layers, number[], Loss, ...string[]][] = [
    [[layers.softmax(), layers.globalAvgPool2d()], image, 'softmaxCrossEntropy', 'through', 'last'],
    [
      [layers.softmax(), layers.dropout({ rate: 0.1 })],
      [3],
      'softmaxCrossEntropy',
      'dropout',
      'last',
    ],
    [
      [layers.softmax(), layers.avgPool2d(), layers.flatten()],
      image,
      'softmaxCrossEntropy',
      'last',
    ],
    // Four distributions in one row.
    [[layers.softmax(), layers.flatten()], image, 'softmaxCrossEntropy', 'flatten'],
    [[layers.softmax()], row, 'binaryCrossEntropy', 'logits', "'softmaxCrossEntropy'"],
    [[layers.sigmoid()], row, 'softmaxCrossEntropy', 'logits', "'binaryCrossEntropy'"],
    [[layers.dense({ units: 2, activation: 'sigmoid' })], row, 'softmaxCrossEntropy', "'dense'"],
    [[layers.hardSigmoid()], row, 'binaryCrossEntropy', 'hardSigmoid'],
    [[layers.sigmoid(), layers.globalMaxPool2d()], image, 'binaryCrossEntropy', 'through'],
    [[layers.softmax(), layers.relu()], [3], 'softmaxCrossEntropy', 'relu', 'last'],
    [
      [layers.softmax(), layers.dropout({ rate: 0.1 }), layers.linear()],
      [3],
      'softmaxCrossEntropy',
      'linear',
      'last',
    ],
  ];
  for (const [all, shape, loss, ...parts] of refused) {
    await rejects(() => network(all, shape, loss), ValueError, 'compile', loss, ...parts);
  }
  // With layers between that learn, these are features as others are.
  const learned = [layers.sigmoid(), layers.globalAvgPool2d(), layers.dense({ units: 3 })];
  network(learned, image, 'softmaxCrossEntropy').dispose();
});

test('an ensemble of shares is refused; one of logits, and a gate, are not', async () => {
  const x = input([3]);
  const two = (make: () => ReturnType<typeof layers.softmax>) =>
    [1, 2].map(() => make().apply(layers.dense({ units: 3 }).apply(x)));
  const compile = (outputs: Model['outputs'][number], loss: Loss): void => {
    const model = new Model({ inputs: x, outputs });
    try {
      model.compile({ optimizer, loss });
    } finally {
      model.dispose();
    }
  };
  const { average, add, maximum, minimum, subtract, concat, multiply } = layers;
  for (const merge of [average, add, maximum, minimum, subtract, concat, multiply]) {
    const shares = merge().apply(two(layers.softmax));
    await rejects(() => compile(shares, 'softmaxCrossEntropy'), ValueError, 'softmax', 'through');
    const odds = merge().apply(two(layers.sigmoid));
    await rejects(() => compile(odds, 'binaryCrossEntropy'), ValueError, 'sigmoid', 'through');
    compile(merge().apply(two(layers.relu)), 'softmaxCrossEntropy');
  }
  // One of several inputs may be any number, and so is what comes of both.
  for (const merge of [average, add, maximum, minimum, subtract, concat]) {
    const open = layers.dense({ units: 3 }).apply(x);
    compile(merge().apply([two(layers.softmax)[0], open]), 'softmaxCrossEntropy');
  }
  const masked = multiply().apply([two(layers.softmax)[0], x]);
  await rejects(() => compile(masked, 'softmaxCrossEntropy'), ValueError, 'softmax', 'through');
  const [gate] = two(layers.sigmoid);
  compile(multiply().apply([layers.dense({ units: 3 }).apply(x), gate]), 'softmaxCrossEntropy');
});

test('a softmax that others read too, under another name', async () => {
  const x = input([1, 3]);
  const shares = layers.softmax({ name: 'shares' }).apply(x);
  const flat = layers.flatten({ name: 'flat' }).apply(shares);
  const more = layers.dense({ units: 2, name: 'more' }).apply(layers.flatten().apply(shares));
  const model = new Model({ inputs: x, outputs: [flat, more] });
  const both = { optimizer, loss: 'softmaxCrossEntropy' } as const;
  await rejects(() => model.compile(both), ValueError, "'flat'", "'shares'");
  model.compile({ ...both, loss: ['meanSquaredError', 'softmaxCrossEntropy'] });
  model.dispose();
});

test('one unit has no softmax to learn by, and targets are shares or probabilities', async () => {
  const one = () => network([layers.dense({ units: 1 })], [3], 'softmaxCrossEntropy');
  await rejects(one, ValueError, 'softmaxCrossEntropy', 'at least 2', "'binaryCrossEntropy'");
  const [wide, binary] = (['softmaxCrossEntropy', 'binaryCrossEntropy'] as const).map((loss) =>
    network([layers.dense({ units: 2 })], [3], loss),
  );
  const x = [[1, 2, 3]];
  await rejects(() => wide.trainOnBatch(x, [[-5, 0]]), ValueError, 'y contains -5', 'at least 0');
  await rejects(() => binary.trainOnBatch(x, [[-5, 0]]), ValueError, 'y contains -5', '0 to 1');
  await rejects(() => binary.evaluate(x, [[0, 2]]), ValueError, 'y contains 2', '0 to 1');
  // Shares need not add up to 1.
  wide.trainOnBatch(x, [[0.5, 3]]);
  for (const model of [wide, binary]) model.dispose();
});

test.run();
