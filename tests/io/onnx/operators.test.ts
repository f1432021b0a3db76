// What single operators of ONNX make, where the ONNX project's own tests say nothing: vectors in products, constants that
// layers compute with, sides that are open, versions that have no tests any more.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError, input, Model, memory, optimizers, Tensor } from '../../../src/index.js';
import { writeOnnx } from '../../../src/io/index.js';
import { readOnnx } from '../../../src/io/onnx/read.js';
import { type ResizeOptions, resize, useArrays } from '../../../src/operators/arrays/index.js';
import { close } from '../../helpers/close.js';
import { rejects } from '../../helpers/models.js';
import { agrees } from '../../helpers/onnxagree.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { type FileOf, fileOf, ints } from './file.js';

const floats = (dims: number[], ...given: number[]) => ({ dims, numbers: given });
const counted = (...shape: number[]): Tensor => {
  const size = shape.reduce((product, side) => product * side, 1);
  return Tensor.from(
    Float32Array.from({ length: size }, (_, i) => i + 1),
    shape,
  );
};

/** What a file makes of x, in the file's order. */
async function outputOf(
  file: Uint8Array,
  x: Tensor,
): Promise<{ shape: readonly number[]; data: number[] }> {
  const model = await readOnnx(file, { layout: 'nchw' });
  const y = model.predict(x) as Tensor;
  const copy = { shape: y.shape, data: [...y.numbers] };
  for (const one of [x, y, model]) one.dispose();
  return copy;
}

/** Fails unless the file makes these numbers of 1, 2, 3, … in x. */
async function makes(file: FileOf, x: number[], shape: number[], data: number[]): Promise<void> {
  const inputs = [{ name: 'x', dims: x }];
  const y = await outputOf(fileOf({ inputs, ...file }), counted(...x));
  assert.equal(y.shape, shape);
  close(y.data, data, { rtol: 1e-5, atol: 1e-6 });
}

test('a product with a vector takes the axis away: a column on the right, a row on the left', async () => {
  const arrays = { w: floats([3], 1, 10, 100) };
  const nodes: FileOf['nodes'] = [['MatMul', ['x', 'w'], 'y']];
  await makes({ nodes, arrays }, [2, 2, 3], [2, 2], [321, 654, 987, 1320]);
  await makes({ nodes, arrays }, [2, 3], [2, 1], [321, 654]);
  await makes(
    { nodes: [['MatMul', ['w', 'x'], 'y']], arrays },
    [2, 3, 2],
    [2, 2],
    [531, 642, 1197, 1308],
  );
});

test('Gemm takes a constant as its first matrix', () =>
  makes(
    {
      nodes: [['Gemm', ['w', 'x'], 'y', { transB: 1 }]],
      arrays: { w: floats([1, 2], 1, 10) },
    },
    [3, 2],
    [1, 3],
    [21, 43, 65],
  ));

test('LogSoftmax of a class that is far away is no −∞, and its gradient is finite', async () => {
  const file = fileOf({
    nodes: [
      ['Gemm', ['x', 'w'], 'z'],
      ['LogSoftmax', ['z'], 'y', { axis: 1 }],
    ],
    arrays: { w: floats([1, 3], 0, -200, -90) },
    inputs: [{ name: 'x', dims: ['batch', 1] }],
  });
  const y = await outputOf(file, counted(1, 1));
  assert.equal(y.data, [0, -200, -90]);
  const model = await readOnnx(file);
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const { loss } = await model.trainOnBatch(Float32Array.of(1), new Float32Array(3));
  assert.ok(Number.isFinite(loss));
  model.dispose();
});

// The example of Resize-10 in ONNX's changelog: 1 and 3 of 1 … 8 at scale 0.6. Later versions round otherwise.
test('the first Resize takes the next number where an axis becomes smaller', async () => {
  const of = (...scales: number[]): FileOf => ({
    nodes: [['Resize', ['x', 'scales'], 'y', { mode: 'nearest' }]],
    arrays: { scales: floats([4], 1, 1, ...scales) },
    opset: 10,
  });
  await makes(of(0.6, 0.6), [1, 1, 2, 4], [1, 1, 1, 2], [1, 3]);
  await makes(of(2, 0.6), [1, 1, 2, 4], [1, 1, 4, 2], [1, 3, 1, 3, 5, 7, 5, 7]);
});

// Numbers of the reference implementation of onnx 1.23.
test('Resize keeps the aspect: one scale says where all places lie', async () => {
  const of = (keep_aspect_ratio_policy: string): FileOf => ({
    nodes: [
      [
        'Resize',
        ['x', '', '', 'sizes'],
        'y',
        { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy },
      ],
    ],
    arrays: { sizes: ints(4, 2) },
    opset: 18,
  });
  await makes(of('not_larger'), [1, 1, 3, 5], [1, 1, 1, 2], [5.5, 8]);
  await makes(
    of('not_smaller'),
    [1, 1, 3, 5],
    [1, 1, 4, 7],
    [
      ...[1, 1.625, 2.375, 3.125, 3.875, 4.625, 5, 4.125, 4.75, 5.5, 6.25, 7, 7.75, 8.125, 7.875],
      ...[8.5, 9.25, 10, 10.75, 11.5, 11.875, 11, 11.625, 12.375, 13.125, 13.875, 14.625, 15],
    ],
  );
});

test('a resize that keeps the aspect, and what else is of later opsets, is written', async () => {
  await useArrays();
  const cases: readonly [opset: number, options: Omit<ResizeOptions, 'axes'>][] = [
    [18, { sizes: [9, 5], aspect: 'notLarger', mode: 'linear' }],
    [18, { sizes: [9, 5], aspect: 'notSmaller', mode: 'linear', coordinates: 'asymmetric' }],
    [18, { sizes: [3, 3], antialias: true, mode: 'linear' }],
    [19, { sizes: [3, 3], coordinates: 'halfPixelSymmetric', mode: 'linear' }],
  ];
  for (const [opset, options] of cases) {
    const x = input([6, 8, 4]);
    const outputs = resize({ axes: [0, 1], ...options }).apply(x);
    const model = new Model({ inputs: x, outputs });
    const file = writeOnnx(model, { opset });
    await agrees(model, file, 2, { what: JSON.stringify(options) });
    const again = await readOnnx(file);
    assert.equal(again.outputShape, model.outputShape);
    for (const one of [model, again]) one.dispose();
  }
});

// As onnxruntime 1.30 and PyTorch's circular padding have it.
test('Pad wraps what is left where it takes away too', () =>
  makes(
    {
      nodes: [['Pad', ['x', 'pads', '', 'axes'], 'y', { mode: 'wrap' }]],
      arrays: { pads: ints(2, -1), axes: ints(1) },
      opset: 19,
    },
    [1, 4],
    [1, 5],
    [2, 3, 1, 2, 3],
  ));

test('pixels that are added before the image may depend on its sides', async () => {
  const nodes: FileOf['nodes'] = [
    ['Conv', ['x', 'w'], 'y', { auto_pad: 'SAME_LOWER', strides: [2, 2] }],
  ];
  const w = { dims: [2, 3, 3, 3], numbers: [...numbers(54, 1)] };
  const of = (...dims: (number | string)[]) =>
    fileOf({
      nodes,
      arrays: { w },
      inputs: [{ name: 'x', dims: ['n', 3, ...dims] }],
    });
  const open = await readOnnx(of('h', 'w'));
  assert.equal(
    open.weights.map(({ name }) => name),
    ['the_y/kernel'],
  );
  for (const [h, w] of [
    [8, 8],
    [7, 8],
  ]) {
    const x = Tensor.from(numbers(h * w * 3, 2), [1, h, w, 3]);
    const fixed = await readOnnx(of(h, w));
    const [a, b] = [open, fixed].map((model) => {
      const y = model.predict(x) as Tensor;
      const data = [...y.numbers];
      y.dispose();
      return data;
    });
    assert.equal(a, b);
    x.dispose();
    fixed.dispose();
  }
  open.dispose();
});

test('what is computed of weights alone is computed once', async () => {
  await makes(
    {
      nodes: [
        ['Relu', ['w'], 'positive'],
        ['Softmax', ['v'], 'shares', { axis: 0 }],
        ['Mul', ['x', 'positive'], 'z'],
        ['Add', ['z', 'shares'], 'y'],
      ],
      arrays: { w: floats([2], -3, 2), v: floats([2], 0, Math.log(3)) },
    },
    [1, 2],
    [1, 2],
    [0.25, 4.75],
  );
  // A filter less its mean, as weight standardization has it.
  await makes(
    {
      nodes: [
        ['ReduceMean', ['w'], 'mean', { axes: [1, 2, 3] }],
        ['Sub', ['w', 'mean'], 'centred'],
        ['Conv', ['x', 'centred'], 'y'],
      ],
      arrays: { w: floats([2, 1, 1, 2], 1, 3, 5, 1) },
    },
    [1, 1, 1, 3],
    [1, 2, 1, 2],
    [1, 1, -2, -2],
  );
});

test('a square whose exponent is an array of the file is trained through', async () => {
  const model = await readOnnx(
    fileOf({
      nodes: [
        ['Gemm', ['x', 'w'], 'z'],
        ['Pow', ['z', 'two'], 'y'],
      ],
      arrays: { w: floats([1, 2], -1, 1), two: floats([], 2) },
      inputs: [{ name: 'x', dims: ['n', 1] }],
    }),
  );
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  const step = () => model.trainOnBatch(Float32Array.of(1), new Float32Array(2));
  const [{ loss: before }, { loss: after }] = [await step(), await step()];
  assert.ok(after < before, `${before}, then ${after}`);
  model.dispose();
});

test('a network that works across its first axis may normalize batches', () =>
  makes(
    {
      nodes: [
        [
          'BatchNormalization',
          ['x', 'scale', 'bias', 'mean', 'variance'],
          'z',
          { epsilon: { float: 1 } },
        ],
        ['Transpose', ['z'], 'y', { perm: [1, 0] }],
      ],
      arrays: {
        scale: floats([2], 1, 2),
        bias: floats([2], 0, 1),
        mean: floats([2], 1, 2),
        variance: floats([2], 3, 0),
      },
    },
    [2, 2],
    [2, 2],
    [0, 1, 1, 5],
  ));

test('what no layer computes across the first axis is said', () =>
  rejects(
    () =>
      readOnnx(
        fileOf({
          nodes: [
            ['Reshape', ['x', 'shape'], 'rows'],
            ['Sub', ['rows', 'kernel'], 'difference'],
            ['Mul', ['difference', 'difference'], 'squares'],
            ['ReduceSum', ['squares', 'axes'], 'sums', { keepdims: 0 }],
            ['Neg', ['sums'], 'z'],
            ['Transpose', ['z'], 'y', { perm: [1, 0] }],
          ],
          arrays: { shape: ints(0, 2, 1), kernel: floats([2, 1], 1, 2), axes: ints(1) },
          inputs: [{ name: 'x', dims: [3, 2] }],
        }),
      ),
    FormatError,
    "'the_z'",
    'samples of a batch',
  ));

test('the scale of LayerNormalization is broadcast', () =>
  makes(
    {
      nodes: [['LayerNormalization', ['x', 'scale'], 'y', { axis: 1, epsilon: { float: 0.25 } }]],
      arrays: { scale: floats([1, 2, 1], 3, 6) },
    },
    [1, 2, 1],
    [1, 2, 1],
    [-1.5 / Math.sqrt(0.5), 3 / Math.sqrt(0.5)],
  ));

test('an array of the shape of the input is one for each sample', async () => {
  const file: FileOf = {
    nodes: [
      ['Shape', ['x'], 'shape'],
      ['ConstantOfShape', ['shape'], 'zeros'],
      ['Concat', ['x', 'zeros'], 'y', { axis: 1 }],
    ],
  };
  await makes(file, [2, 2], [2, 4], [1, 2, 0, 0, 3, 4, 0, 0]);
  const y = await outputOf(
    fileOf({ ...file, inputs: [{ name: 'x', dims: ['batch', 2] }] }),
    counted(3, 2),
  );
  assert.equal(y.shape, [3, 4]);
});

test('inputs that are given whole leave nothing behind', async () => {
  const model = await readOnnx(
    fileOf({
      nodes: [
        ['Relu', ['w'], 'positive'],
        ['Mul', ['x', 'positive'], 'z'],
        ['ReduceSum', ['z', 'first'], 'y', { keepdims: 0 }],
      ],
      arrays: { w: floats([3], -1, 2, 3), first: ints(0) },
      inputs: [{ name: 'x', dims: [2, 3] }],
    }),
  );
  const before = memory().tensors;
  const x = counted(2, 3);
  const y = model.predict(x) as Tensor;
  assert.equal([...y.numbers], [0, 14, 27]);
  for (const one of [x, y]) one.dispose();
  assert.is(memory().tensors, before);
  model.dispose();
});

test('what a condition chooses: of activations and constants, broadcast', async () => {
  const choose = (nodes: FileOf['nodes'], arrays: FileOf['arrays']): FileOf => ({ nodes, arrays });
  // Masked scores, as attention and detectors have them.
  await makes(
    choose(
      [
        ['Greater', ['x', 'three'], 'mask'],
        ['Where', ['mask', 'x', 'low'], 'y'],
      ],
      { three: floats([], 3), low: floats([1], -Infinity) },
    ),
    [2, 3],
    [2, 3],
    [-Infinity, -Infinity, -Infinity, 4, 5, 6],
  );
  await makes(
    choose(
      [
        ['LessOrEqual', ['x', 'edge'], 'a'],
        ['GreaterOrEqual', ['x', 'row'], 'b'],
        ['And', ['a', 'b'], 'both'],
        ['Xor', ['a', 'b'], 'one'],
        ['Or', ['both', 'one'], 'any'],
        ['Not', ['one'], 'same'],
        ['Cast', ['same'], 'sames', { to: 1 }],
        ['Cast', ['sames'], 'again', { to: 9 }],
        ['Where', ['again', 'column', 'x'], 'chosen'],
        ['Cast', ['any'], 'ones', { to: 1 }],
        ['Add', ['chosen', 'ones'], 'y'],
      ],
      { edge: floats([1], 4), row: floats([3], 3, 2, 3), column: floats([2, 1], 10, 20) },
    ),
    [2, 3],
    [2, 3],
    // a: 1 1 1, 1 0 0; b: 0 1 1, 1 1 1; the same: 0 1 1, 1 0 0.
    [2, 11, 11, 21, 6, 7],
  );
  // A condition that is known, and one that layers make of numbers.
  await makes(
    choose(
      [
        ['Cast', ['known'], 'mask', { to: 9 }],
        ['Where', ['mask', 'x', 'nought'], 'part'],
        ['Cast', ['part'], 'is', { to: 9 }],
        ['Not', ['is'], 'isNot'],
        ['Where', ['isNot', 'far', 'x'], 'y'],
      ],
      { known: floats([3], 0, 2, 0), nought: floats([], 0), far: floats([], 50) },
    ),
    [2, 3],
    [2, 3],
    [50, 2, 50, 50, 5, 50],
  );
});

test('what was not chosen has no gradient', async () => {
  const file = fileOf({
    nodes: [
      ['Gemm', ['x', 'w'], 'z'],
      ['Greater', ['z', 'nought'], 'mask'],
      ['Log', ['z'], 'log'],
      ['Where', ['mask', 'log', 'z'], 'y'],
    ],
    arrays: { w: floats([1, 2], -1, 1), nought: floats([], 0) },
    inputs: [{ name: 'x', dims: ['n', 1] }],
  });
  const model = await readOnnx(file);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.5 }), loss: 'meanSquaredError' });
  await model.trainOnBatch(Float32Array.of(2), Float32Array.of(-1, 0));
  const [{ tensor }] = model.weights;
  // The mean of (−2 + 1)² and (ln 2)²: dw is −1·2, and ln 2·½·2.
  close([...tensor.numbers], [-1 + 0.5 * 2, 1 - 0.5 * Math.log(2)], { rtol: 1e-5, atol: 1e-6 });
  model.dispose();
});

test('rows of a table by whole numbers: of an input, and of what layers make', async () => {
  const table = floats([4, 2], 1, 2, 3, 4, 5, 6, 7, 8);
  const file = (dims: (number | string)[]): FileOf => ({
    nodes: [
      ['Cast', ['labels'], 'rows', { to: 7 }],
      ['Gather', ['table.weight', 'rows'], 'y'],
    ],
    arrays: { 'table.weight': table },
    inputs: [{ name: 'labels', dims }],
  });
  const y = await outputOf(fileOf(file(['batch', 3])), Tensor.from([0, 3, -1, 2, 1.5, 0], [2, 3]));
  assert.equal(y, { shape: [2, 3, 2], data: [1, 2, 7, 8, 7, 8, 5, 6, 3, 4, 1, 2] });
  const model = await readOnnx(fileOf(file(['batch', 3])));
  assert.equal(
    model.weights.map(({ name, trainable }) => [name, trainable]),
    [['table/table', true]],
  );
  model.dispose();
  // One number for each sample, in the order of the file: the row is a sample.
  const class1 = {
    nodes: [
      ['ArgMax', ['x'], 'best', { axis: 1, keepdims: 0 }],
      ['Gather', ['table', 'best'], 'y'],
    ],
    arrays: { table },
  } satisfies FileOf;
  await makes(class1, [2, 4], [2, 2], [7, 8, 7, 8]);
  await makes(class1, [1, 3, 2], [1, 2, 2], [5, 6, 5, 6]);
  await makes(
    { ...class1, arrays: { table: floats([4], 10, 20, 30, 40) } },
    [1, 3, 2],
    [1, 2],
    [30, 30],
  );
  await rejects(
    () =>
      readOnnx(
        fileOf({
          ...{ ...class1, inputs: [{ name: 'x', dims: ['batch', 4] }] },
          nodes: [class1.nodes[0], ['Gather', ['table', 'best'], 'y', { axis: 1 }]],
        }),
      ),
    FormatError,
    'its indices are computed',
  );
});

test('Clip takes bounds that are computed', async () => {
  const nodes: FileOf['nodes'] = [
    ['ReduceMean', ['x'], 'mean', { axes: [1] }],
    ['Clip', ['x', 'mean', 'five'], 'a'],
    ['Clip', ['x', '', 'mean'], 'b'],
    ['Sub', ['a', 'b'], 'y'],
  ];
  await makes(
    { nodes, arrays: { five: floats([], 5) } },
    [2, 3],
    [2, 3],
    [2 - 1, 2 - 2, 3 - 2, 5 - 4, 5 - 5, 5 - 5],
  );
});

test('running sums go along any axis but the batch, wherever it lies', async () => {
  const sums = (axis: number, attributes = {}): FileOf => ({
    nodes: [
      ['Transpose', ['x'], 'turned', { perm: [0, 2, 1] }],
      ['CumSum', ['turned', 'axis'], 'y', attributes],
    ],
    arrays: { axis: { ...ints(axis), dims: [] } },
  });
  await makes(sums(1), [1, 2, 3], [1, 3, 2], [1, 4, 3, 9, 6, 15]);
  await makes(sums(-1, { exclusive: 1 }), [1, 2, 3], [1, 3, 2], [0, 1, 0, 2, 0, 3]);
  await makes(sums(2, { reverse: 1 }), [1, 2, 3], [1, 3, 2], [5, 4, 7, 5, 9, 6]);
  const batch = { ...sums(0), nodes: [['CumSum', ['x', 'axis'], 'y']] } satisfies FileOf;
  await makes(batch, [2, 2], [2, 2], [1, 2, 4, 6]);
});

test('infinities of one sign', async () => {
  const infinities = (attributes: object): FileOf => ({
    nodes: [
      ['Mul', ['x', 'huge'], 'z'],
      ['IsInf', ['z'], 'is', attributes as never],
      ['Cast', ['is'], 'y', { to: 1 }],
    ],
    arrays: { huge: floats([3], 3e38, -3e38, 1) },
  });
  await makes(infinities({}), [2, 3], [2, 3], [0, 1, 0, 1, 1, 0]);
  await makes(infinities({ detect_negative: 0 }), [2, 3], [2, 3], [0, 0, 0, 1, 0, 0]);
  await makes(infinities({ detect_positive: 0 }), [2, 3], [2, 3], [0, 1, 0, 0, 1, 0]);
});

test.run();
