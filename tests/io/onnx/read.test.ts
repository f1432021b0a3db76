// Reading ONNX files: batch and layout, names, what learns, what the options say, and the errors.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError, type Model, memory, Tensor, ValueError } from '../../../src/index.js';
import { readOnnx } from '../../../src/io/onnx/read.js';
import { rejects } from '../../helpers/models.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { fileOf, ints } from './file.js';

const kernel = { dims: [4, 3, 3, 3], numbers: [...numbers(108, 1)] };
const bias = { dims: [4], numbers: [0.5, -0.5, 0.25, 0] };
const padded = { pads: [1, 1, 1, 1] };

/** An image's convolution, flattened, times a matrix. */
const convnet = () =>
  fileOf({
    nodes: [
      ['Conv', ['x', 'stem.weight', 'stem.bias'], 'conv', padded],
      ['Relu', ['conv'], 'relu'],
      ['MaxPool', ['relu'], 'pool', { kernel_shape: [2, 2], strides: [2, 2] }],
      ['Flatten', ['pool'], 'flat'],
      ['Gemm', ['flat', 'head.weight', 'head.bias'], 'y', { transB: 1 }],
    ],
    arrays: {
      'stem.weight': kernel,
      'stem.bias': bias,
      'head.weight': { dims: [5, 64], numbers: [...numbers(320, 2)] },
      'head.bias': { dims: [5], numbers: [1, 2, 3, 4, 5] },
    },
  });

/** [n, h, w, c] from [n, c, h, w]. */
function channelsLast(data: Float32Array, [n, c, h, w]: readonly number[]): Float32Array {
  const to = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < c; k++)
      for (let p = 0; p < h * w; p++) to[(i * h * w + p) * c + k] = data[(i * c + k) * h * w + p];
  return to;
}

const predicted = (model: Model, data: Float32Array, shape: number[]): number[] => {
  const x = Tensor.from(data, shape);
  const y = model.predict(x) as Tensor;
  const result = [...y.numbers];
  x.dispose();
  y.dispose();
  return result;
};

test('images are channels last in the model, or as the file has them', async () => {
  const data = numbers(2 * 3 * 64, 3);
  const own = await readOnnx(convnet());
  const kept = await readOnnx(convnet(), { layout: 'nchw' });
  assert.equal(own.inputShape, [8, 8, 3]);
  assert.equal(kept.inputShape, [3, 8, 8]);
  const a = predicted(own, channelsLast(data, [2, 3, 8, 8]), [2, 8, 8, 3]);
  assert.equal(predicted(kept, data, [2, 3, 8, 8]), a);
  assert.equal(
    predicted(own, channelsLast(data, [2, 3, 8, 8]).subarray(192), [1, 8, 8, 3]),
    a.slice(5),
  );
  own.dispose();
  kept.dispose();
});

test('weights are named after those of the file, and learn', async () => {
  const model = await readOnnx(convnet());
  const names = model.weights.map(({ name }) => name);
  assert.equal(names, ['stem/kernel', 'stem/bias', 'head/kernel', 'head/bias']);
  assert.ok(model.weights.every(({ trainable }) => trainable));
  model.compile({ optimizer: 'sgd', loss: 'softmaxCrossEntropy' });
  const x = numbers(4 * 192, 4);
  const losses: number[] = [];
  for (let step = 0; step < 5; step++)
    losses.push((await model.trainOnBatch(x, Int32Array.of(0, 1, 2, 3))).loss as number);
  assert.ok(losses[4] < losses[0], `${losses}`);
  model.dispose();
});

test('a reshape of one image is one of a batch', async () => {
  const model = await readOnnx(
    fileOf({
      nodes: [['Reshape', ['x', 'shape'], 'y']],
      arrays: { shape: ints(1, -1) },
      inputs: [{ name: 'x', dims: [1, 3, 2, 2] }],
    }),
  );
  const data = numbers(24, 5);
  assert.equal(predicted(model, data, [2, 3, 2, 2]), [...data]);
  assert.equal(model.outputShape, [12]);
  model.dispose();
});

test('sides that are open are taken from the tensor, or the options', async () => {
  const dims = ['n', 3, 'h', 'w'];
  const file = fileOf({
    nodes: [
      ['Conv', ['x', 'w', 'b'], 'conv', padded],
      ['GlobalAveragePool', ['conv'], 'y'],
    ],
    arrays: { w: kernel, b: bias },
    inputs: [{ name: 'x', dims }],
  });
  const open = await readOnnx(file);
  assert.equal(open.inputShape, [224, 224, 3]);
  const { parameters } = memory();
  for (const [h, w] of [
    [9, 12],
    [16, 16],
    [9, 12],
  ] as const) {
    const fixed = await readOnnx(file, { inputShape: [h, w, 3] });
    const data = numbers(2 * h * w * 3, h);
    assert.equal(predicted(open, data, [2, h, w, 3]), predicted(fixed, data, [2, h, w, 3]));
    fixed.dispose();
  }
  assert.is(memory().parameters, parameters, 'all sides share the weights');
  open.dispose();
  await rejects(() => readOnnx(file, { inputShape: [8, 8] }), ValueError, '2 dimensions', '3');
  await rejects(() => readOnnx(file, { inputShape: [8, 8, 4] }), ValueError, '4', '3');
  for (const inputShape of [[0, 8, 3], [8, 8.5, 3], { x: [8, -8, 3] }, { x: null }, 8, null])
    await rejects(() => readOnnx(file, { inputShape } as object), ValueError, 'inputShape', '> 0');
  await rejects(
    () => readOnnx(file, { inputShape: { image: [8, 8, 3] } }),
    ...([ValueError, "'image'", "the file's are 'x'"] as const),
  );
});

test('sizes that a file computes of a shape keep the batch open', async () => {
  const file = fileOf({
    nodes: [
      ['Conv', ['x', 'w', 'b'], 'conv', padded],
      ['Shape', ['conv'], 'shape'],
      ['Slice', ['shape', 'from', 'to'], 'first'],
      ['Concat', ['first', 'sides'], 'sizes', { axis: 0 }],
      ['Resize', ['conv', '', '', 'sizes'], 'y', { mode: 'linear' }],
    ],
    arrays: { w: kernel, b: bias, from: ints(0), to: ints(2), sides: ints(16, 12) },
  });
  const model = await readOnnx(file);
  assert.equal(model.outputShape, [16, 12, 4]);
  const data = numbers(2 * 192, 6);
  const both = predicted(model, data, [2, 8, 8, 3]);
  assert.equal(predicted(model, data.subarray(192), [1, 8, 8, 3]), both.slice(768));
  model.dispose();
});

test('an open batch cannot be resized', async () => {
  const file = fileOf({
    nodes: [['Resize', ['x', '', 'scales'], 'y']],
    arrays: { scales: { dims: [4], numbers: [2, 1, 1, 1] } },
  });
  await rejects(() => readOnnx(file), ValueError, 'first dimension');
});

test('all operators that there are not are named, with what kind of library this is', async () => {
  const file = fileOf({
    nodes: [
      ['LSTM', ['x'], 'a', { hidden_size: 8 }],
      ['Relu', ['a'], 'b'],
      ['NonMaxSuppression', ['b'], 'c'],
      ['LSTM', ['c'], 'y', { hidden_size: 8 }],
    ],
  });
  const words = [
    "LSTM 'the_a'",
    'hidden_size: 8',
    '1 more',
    'NonMaxSuppression',
    'convolutional networks',
    'Conv,',
  ];
  await rejects(() => readOnnx(file), FormatError, ...words);
});

test('versions that are not read, and how to get one that is', async () => {
  const nodes = [['Relu', ['x'], 'y']] as const;
  await rejects(
    () => readOnnx(fileOf({ nodes: [...nodes] as never, opset: 24 })),
    FormatError,
    '24',
    'opset_version=17',
  );
  await rejects(
    () => readOnnx(fileOf({ nodes: [...nodes] as never, irVersion: 99 })),
    FormatError,
    'IR version 99',
  );
});

test('what nodes read must be there before them', async () => {
  const circle = fileOf({
    nodes: [
      ['Add', ['x', 'y'], 'z'],
      ['Relu', ['z'], 'y'],
    ],
  });
  await rejects(() => readOnnx(circle), FormatError, "Add 'the_z'", "'y'", 'cycles');
  const twice = fileOf({
    nodes: [
      ['Relu', ['x'], 'y'],
      ['Relu', ['x'], 'y'],
    ],
  });
  await rejects(() => readOnnx(twice), FormatError, "'y'", 'already');
});

test('a node that does not fit says what it reads', async () => {
  const file = fileOf({
    nodes: [['Conv', ['x', 'w'], 'y']],
    arrays: { w: { dims: [4, 2, 3, 3], numbers: new Array(72).fill(0) } },
  });
  await rejects(
    () => readOnnx(file),
    FormatError,
    "Conv 'the_y'",
    '2 channels',
    '3',
    '[batch, 3, 8, 8]',
  );
});

test('inputs that are known may be given as constants', async () => {
  const file = fileOf({
    nodes: [['Reshape', ['x', 'shape'], 'y']],
    inputs: [
      { name: 'x', dims: ['batch', 12] },
      { name: 'shape', dims: [3] },
    ],
  });
  await rejects(() => readOnnx(file), ValueError, 'constants');
  for (const [constants, said] of [
    [{ sides: 1 }, "the file's are 'x', 'shape'"],
    [{ shape: [-1, 3, 4] }, 'must be a tensor'],
    [{ shape: null }, 'must be a tensor'],
    ['shape', 'constants: expected an options object'],
  ] as const)
    await rejects(() => readOnnx(file, { constants } as object), ValueError, said);
  const shape = Tensor.from(Int32Array.of(-1, 3, 4));
  const model = await readOnnx(file, { constants: { shape } });
  assert.equal(model.outputShape, [3, 4]);
  model.dispose();
  shape.dispose();
});

test('what only simplified graphs have is no operator of a file', async () => {
  const file = fileOf({ nodes: [['Silu', ['x'], 'y']] });
  const error = await readOnnx(file).catch((one: Error) => one);
  assert.instance(error, FormatError);
  const [, known] = (error as Error).message.split('It has ');
  for (const op of ['Silu', 'Relu6', 'GeluTanh'])
    assert.not.match(known, new RegExp(`\\b${op}\\b`));
  assert.match(known, /\bSigmoid\b/);
});

test.run();
