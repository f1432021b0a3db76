// conv1d and depthwiseConv2d, and pooling over signals, in a network: shapes and weights as Keras has
// them, what the summary says, and that they are the two-dimensional layers on images of one line.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { type Layer, layers, optimizers, Sequential, type Shape } from '../../src/index.js';
import { predictions, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

type Conv1d = Parameters<typeof layers.conv1d>[0];

const anatomy = (list: Layer[], inputShape: Shape) => {
  const model = new Sequential(list, { inputShape });
  const rows = model.summary({ print: null });
  const weights = model.weights.map(({ name, tensor }) => [name, ...tensor.shape]);
  model.dispose();
  return { rows, weights };
};

test('conv1d: shapes, weights, multiply-adds and what is seen', () => {
  const list = [
    layers.conv1d({ filters: 8, kernelSize: 3, padding: 'same' }),
    layers.conv1d({ filters: 6, kernelSize: 5, strides: 2, groups: 2, dimRoundingMode: 'floor' }),
    layers.maxPool1d(),
    layers.avgPool1d({ poolSize: 3, strides: 1 }),
    layers.conv1d({ filters: 2, kernelSize: 3, dilation: 2, padding: [4, 0], useBias: false }),
    layers.flatten(),
    layers.dense({ units: 1 }),
  ];
  const { rows, weights } = anatomy(list, [40, 4]);
  assert.equal(
    rows.map(({ type, outputShape, receptiveField }) => [type, ...outputShape, receptiveField[1]]),
    [
      ['conv1d', 40, 8, 3],
      ['conv1d', 18, 6, 7],
      ['maxPool1d', 9, 6, 9],
      ['avgPool1d', 7, 6, 17],
      ['conv1d', 7, 2, 33],
      ['flatten', 14, 40],
      ['dense', 1, 40],
    ],
  );
  assert.ok(rows.every(({ receptiveField }) => receptiveField[0] === 1));
  assert.equal(weights.slice(0, -2), [
    ['conv1d/kernel', 3, 4, 8],
    ['conv1d/bias', 8],
    ['conv1d_1/kernel', 5, 4, 6],
    ['conv1d_1/bias', 6],
    ['conv1d_2/kernel', 3, 6, 2],
  ]);
  assert.equal(rows.map(({ multiplyAdds }) => multiplyAdds).slice(0, 5), [
    40 * 3 * 4 * 8,
    18 * 5 * 4 * 6,
    0,
    0,
    7 * 3 * 6 * 2,
  ]);
});

test('depthwiseConv2d: shapes, weights, multiply-adds and what is seen', () => {
  const list = [
    layers.depthwiseConv2d({ kernelSize: 3, padding: 'same', strides: 2 }),
    layers.depthwiseConv2d({ kernelSize: [2, 3], depthMultiplier: 3, useBias: false }),
  ];
  const { rows, weights } = anatomy(list, [9, 8, 5]);
  assert.equal(
    rows.map(({ outputShape, receptiveField }) => [...outputShape, ...receptiveField]),
    [
      [5, 4, 5, 3, 3],
      [4, 2, 15, 5, 7],
    ],
  );
  assert.equal(weights, [
    ['depthwiseConv2d/kernel', 3, 3, 1, 5],
    ['depthwiseConv2d/bias', 5],
    ['depthwiseConv2d_1/kernel', 2, 3, 1, 15],
  ]);
  assert.equal(
    rows.map(({ multiplyAdds }) => multiplyAdds),
    [5 * 4 * 9 * 5, 4 * 2 * 6 * 15],
  );
});

/** Outputs, losses and weights of three training steps, from weights that are the same in both. */
function trained(list: Layer[], inputShape: Shape): Float32Array {
  const model = new Sequential(list, { inputShape });
  const sgd = optimizers.sgd({ learningRate: 0.1, momentum: 0.9 });
  model.compile({ optimizer: sgd, loss: 'meanSquaredError' });
  const x = numbers(6 * sizeOf(inputShape), 1);
  const y = numbers(6 * sizeOf(model.outputShape), 2);
  model.weights.forEach(({ tensor }, i) => {
    tensor.data.set(numbers(tensor.size, 3 + i));
  });
  const losses = [1, 2, 3].map(() => model.trainOnBatch(x, y).loss);
  const weights = model.weights.flatMap(({ tensor }) => [...tensor.data]);
  const all = Float32Array.from([...losses, ...weights, ...predictions(model, x)]);
  model.dispose();
  assert.ok(all.every(Number.isFinite));
  return all;
}

test('conv1d, maxPool1d and avgPool1d are conv2d and its pools on images of one line', () => {
  const variants: Partial<Conv1d>[] = [
    {},
    { strides: 2, padding: 'same', activation: 'relu' },
    { strides: 2, padding: 1, useBias: false },
    { dilation: 3, padding: [6, 0], activation: 'tanh' },
    { groups: 2, strides: 3, dimRoundingMode: 'ceil' },
  ];
  for (const options of variants) {
    const { strides = 1, padding = 'valid', dilation = 1 } = options;
    const sides = typeof padding === 'number' ? [padding, padding] : padding;
    const line = {
      ...options,
      strides: [1, strides],
      dilation: [1, dilation],
      padding: typeof sides === 'string' ? sides : [[0, 0], sides],
    } as Partial<Parameters<typeof layers.conv2d>[0]>;
    const pad = [
      [0, 0],
      [1, 0],
    ] as const;
    const front = { filters: 6, kernelSize: 3 };
    const ours = trained(
      [
        layers.conv1d(front),
        layers.maxPool1d({ poolSize: 2, strides: 1, padding: [1, 0] }),
        layers.conv1d({ filters: 4, kernelSize: 3, ...options }),
        layers.avgPool1d({ poolSize: 3, padding: 'same' }),
      ],
      [17, 3],
    );
    const theirs = trained(
      [
        layers.conv2d({ ...front, kernelSize: [1, 3] }),
        layers.maxPool2d({ poolSize: [1, 2], strides: 1, padding: pad }),
        layers.conv2d({ filters: 4, kernelSize: [1, 3], ...line }),
        layers.avgPool2d({ poolSize: [1, 3], padding: 'same' }),
      ],
      [1, 17, 3],
    );
    sameBits(ours, theirs, JSON.stringify(options));
  }
});

test('depthwiseConv2d is conv2d in as many groups as there are channels', () => {
  for (const [channels, depthMultiplier] of [
    [1, 1],
    [1, 3],
    [5, 1],
    [4, 2],
  ]) {
    const options = {
      kernelSize: [3, 2] as const,
      padding: 'same',
      strides: [2, 1] as const,
    } as const;
    const front = () => layers.conv2d({ filters: channels, kernelSize: 1, activation: 'relu' });
    const inputShape = [7, 6, 3];
    sameBits(
      trained([front(), layers.depthwiseConv2d({ ...options, depthMultiplier })], inputShape),
      trained(
        [
          front(),
          layers.conv2d({ ...options, filters: channels * depthMultiplier, groups: channels }),
        ],
        inputShape,
      ),
      `${channels} channels, ${depthMultiplier} filters each`,
    );
  }
});

test('batch norm and ReLU behind conv1d and depthwiseConv2d are done by them when predicting', () => {
  const behind = () => [layers.batchNorm(), layers.relu()];
  const networks: [Layer[], Shape][] = [
    [
      [layers.conv1d({ filters: 5, kernelSize: 3 }), ...behind()],
      [9, 4],
    ],
    [
      [layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2 }), ...behind()],
      [5, 6, 4],
    ],
  ];
  for (const [list, inputShape] of networks) {
    const model = new Sequential(list, { inputShape, seed: 1 });
    const rows = model.profile(numbers(2 * sizeOf(inputShape), 1), { print: null }).rows;
    assert.equal(
      rows.map(({ layer }) => layer),
      [list[0].name],
    );
    model.dispose();
  }
});

test('a network of conv1d tells rising signals from falling ones', async () => {
  const [count, steps] = [64, 24];
  const noise = numbers(count * steps, 1);
  const y = Int32Array.from({ length: count }, (_, i) => (i * 5) % 2);
  const x = noise.map((v, i) => {
    const [signal, step] = [Math.floor(i / steps), i % steps];
    // A ramp of five steps somewhere in the noise, up or down.
    const at = step - ((signal * 7) % (steps - 5));
    return 0.3 * v + (at >= 0 && at < 5 ? (y[signal] ? at - 2 : 2 - at) : 0);
  });
  const model = new Sequential(
    [
      layers.conv1d({ filters: 6, kernelSize: 5, padding: 'same', activation: 'relu' }),
      layers.maxPool1d({ poolSize: steps }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    ],
    { inputShape: [steps, 1], seed: 1 },
  );
  model.compile({
    optimizer: optimizers.adam({ learningRate: 0.02 }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
  const { history } = await model.fit(x, y, { epochs: 20, batchSize: 16 });
  assert.ok(history.accuracy[0] < 0.9, `at first ${history.accuracy[0]}`);
  assert.is(history.accuracy.at(-1), 1);
  model.dispose();
});

test.run();
