// Graph models of TensorFlow come over, operator by operator, and learn.

import { test } from 'uvu';
import type { Shape } from '../../../src/base/shape.js';
import '../../helpers/start.js';
import { GraphBuilder, type Ref } from '../../helpers/tfgraph.js';
import { agree } from './agree.js';

const image: Shape = [-1, 9, 8, 4];
const SAME = { strides: [1, 2, 2, 1], dilations: [1, 1, 1, 1], padding: 'SAME' };
const VALID = { strides: [1, 1, 1, 1], dilations: [1, 1, 1, 1], padding: 'VALID' };

/** A network of one input and one output. */
type Body = (g: GraphBuilder, x: Ref) => Ref;
interface Options {
  readonly shape?: Shape;
  readonly positive?: boolean;
}

const bodies: [name: string, body: Body, options?: Options][] = [
  ['Conv2D', (g, x) => g.node('Conv2D', [x, g.weight([3, 3, 4, 5])], SAME)],
  [
    'Conv2D, dilated, and BiasAdd',
    (g, x) => {
      const y = g.node('Conv2D', [x, g.weight([3, 2, 4, 5])], {
        ...VALID,
        dilations: [1, 2, 2, 1],
      });
      return g.node('BiasAdd', [y, g.weight([5])]);
    },
  ],
  [
    '_FusedConv2D',
    (g, x) =>
      g.node('_FusedConv2D', [x, g.weight([3, 3, 4, 5]), g.weight([5])], {
        ...SAME,
        fused_ops: ['BiasAdd', 'Relu6'],
        num_args: 1,
      }),
  ],
  [
    '_FusedConv2D with a leaky ReLU',
    (g, x) =>
      g.node('_FusedConv2D', [x, g.weight([1, 1, 4, 5]), g.weight([5])], {
        ...VALID,
        fused_ops: ['BiasAdd', 'LeakyRelu'],
        num_args: 1,
        leakyrelu_alpha: 0.3,
      }),
  ],
  [
    'FusedDepthwiseConv2dNative',
    (g, x) =>
      g.node('FusedDepthwiseConv2dNative', [x, g.weight([3, 3, 4, 2]), g.weight([8])], {
        ...SAME,
        fused_ops: ['BiasAdd', 'Relu'],
        num_args: 1,
      }),
  ],
  [
    'Pad before a convolution',
    (g, x) => {
      const padded = g.node('Pad', [x, g.rows([0, 0], [0, 1], [2, 1], [0, 0])]);
      return g.node('DepthwiseConv2dNative', [padded, g.weight([3, 3, 4, 1])], VALID);
    },
  ],
  [
    'SpaceToBatchND around a convolution',
    (g, x) => {
      const around = g.rows([2, 3], [2, 2]);
      const before = g.node('SpaceToBatchND', [x, g.ints(2, 2), around]);
      const y = g.node('Conv2D', [before, g.weight([3, 3, 4, 3])], VALID);
      return g.node('BatchToSpaceND', [y, g.ints(2, 2), g.rows([0, 1], [0, 0])]);
    },
  ],
  [
    'Conv2DBackpropInput',
    (g, x) =>
      g.node('Conv2DBackpropInput', [g.ints(2, 17, 15, 3), g.weight([3, 3, 3, 4]), x], SAME),
  ],
  [
    'FusedBatchNormV3',
    (g, x) => {
      const [scale, offset, mean] = [g.weight([4], true), g.weight([4]), g.weight([4])];
      const inputs = [x, scale, offset, mean, g.weight([4], true)];
      return g.node('FusedBatchNormV3', inputs, { epsilon: 0.001, is_training: false });
    },
  ],
  ['MaxPool', (g, x) => g.node('MaxPool', [x], { ksize: [1, 3, 2, 1], ...SAME })],
  ['AvgPool', (g, x) => g.node('AvgPool', [x], { ksize: [1, 3, 3, 1], ...SAME })],
  ['Mean of all pixels', (g, x) => g.node('Mean', [x, g.ints(1, 2)], { keep_dims: false })],
  ['Mean that keeps axes', (g, x) => g.node('Mean', [x, g.ints(1, 2)], { keep_dims: true })],
  ['Relu', (g, x) => g.node('Relu', [x])],
  ['Relu6', (g, x) => g.node('Relu6', [x])],
  ['Elu', (g, x) => g.node('Elu', [x])],
  ['LeakyRelu', (g, x) => g.node('LeakyRelu', [x], { alpha: 0.2 })],
  ['Sigmoid and Tanh', (g, x) => g.node('Tanh', [g.node('Sigmoid', [x])])],
  ['Softmax', (g, x) => g.node('Softmax', [x])],
  ['Reshape', (g, x) => g.node('Reshape', [x, g.ints(-1, 72, 4)])],
  [
    'MatMul and an Add',
    (g, x) => {
      const flat = g.node('Reshape', [x, g.ints(-1, 288)]);
      const y = g.node('MatMul', [flat, g.weight([288, 6])], {
        transpose_a: false,
        transpose_b: false,
      });
      return g.node('AddV2', [y, g.weight([6])]);
    },
  ],
  [
    '_FusedMatMul of a turned matrix',
    (g, x) => {
      const flat = g.node('Reshape', [x, g.ints(-1, 288)]);
      return g.node('_FusedMatMul', [flat, g.weight([6, 288]), g.weight([6])], {
        fused_ops: ['BiasAdd', 'Relu'],
        num_args: 1,
        transpose_a: false,
        transpose_b: true,
      });
    },
  ],
  [
    'a shape that is computed',
    (g, x) => {
      const shape = g.node('Shape', [x], { out_type: 'DT_INT32' });
      const parts = [shape, g.ints(0), g.ints(1), g.ints(1)];
      const batch = g.node('StridedSlice', parts, { shrink_axis_mask: 1 });
      const whole = g.node('Pack', [batch, g.int(-1)], { axis: 0, N: 2 });
      return g.node('Reshape', [x, whole]);
    },
  ],
  [
    'a residual block',
    (g, x) => {
      const y = g.node('Conv2D', [x, g.weight([3, 3, 4, 4])], { ...SAME, strides: [1, 1, 1, 1] });
      return g.node('Relu', [g.node('AddV2', [g.node('BiasAdd', [y, g.weight([4])]), x])]);
    },
  ],
  [
    'Squeeze and ExpandDims',
    (g, x) => {
      const mean = g.node('Mean', [x, g.ints(1, 2)], { keep_dims: true });
      const flat = g.node('Squeeze', [mean], { squeeze_dims: [1, 2] });
      return g.node('ExpandDims', [flat, g.int(1)]);
    },
  ],
  ['ConcatV2', (g, x) => g.node('ConcatV2', [x, g.node('Relu', [x]), g.int(-1)], { N: 2 })],
  ['ConcatV2 of rows', (g, x) => g.node('ConcatV2', [x, g.node('Relu', [x]), g.int(1)], { N: 2 })],
];

for (const [name, body, { shape = image, positive = false } = {}] of bodies) {
  test(name, async () => {
    const g = new GraphBuilder();
    const x = g.input('x', shape);
    const y = body(g, x);
    const artifacts = g.artifacts([x], [g.node('Identity', [y])]);
    (await agree(artifacts, [[2, ...shape.slice(1)]], { positive })).dispose();
  });
}

test.run();
