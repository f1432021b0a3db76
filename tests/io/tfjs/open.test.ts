// TF.js models that leave sides open: images of any size, shapes from options, networks without a batch.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../../src/base/shape.js';
import {
  FormatError,
  type Model,
  memory,
  ShapeError,
  Tensor,
  ValueError,
} from '../../../src/index.js';
import { readTfjs, type TfjsArtifacts, type TfjsSource } from '../../../src/io/index.js';
import { close } from '../../helpers/close.js';
import { numbers } from '../../helpers/random.js';
import '../../helpers/start.js';
import { GraphBuilder, graphModelOf } from '../../helpers/tfgraph.js';
import { artifactsOf, predicted, scramble, tfl } from '../../helpers/tfjs.js';

const L = tfl.layers;

/** That a promise is rejected with an error of this class, whose message has these parts. */
async function rejects(
  work: () => unknown,
  kind: new (...args: never[]) => Error,
  ...parts: string[]
): Promise<void> {
  let error: unknown;
  try {
    await work();
  } catch (thrown) {
    error = thrown;
  }
  assert.instance(error, kind, `${error}`);
  for (const part of parts) assert.ok(`${error}`.includes(part), `'${error}' lacks '${part}'`);
}

const sizes = [
  [9, 12],
  [16, 16],
  [7, 5],
  [9, 12],
] as const;

/** Images of several sizes, by one model: the same as in TF.js, with the weights of the first. */
async function anySize(artifacts: TfjsArtifacts, theirs: Parameters<typeof predicted>[0]) {
  const own = await readTfjs(artifacts);
  assert.equal([...own.inputShape], [224, 224, 3]);
  const { parameters } = memory();
  for (const [height, width] of sizes) {
    const shape = [2, height, width, 3];
    const x = { shape, data: numbers(sizeOf(shape), height) };
    const [expected] = predicted(theirs, [x]);
    const given = Tensor.from(x.data, shape);
    const y = own.predict(given) as Tensor;
    assert.equal([...y.shape], expected.shape);
    close(y.data, expected.data, { atol: 1e-5, rtol: 1e-5 });
    for (const tensor of [given, y]) tensor.dispose();
    const fixed = await readTfjs(artifacts, { inputShape: [height, width, 3] });
    assert.equal([...fixed.inputShape], [height, width, 3]);
    fixed.dispose();
  }
  assert.is(memory().parameters, parameters, 'all sizes share the weights');
  return own;
}

test('a layers model takes images of any size', async () => {
  const theirs = tfl.sequential({
    layers: [
      L.conv2d({ inputShape: [null, null, 3], filters: 4, kernelSize: 3, padding: 'same' }),
      L.batchNormalization({}),
      L.prelu({ sharedAxes: [1, 2] }),
      L.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }),
      L.separableConv2d({ filters: 5, kernelSize: 3, strides: 2 }),
      L.globalAveragePooling2d({}),
      L.dense({ units: 3, activation: 'softmax' }),
    ] as tfl.layers.Layer[],
  });
  scramble(theirs, 3);
  (await anySize(await artifactsOf(theirs), theirs)).dispose();
  theirs.dispose();
});

test('a graph model takes images of any size, and computes with their shapes', async () => {
  const g = new GraphBuilder();
  const x = g.input('x', [-1, -1, -1, 3]);
  const windows = { strides: [1, 2, 2, 1], dilations: [1, 1, 1, 1], padding: 'SAME' };
  const conv = g.node('Conv2D', [x, g.weight([3, 3, 3, 4])], windows);
  // Back to the size of x.
  const shape = g.node('Shape', [x], { out_type: 'DT_INT32' });
  const size = g.node('StridedSlice', [shape, g.ints(1), g.ints(3), g.ints(1)]);
  const flags = { align_corners: false, half_pixel_centers: true };
  const large = g.node('ResizeBilinear', [conv, size], flags);
  const both = g.node('ConcatV2', [large, x, g.int(-1)], { N: 2 });
  const artifacts = g.artifacts([x], [g.node('BiasAdd', [both, g.weight([7])])]);
  (await anySize(artifacts, graphModelOf(artifacts))).dispose();
});

/** A Sequential of layers, as Keras writes it. */
const sequential = (...members: { class_name: string; config: object }[]): TfjsSource => ({
  modelTopology: { class_name: 'Sequential', config: { name: 'net', layers: members } },
});

/** A layer that pads an input of this shape. */
const padding = (batch_input_shape: unknown) =>
  sequential({ class_name: 'ZeroPadding2D', config: { name: 'pad', batch_input_shape } });

test('what the option says must fit the file', async () => {
  const source = padding([null, null, null, 3]);
  await rejects(() => readTfjs(source, { inputShape: [4, 4, 1] }), ValueError, '1', '3');
  await rejects(() => readTfjs(source, { inputShape: [4, 4] }), ValueError, '[4, 4]');
  await rejects(() => readTfjs(source, { inputShape: [4, 0, 3] }), ValueError, '> 0');
  await rejects(
    () => readTfjs(source, { inputShape: { pad_input: [4, 4, 3] } }),
    ...([ValueError, "'pad_input'", "the file's are 'input'"] as const),
  );
  for (const shape of [
    [null, null, null, null],
    [null, 4, 4, null],
  ])
    await rejects(() => readTfjs(padding(shape)), ValueError, 'leaves sides open', 'inputShape');
  await rejects(() => readTfjs(padding(undefined)), ValueError, 'does not say its shape');
  const unknown = await readTfjs(padding(undefined), { inputShape: [4, 5, 2] });
  assert.equal([...unknown.outputShape], [6, 7, 2]);
  unknown.dispose();
  const model = await readTfjs(source, { inputShape: { input: [4, 5, 3] } });
  assert.equal([...model.outputShape], [6, 7, 3]);
  model.dispose();
});

test('a tensor that does not fit is an error, and the model goes on', async () => {
  const model: Model = await readTfjs(padding([null, null, 6, 3]), { inputShape: [4, 6, 3] });
  const predict = (...shape: number[]) => {
    const x = Tensor.zeros(shape);
    try {
      return (model.predict(x) as Tensor).shape;
    } finally {
      x.dispose();
    }
  };
  assert.equal([...predict(1, 5, 6, 3)], [1, 7, 8, 3]);
  await rejects(() => predict(1, 5, 7, 3), ValueError, 'predict', '7', '6');
  await rejects(() => predict(1, 5, 6, 4), ValueError, 'predict', '4', '3');
  assert.equal([...predict(3, 2, 6, 3)], [3, 4, 8, 3]);
  model.dispose();
});

test('weights that are for one size say so', async () => {
  const g = new GraphBuilder();
  const x = g.input('x', [-1, -1, 3]);
  const flat = g.node('Reshape', [x, g.ints(-1, 12)]);
  const y = g.node('MatMul', [flat, g.weight([12, 2])], { transpose_a: false, transpose_b: false });
  const graph = await readTfjs(g.artifacts([x], [y]), { inputShape: [4, 3] });
  const theirs = tfl.sequential({
    layers: [L.prelu({ inputShape: [4, 3] }), L.flatten({})] as tfl.layers.Layer[],
  });
  const artifacts = await artifactsOf(theirs);
  const text = JSON.stringify(artifacts.modelTopology).replace('[null,4,3]', '[null,null,3]');
  const layered = await readTfjs(
    { ...artifacts, modelTopology: JSON.parse(text) },
    { inputShape: [4, 3] },
  );
  for (const model of [graph, layered]) {
    const right = Tensor.zeros([2, 4, 3]);
    const wrong = Tensor.zeros([2, 5, 3]);
    (model.predict(right) as Tensor).dispose();
    const [kind, words] =
      model === graph
        ? ([ShapeError, 'across its batch'] as const)
        : ([FormatError, 'its weights are for'] as const);
    await rejects(() => model.predict(wrong), kind, 'predict', words);
    for (const tensor of [right, wrong]) tensor.dispose();
    model.dispose();
  }
});

test('a network across its batch needs its whole shape', async () => {
  const g = new GraphBuilder();
  const x = g.input('x', [-1, 4]);
  const artifacts = g.artifacts([x], [g.node('Sum', [x, g.ints(0)], { keep_dims: false })]);
  await rejects(() => readTfjs(artifacts), ValueError, 'across its batch', 'inputShape');
  const own = await readTfjs(artifacts, { inputShape: [3, 4] });
  const given = { shape: [3, 4], data: numbers(12, 2) };
  const tensor = Tensor.from(given.data, [3, 4]);
  const y = own.predict(tensor) as Tensor;
  const [expected] = predicted(graphModelOf(artifacts), [given]);
  assert.equal([...y.shape], expected.shape);
  close(y.data, expected.data, { atol: 1e-6 });
  for (const one of [tensor, y, own]) one.dispose();
});

test.run();
