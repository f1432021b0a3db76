// What the lectures say of pooling (requirements B), with the numbers that they print.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Layer,
  layers,
  ops,
  optimizers,
  Sequential,
  type Shape,
  Tensor,
} from '../../src/index.js';
import { free, ulp } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { image, matrix, type Rows } from '../helpers/images.js';
import { predictions } from '../helpers/models.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

test('B1: sizes of pooling, which usually is not padded', () => {
  const x = Tensor.zeros([1, 13, 13, 2]);
  for (const [poolSize, strides, side] of [
    [2, 2, 6],
    [3, 2, 6],
    [3, 1, 11],
    [13, 1, 1],
  ]) {
    const y = ops.maxPool2d(x, { poolSize, strides });
    assert.equal(y.shape, [1, side, side, 2], `${poolSize}, ${strides}`);
    free(y);
  }
  free(x);
});

/** 2×2 windows at stride 2: their maxima. */
const maxima: [Rows, Rows][] = [
  [
    [
      [1, 1, 2, 4],
      [5, 6, 7, 8],
      [3, 2, 1, 0],
      [1, 2, 3, 4],
    ],
    [
      [6, 8],
      [3, 4],
    ],
  ],
  [
    [
      [6, 3, 1, -3],
      [4, 1, 2, 0],
      [3, 1, 3, 2],
      [7, 1, 1, 1],
    ],
    [
      [6, 2],
      [7, 3],
    ],
  ],
  [
    [
      [1, 1, 1, 1],
      [1, 1, 1, 2],
      [3, 4, 4, 5],
      [2, 2, 1, 2],
    ],
    [
      [1, 2],
      [4, 5],
    ],
  ],
  [
    [
      [-7, 6, -1, 3, 9, 9, 6, -9],
      [3, -8, 0, 7, 10, 8, -3, 10],
      [-4, 2, -6, 4, -7, 5, 5, 7],
      [-3, -9, 1, 8, -8, 9, -1, -5],
      [-7, 10, -9, -5, 9, -8, -7, 10],
      [-5, 5, 9, 4, 10, -8, 7, 6],
      [-3, 8, 0, 2, 2, -3, -2, 5],
      [4, -6, 7, -3, 1, 4, 10, 0],
    ],
    [
      [6, 7, 10, 10],
      [2, 8, 9, 7],
      [10, 9, 10, 10],
      [8, 7, 4, 10],
    ],
  ],
];

test('B4: max pooling', () => {
  for (const [rows, expected] of maxima) {
    const x = image(rows);
    const y = ops.maxPool2d(x);
    assert.equal(matrix(y), expected);
    free(x, y);
  }
});

test('B4: p-norm pooling', () => {
  const x = image(maxima[0][0]);
  const y = ops.lpPool2d(x, { p: 5 });
  // The lecture prints 8 where (2⁵ + 4⁵ + 7⁵ + 8⁵)/4 has the fifth root 6.61; it cuts decimals off: 4.8652 is 4.86.
  assert.equal(
    matrix(y).map((row) => row.map((v) => Math.trunc(v * 100) / 100)),
    [
      [4.86, 6.61],
      [2.38, 3.16],
    ],
  );
  const exact = [
    [1, 1, 5, 6],
    [2, 4, 7, 8],
    [3, 2, 1, 2],
    [1, 0, 3, 4],
  ].map((v) => (v.reduce((sum, n) => sum + n ** 5, 0) / 4) ** 0.2);
  for (const [i, v] of y.data.entries())
    assert.ok(Math.abs(v - exact[i]) <= 8 * ulp(v), `${v} and ${exact[i]}`);
  free(x, y);
});

test('B1: mean pooling, p-norms between it and the maximum, global pooling', () => {
  const x = image(maxima[0][0]);
  const mean = ops.avgPool2d(x);
  assert.equal(matrix(mean), [
    [3.25, 5.25],
    [2, 2],
  ]);
  const all = ops.globalAvgPool2d(x);
  assert.equal([...all.data], [50 / 16]);
  // Of positive numbers it is the mean for order 1, and the higher the order, the nearer the maximum.
  const most = ops.maxPool2d(x);
  let below = mean.clone();
  for (const p of [1, 2, 5, 40]) {
    const y = ops.lpPool2d(x, { p });
    for (const [i, v] of y.data.entries()) {
      const least = Math.max(below.data[i], most.data[i] / 4 ** (1 / p));
      const rounding = 8 * ulp(v);
      assert.ok(v >= least - rounding && v <= most.data[i] + rounding, `p = ${p}: ${v}`);
      if (p === 1) assert.ok(v <= mean.data[i] + rounding, `${v} is no mean`);
    }
    free(below);
    below = y;
  }
  free(x, mean, all, most, below);
});

test('B1: pooling has no parameters', () => {
  const { maxPool1d, avgPool1d, maxPool2d, avgPool2d, lpPool2d, globalAvgPool2d } = layers;
  const cases: [Layer[], Shape][] = [
    [
      [maxPool2d(), avgPool2d(), lpPool2d(), globalAvgPool2d()],
      [16, 16, 3],
    ],
    [
      [maxPool1d(), avgPool1d()],
      [16, 3],
    ],
  ];
  for (const [list, inputShape] of cases) {
    for (const { name, parameters } of new Sequential(list, { inputShape }).summary({
      print: null,
    }))
      assert.is(parameters, 0, name);
  }
});

test('B3: strided convolution learns to pool', async () => {
  const count = 64;
  const x = numbers(count * 64, 1);
  const images = Tensor.from(x, [count, 8, 8, 1]);
  const pooled = ops.avgPool2d(images);
  const model = new Sequential([layers.conv2d({ filters: 1, kernelSize: 2, strides: 2 })], {
    inputShape: [8, 8, 1],
    seed: 1,
  });
  assert.equal(model.outputShape, pooled.shape.slice(1));
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.3 }), loss: 'meanSquaredError' });
  await model.fit(images, pooled, { epochs: 20 });
  const [kernel, bias] = model.weights;
  close(kernel.tensor.data, [0.25, 0.25, 0.25, 0.25], { atol: 1e-3 }, 'kernel');
  close(bias.tensor.data, [0], { atol: 1e-3 }, 'bias');
  free(images, pooled);
  model.dispose();
});

test('B3: convolution at stride 2 in the place of pooling: the all-convolutional net', () => {
  const conv = (filters: number, more: object = {}) =>
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu', ...more });
  const head = () => [layers.conv2d({ filters: 10, kernelSize: 1 }), layers.globalAvgPool2d()];
  const shapes = (list: Layer[]) =>
    new Sequential(list, { inputShape: [32, 32, 3] })
      .summary({ print: null })
      .map(({ outputShape }) => outputShape);
  const pool = () => layers.maxPool2d({ poolSize: 3, strides: 2, padding: 'same' });
  const pooling = [conv(96), pool(), conv(192), pool(), ...head()];
  const strided = [conv(96), conv(96, { strides: 2 }), conv(192), conv(192, { strides: 2 })];
  assert.equal(shapes([...strided, ...head()]), shapes(pooling));
});

test('B3: the same small network on each block: network in network', () => {
  const [blocks, hidden, classes] = [9, 5, 3];
  const micro = new Sequential(
    [layers.dense({ units: hidden, activation: 'relu' }), layers.dense({ units: classes })],
    { inputShape: [8], seed: 1 },
  );
  const network = new Sequential(
    [
      layers.conv2d({ filters: hidden, kernelSize: 2, strides: 2, activation: 'relu' }),
      layers.conv2d({ filters: classes, kernelSize: 1 }),
    ],
    { inputShape: [6, 6, 2], seed: 2 },
  );
  network.weights.forEach(({ tensor }, i) => {
    tensor.data.set(micro.weights[i].tensor.data);
  });
  const picture = random([1, 6, 6, 2], 1);
  // The blocks one below the other: what im2col makes.
  const each = ops.im2col(picture, { kernelSize: 2, strides: 2 });
  assert.equal(each.shape, [blocks, 8]);
  const expected = predictions(micro, each);
  close(predictions(network, picture), expected, { atol: summation(8 + hidden, 1) }, 'blocks');
  free(picture, each);
  for (const model of [micro, network]) model.dispose();
});

test.run();
