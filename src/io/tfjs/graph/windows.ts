// TensorFlow's operators with windows: convolutions and pools, and what is fused to them.

import { reshapedConstant, scalar } from '../../importing/constants.js';
import { Constant, type Value } from '../../importing/value.js';
import { channelsFirst, channelsLast, permuted, row, type TfNode } from './node.js';

/** Whether channels come before pixels. */
export const isChannelsFirst = ({ attributes }: TfNode): boolean =>
  attributes.text('data_format', 'NHWC').startsWith('NC');

/** An image as ONNX has it. */
const imageOf = (node: TfNode, x: Value): Value => {
  if (x.shape.length < 4) node.fail('it takes [batch, height, width, channels]');
  return isChannelsFirst(node) ? x : channelsFirst(x);
};

/** An image as the node has it. */
const asIn = (node: TfNode, y: Value): Value => (isChannelsFirst(node) ? y : channelsLast(y));

/** The numbers of a list for the axes of pixels. */
function spatial(node: TfNode, name: string, rank: number): number[] | undefined {
  const list = node.attributes.ints(name);
  if (!list || list.length === 0) return undefined;
  if (list.length !== rank) node.fail(`its ${name} must be ${rank} numbers, not [${list}]`);
  return isChannelsFirst(node) ? list.slice(2) : list.slice(1, -1);
}

/** Strides and dilations, and the padding in ONNX's words. */
function placementOf(node: TfNode, rank: number) {
  const padding = node.attributes.text('padding', 'VALID');
  const words: Readonly<Record<string, string>> = { SAME: 'SAME_UPPER', VALID: 'VALID' };
  const common = {
    strides: spatial(node, 'strides', rank),
    dilations: spatial(node, 'dilations', rank),
  };
  if (Object.hasOwn(words, padding)) return { ...common, auto_pad: words[padding] };
  const list = node.attributes.ints('explicit_paddings');
  if (padding !== 'EXPLICIT' || list?.length !== 2 * rank)
    return node.fail(`its padding is ${padding} with [${list ?? ''}]`);
  const pairs = Array.from({ length: rank }, (_, axis) => [list[2 * axis], list[2 * axis + 1]]);
  const own = isChannelsFirst(node) ? pairs.slice(2) : pairs.slice(1, -1);
  return { ...common, pads: [...own.map(([before]) => before), ...own.map(([, after]) => after)] };
}

/** The sides of pixels, as numbers from 0. */
const pixels = (rank: number): number[] => Array.from({ length: rank - 2 }, (_, i) => i);

/** A filter [...sides, inputs, outputs] as ONNX has it: [outputs, inputs, ...sides]. */
const filterOf = (w: Value): Value => {
  const rank = w.shape.length;
  return permuted(w, [rank - 1, rank - 2, ...pixels(rank)]);
};

/** The bias that is fused to a node, if the first input after its own is one. */
const biasOf = (node: TfNode, own: number): Value | undefined =>
  node.attributes.texts('fused_ops')[0] === 'BiasAdd' ? node.input(own) : undefined;

export function conv(node: TfNode): Value {
  const [given, w] = [node.input(0), node.input(1)];
  const x = imageOf(node, given);
  const rank = x.shape.length;
  if (w.shape.length !== rank) node.fail('its filter has another rank than its input');
  const group = x.shape[1] / w.shape[rank - 2];
  const attributes = { ...placementOf(node, rank), group };
  const y = node.onnx('Conv', [x, filterOf(w), biasOf(node, 2)], attributes);
  return withFused(node, asIn(node, y), 2);
}

export function depthwiseConv(node: TfNode): Value {
  const x = imageOf(node, node.input(0));
  const w = node.constant(1);
  const [height, width, channels, multiplier] = w.shape;
  if (w.shape.length !== 4) node.fail('its filter must have 4 dimensions');
  // A channel's filters lie side by side: [channels·multiplier, 1, height, width].
  const filter = reshapedConstant(permuted(w, [2, 3, 0, 1]), [
    channels * multiplier,
    1,
    height,
    width,
  ]);
  const attributes = { ...placementOf(node, 4), group: channels };
  const y = node.onnx('Conv', [x, filter, biasOf(node, 2)], attributes);
  return withFused(node, asIn(node, y), 2);
}

/** A transposed convolution: its output's shape comes first, its filter is [...sides, outputs, inputs]. */
export function convTranspose(node: TfNode): Value {
  const x = imageOf(node, node.input(2));
  const rank = x.shape.length;
  const shape = node.constant(0).data;
  const sides = isChannelsFirst(node) ? shape.slice(2) : shape.slice(1, -1);
  const known = Array.from(sides as ArrayLike<unknown>).filter(Number.isInteger) as number[];
  if (known.length !== rank - 2) node.fail('the sides of its output are not known');
  const { strides, dilations, ...padding } = placementOf(node, rank);
  // How much is cut off follows from the shape. The odd pixel is at the end, with both words.
  const where = 'pads' in padding ? padding : { auto_pad: 'SAME_UPPER', output_shape: known };
  const attributes = { strides, dilations, ...where };
  const y = node.onnx('ConvTranspose', [x, filterOf(node.input(1)), biasOf(node, 3)], attributes);
  return withFused(node, asIn(node, y), 3);
}

/** MaxPool and AvgPool. */
export function pool(node: TfNode, op: 'MaxPool' | 'AveragePool'): Value {
  const x = imageOf(node, node.input(0));
  const rank = x.shape.length;
  const kernel = spatial(node, 'ksize', rank);
  const { dilations: _, ...placement } = placementOf(node, rank);
  return asIn(node, node.onnx(op, [x], { ...placement, kernel_shape: kernel }));
}

export function batchNorm(node: TfNode): Value {
  const { attributes, inputs } = node;
  if (attributes.flag('is_training'))
    node.fail('its is_training is true: export the model for inference');
  return asIn(node, normalized(node, imageOf(node, node.input(0)), inputs.slice(1, 5)));
}

const normalized = (node: TfNode, x: Value, statistics: readonly Value[]): Value =>
  node.onnx('BatchNormalization', [x, ...statistics], {
    epsilon: node.attributes.float('epsilon', 1e-4),
    momentum: 0.99,
  });

/** AlexNet's normalization, in which ONNX divides alpha by the number of channels. */
export function lrn(node: TfNode): Value {
  const { attributes } = node;
  const size = 2 * attributes.int('depth_radius', 5) + 1;
  const y = node.onnx('LRN', [channelsFirst(node.input(0))], {
    size,
    alpha: attributes.float('alpha', 1) * size,
    beta: attributes.float('beta', 0.5),
    bias: attributes.float('bias', 1),
  });
  return channelsLast(y);
}

/** Adds a number for each channel. */
export function biasAdd(node: TfNode): Value {
  const [x, bias] = [node.input(0), node.input(1)];
  const isFirst = isChannelsFirst(node) && bias instanceof Constant;
  const sides = new Array(Math.max(0, x.shape.length - 2)).fill(1);
  const own = isFirst ? reshapedConstant(bias, [bias.size, ...sides]) : bias;
  return node.onnx('Add', [x, own]);
}

export function matMul(node: TfNode): Value {
  const { attributes } = node;
  const y = node.onnx('Gemm', [node.input(0), node.input(1), biasOf(node, 2)], {
    transA: Number(attributes.flag('transpose_a')),
    transB: Number(attributes.flag('transpose_b')),
  });
  return withFused(node, y, 2);
}

/** Functions of one number that may be fused to a node. */
export const activations: Readonly<Record<string, (node: TfNode, x: Value) => Value>> = {
  Relu: (node, x) => node.onnx('Relu', [x]),
  Relu6: (node, x) => node.onnx('Clip', [x, scalar(0, 'float'), scalar(6, 'float')]),
  Elu: (node, x) => node.onnx('Elu', [x]),
  Sigmoid: (node, x) => node.onnx('Sigmoid', [x]),
  Tanh: (node, x) => node.onnx('Tanh', [x]),
  LeakyRelu(node, x) {
    const own = node.op === 'LeakyRelu' ? 'alpha' : 'leakyrelu_alpha';
    return node.onnx('LeakyRelu', [x], { alpha: node.attributes.float(own, 0.2) });
  },
};

/** What TensorFlow does in one node after its own work. @param own how many inputs that takes */
function withFused(node: TfNode, y: Value, own: number): Value {
  const ops = node.attributes.texts('fused_ops');
  let at = own + (ops[0] === 'BiasAdd' ? 1 : 0);
  let made = y;
  for (const op of ops.slice(ops[0] === 'BiasAdd' ? 1 : 0)) {
    if (Object.hasOwn(activations, op)) made = activations[op](node, made);
    else if (op === 'Add') made = node.onnx('Add', [made, node.input(at++)]);
    else if (op === 'Prelu') made = node.onnx('PRelu', [made, node.input(at++)]);
    else if (op === 'FusedBatchNorm') {
      const statistics = [0, 1, 2, 3].map((i) => node.input(at + i));
      made = asIn(node, normalized(node, imageOf(node, made), statistics));
      at += 4;
    } else node.fail(`${op} is fused to it, which there is not here`);
  }
  return made;
}

/** Resizes the pixels of an image to a size. */
export function resize(node: TfNode, mode: 'linear' | 'nearest'): Value {
  const { attributes } = node;
  const corners = attributes.flag('align_corners');
  const half = attributes.flag('half_pixel_centers');
  const centres = mode === 'linear' ? 'half_pixel' : 'tf_half_pixel_for_nn';
  return node.onnx('Resize', [node.input(0), undefined, undefined, row(node.integers(1))], {
    mode,
    axes: [1, 2],
    coordinate_transformation_mode: corners ? 'align_corners' : half ? centres : 'asymmetric',
    nearest_mode: corners ? 'round_prefer_ceil' : 'floor',
  });
}
