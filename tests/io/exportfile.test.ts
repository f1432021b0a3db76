// What ONNX files of models hold: names, shapes, versions, metadata, nodes and the order of weights; and what cannot be
// written.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  emit,
  FormatError,
  type Forward,
  input,
  Layer,
  type Lowering,
  layers,
  Model,
  Sequential,
  type Shape,
  StateError,
  type Value,
  ValueError,
} from '../../src/index.js';
import { readOnnx, writeOnnx } from '../../src/io/index.js';
import { type GraphProto, readModelProto } from '../../src/io/onnx/proto.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

const graphOf = (file: Uint8Array): GraphProto => readModelProto(file).graph as GraphProto;

const opsOf = (file: Uint8Array): string[] => graphOf(file).nodes.map(({ op }) => op);

/** An array of the file by its name. */
function arrayOf(file: Uint8Array, name: string): { dims: number[]; numbers: number[] } {
  const found = graphOf(file).initializers.find((array) => array.name === name);
  const { dims, raw } = found as { dims: number[]; raw: Uint8Array };
  return { dims, numbers: [...new Float32Array(raw.slice().buffer)] };
}

/** Written, with the model freed. */
function written(model: Model, options: Parameters<typeof writeOnnx>[1] = {}): Uint8Array {
  const file = writeOnnx(model, options);
  model.dispose();
  return file;
}

test('versions: the opset that is asked for, the IR version that came with it, who wrote it', () => {
  const versions = [
    [13, 7],
    [14, 7],
    [15, 8],
    [17, 8],
    [18, 8],
    [19, 9],
    [20, 9],
    [21, 10],
  ];
  for (const [opset, irVersion] of versions) {
    const file = written(new Sequential([layers.relu()], { inputShape: [2] }), { opset });
    const proto = readModelProto(file);
    assert.equal([...proto.opsets], [['', opset]]);
    assert.is(proto.irVersion, irVersion, `opset ${opset}`);
    assert.ok(Buffer.from(file).includes('wasmgrad'), 'who wrote it');
  }
  const file = written(new Sequential([layers.relu()], { inputShape: [2] }));
  assert.equal([...readModelProto(file).opsets], [['', 17]]);
});

test('numbers lie aligned, whatever names are as long as', () => {
  for (const length of [1, 2, 3, 4, 130]) {
    const dense = layers.dense({ units: 3, name: 'd'.repeat(length) });
    const file = written(new Sequential([dense], { inputShape: [5], name: 'n'.repeat(length) }));
    const { initializers } = readModelProto(file).graph as GraphProto;
    assert.is(initializers.length, 2);
    for (const { raw } of initializers) assert.is((raw as Uint8Array).byteOffset % 4, 0);
  }
});

test('inputs and outputs keep their names; channels come first, the batch is open', () => {
  const x = input([5, 6, 2], { name: 'picture' });
  const line = input([7, 3], { name: 'signal' });
  const y = layers.conv2d({ filters: 4, kernelSize: 3, name: 'features' }).apply(x);
  const z = layers.maxPool1d({ name: 'pooled' }).apply(line);
  const model = new Model({ inputs: [x, line], outputs: [y, z], name: 'two' });
  const { name, inputs, outputs } = graphOf(written(model as unknown as Model));
  const shapes = (all: GraphProto['inputs']) => all.map((one) => [one.name, one.shape]);
  assert.is(name, 'two');
  assert.equal(shapes(inputs), [
    ['picture', ['batch', 2, 5, 6]],
    ['signal', ['batch', 3, 7]],
  ]);
  assert.equal(shapes(outputs), [
    ['features', ['batch', 4, 3, 4]],
    ['pooled', ['batch', 3, 3]],
  ]);
});

test('weights keep their names, and nodes have those of layers; filters are OIHW', () => {
  const conv = layers.conv2d({ filters: 3, kernelSize: 2, activation: 'relu', name: 'first' });
  const model = new Sequential([conv, layers.batchNorm()], { inputShape: [3, 3, 2] });
  const kernel = model.weights[0].tensor.toArray() as number[][][][];
  const file = written(model);
  const { nodes, initializers } = graphOf(file);
  assert.equal(
    nodes.map(({ name, op, inputs }) => [name, op, ...inputs]),
    [
      ['first/Conv', 'Conv', 'input', 'first/kernel', 'first/bias'],
      ['first', 'Relu', 'first/Conv'],
      [
        'batchNorm',
        'BatchNormalization',
        'first',
        ...['gamma', 'beta', 'movingMean', 'movingVariance'].map((name) => `batchNorm/${name}`),
      ],
    ],
  );
  assert.is(initializers.length, 6);
  const { dims, numbers } = arrayOf(file, 'first/kernel');
  assert.equal(dims, [3, 2, 2, 2]);
  // Output 2, input 1, row 0, column 1.
  assert.is(numbers[2 * 8 + 1 * 4 + 1], kernel[0][1][1][2]);
});

test('the weights of a layer at two places are written once', () => {
  const x = input([3]);
  const dense = layers.dense({ units: 3 });
  const file = written(new Model({ inputs: x, outputs: dense.apply(dense.apply(x)) }));
  assert.equal(
    graphOf(file).initializers.map(({ name }) => name),
    ['dense/kernel', 'dense/bias'],
  );
  assert.equal(
    graphOf(file).nodes.map(({ inputs, outputs }) => [...inputs, ...outputs]),
    [
      ['input', 'dense/kernel', 'dense/bias', 'dense_1'],
      ['dense_1', 'dense/kernel', 'dense/bias', 'dense'],
    ],
  );
});

test('a dense layer after a flattened image has its rows reordered; nothing is transposed', () => {
  const dense = layers.dense({ units: 2, useBias: false });
  const model = new Sequential([layers.flatten(), layers.relu(), dense], { inputShape: [2, 2, 3] });
  const kernel = [...model.weights[0].tensor.data];
  const file = written(model);
  assert.equal(opsOf(file), ['Flatten', 'Relu', 'Gemm']);
  const { dims, numbers } = arrayOf(file, 'dense/kernel');
  assert.equal(dims, [12, 2]);
  // Channel 2 of pixel [0, 1], unit 1: here the fifth row of channels last, there of channels first.
  assert.is(numbers[(2 * 4 + 1) * 2 + 1], kernel[(1 * 3 + 2) * 2 + 1]);
});

test('flatten and reshape: one transpose to our order, another back, none where no number moves', () => {
  const ops = (inputShape: Shape, ...list: Layer[]) =>
    opsOf(written(new Sequential(list, { inputShape })));
  assert.equal(ops([2, 3, 4], layers.flatten()), ['Transpose', 'Flatten']);
  assert.equal(ops([1, 1, 4], layers.flatten()), ['Flatten']);
  assert.equal(ops([2, 3, 1], layers.flatten()), ['Flatten']);
  assert.equal(ops([4], layers.flatten(), layers.relu()), ['Relu']);
  const target = (targetShape: Shape) => layers.reshape({ targetShape });
  assert.equal(ops([2, 3, 4], target([4, 3, 2])), ['Transpose', 'Reshape', 'Transpose']);
  assert.equal(ops([6], target([1, 1, 6])), ['Reshape']);
  assert.equal(ops([6], target([3, 2])), ['Reshape', 'Transpose']);
});

test('layers that do nothing leave no node; where they are outputs, one that gives the name', () => {
  const list = () => [layers.relu(), layers.spatialDropout2d({ rate: 0.5 }), layers.linear()];
  assert.equal(
    opsOf(written(new Sequential([...list(), layers.tanh()], { inputShape: [2, 2, 3] }))),
    ['Relu', 'Tanh'],
  );
  const { nodes } = graphOf(written(new Sequential(list(), { inputShape: [2, 2, 3] })));
  assert.equal(
    nodes.map(({ op, inputs, outputs }) => [op, ...inputs, ...outputs]),
    [
      ['Relu', 'input', 'relu'],
      ['Identity', 'relu', 'linear'],
    ],
  );
});

test('labels and preprocessing come back', async () => {
  const model = new Sequential([layers.globalAvgPool2d(), layers.softmax()], {
    inputShape: [4, 4, 3],
  });
  model.labels = ['cat', 'ĉevalo', '犬'];
  model.preprocessing = { mean: [0.4, 0.5, 0.6], std: [0.1, 0.2, 0.3] };
  const { labels, preprocessing } = model;
  const file = written(model);
  const again = await readOnnx(file);
  assert.equal(again.labels, labels);
  assert.equal(again.preprocessing, preprocessing);
  again.dispose();
});

test('in the file’s order, preprocessing, which is about channels that come last, stays away', async () => {
  const model = new Sequential([layers.conv2d({ filters: 2, kernelSize: 1 })], {
    inputShape: [4, 5, 3],
  });
  model.preprocessing = { mean: [0.4, 0.5, 0.6], std: [0.1, 0.2, 0.3] };
  const again = await readOnnx(written(model), { layout: 'nchw' });
  assert.equal(again.inputShape, [3, 4, 5]);
  assert.is(again.preprocessing, undefined);
  again.dispose();
});

test('metadata that are damaged are named', async () => {
  const model = new Sequential([layers.softmax()], { inputShape: [3] });
  model.labels = ['a', 'b', 'c'];
  const file = written(model);
  const at = Buffer.from(file).indexOf('["a","b","c"]');
  const damaged = (text: string): Uint8Array => {
    const copy = file.slice();
    copy.set(new TextEncoder().encode(text), at);
    return copy;
  };
  await rejects(() => readOnnx(damaged('["a","b","c"}')), FormatError, 'wasmgrad.labels', 'JSON');
  await rejects(() => readOnnx(damaged('["a",     2 ]')), ValueError, 'labels', '3 classes');
});

/** A layer of somebody's own. */
class Same extends Layer<null> {
  shapeFor(shape: Shape): Shape {
    return shape;
  }

  emitForward(to: Lowering, x: Value): Forward<null> {
    const y = to.emitter.value(x.shape);
    emit.activationForward(to.emitter, 'relu', y, x);
    return { y, saved: null };
  }

  emitBackward(): undefined {}
}

test('layers that cannot be written are all named', async () => {
  const own = ['myNorm', 'myGate'].map((type) => new Same(type, {}, []));
  const model = new Sequential([layers.relu(), ...own], { inputShape: [3] });
  await rejects(
    () => writeOnnx(model),
    ValueError,
    'writeOnnx: ',
    "'myNorm'",
    "'myGate'",
    'toBytes',
  );
  model.dispose();
});

test('options that make no sense, and models that are gone', async () => {
  const model = new Sequential([layers.relu()], { inputShape: [3] });
  for (const opset of [12, 22, 17.5])
    await rejects(
      () => writeOnnx(model, { opset }),
      ValueError,
      'opset',
      '13 to 21',
      String(opset),
    );
  model.dispose();
  await rejects(() => writeOnnx(model), StateError, 'dispose');
});

test.run();
