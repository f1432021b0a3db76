// What each of our layers is in TF.js: one of its layers, or several, one after the other.

import { checkPadding, type Padding, type Pair, pairOf, type Sides } from '../../../base/shape.js';
import type { Layer, Shape } from '../../../core.js';
import type { Json } from '../json.js';

/** A layer of TF.js. */
export interface Step {
  readonly type: string;
  readonly config: Json;
  /** Put after the name of our layer. One of the steps has none, and so our layer's own name. */
  readonly end?: string;
  /** Our weights by TF.js's names, which may have shapes of their own there. */
  readonly weights?: Readonly<Record<string, string>>;
  readonly shapes?: Readonly<Record<string, Shape>>;
}

/** The steps of a layer; or why there are none. */
type Writer = (layer: Layer, ...inputShapes: readonly Shape[]) => readonly Step[] | string;

/** The options of a layer, whose type says which they are. */
// biome-ignore lint/suspicious/noExplicitAny: each writer knows its layer's options
const optionsOf = (layer: Layer): any => layer.options;

const channelsLast = { data_format: 'channels_last' };

/** TF.js's names of activations. */
const activationNames: Readonly<Record<string, string>> = {
  ...{ linear: 'linear', relu: 'relu', relu6: 'relu6', sigmoid: 'sigmoid', tanh: 'tanh' },
  ...{ softmax: 'softmax', elu: 'elu', selu: 'selu', gelu: 'gelu', silu: 'swish' },
  softplus: 'softplus',
};

/** An activation as layers of its own. */
function activationSteps(name: string, alpha?: number, end?: string): readonly Step[] | string {
  const one = (type: string, config: Json): Step[] => [{ type, config, end }];
  if (name === 'leakyRelu') return one('LeakyReLU', { alpha: alpha ?? 0.01 });
  if (name === 'elu' && alpha !== undefined) return one('ELU', { alpha });
  if (name === 'hardSigmoid') {
    // x / 6 + ½, cut to [0, 1]: TF.js's own is x / 5 + ½.
    const scaled = { type: 'Rescaling', config: { scale: 1 / 6, offset: 0.5 } };
    return [
      { ...scaled, end: `${end ?? ''}_scale` },
      { type: 'ReLU', config: { max_value: 1 }, end },
    ];
  }
  const activation = activationNames[name];
  return activation ? one('Activation', { activation }) : `TF.js has no activation ${name}`;
}

/** A layer with the option `activation`: in the layer itself, or as layers after it. */
function activated(
  layer: Layer,
  step: Step,
  before: readonly Step[] = [],
): readonly Step[] | string {
  const { activation = 'linear' } = optionsOf(layer);
  if (Object.hasOwn(activationNames, activation)) {
    const config = { ...step.config, activation: activationNames[activation] };
    return [...before, { ...step, config }];
  }
  const after = activationSteps(activation, undefined, '_activation');
  return typeof after === 'string' ? after : [...before, step, ...after];
}

/** TF.js rounds down. */
const roundsUp = 'its dimRoundingMode is ceil, which TF.js has not';

const pairs = (value: Pair | undefined, otherwise: Pair): number[] => [
  ...pairOf('size', value ?? otherwise),
];

const isZero = (sides: Sides): boolean => sides.flat().every((side) => side === 0);

/** The padding of windows in TF.js's words, with zeros before where it has none. */
function padded(given: Padding | undefined): { padding: string; before: Step[] } {
  const sides = checkPadding(given ?? 'valid');
  if (sides === 'same') return { padding: 'same', before: [] };
  const zeros = { type: 'ZeroPadding2D', config: { padding: sides, ...channelsLast } };
  return { padding: 'valid', before: isZero(sides) ? [] : [{ ...zeros, end: '_pad' }] };
}

/** What layers with a kernel share. */
function kernelParts(layer: Layer, kernel: string) {
  const { useBias = true } = optionsOf(layer);
  const weights = { [kernel]: 'kernel', ...(useBias ? { bias: 'bias' } : {}) };
  return { config: { use_bias: useBias }, weights };
}

const conv2d: Writer = (layer, [, , channels]) => {
  const { filters, kernelSize, strides, padding, dilation, groups = 1, ...rest } = optionsOf(layer);
  if (rest.dimRoundingMode === 'ceil') return roundsUp;
  const isDepthwise = groups > 1 && groups === channels && filters % channels === 0;
  if (groups > 1 && !isDepthwise) return `it has ${groups} groups, which TF.js has not`;
  const windows = padded(padding);
  const { config, weights } = kernelParts(layer, isDepthwise ? 'depthwise_kernel' : 'kernel');
  const kernel_size = pairs(kernelSize, 1);
  const all = {
    ...{ ...config, ...channelsLast, kernel_size, padding: windows.padding },
    ...{ strides: pairs(strides, 1), dilation_rate: pairs(dilation, 1) },
  };
  if (!isDepthwise)
    return activated(
      layer,
      { type: 'Conv2D', config: { ...all, filters }, weights },
      windows.before,
    );
  return depthwise(layer, all, weights, filters / channels, channels, windows.before);
};

/** Kernels are [height, width, channels, multiplier] there. */
function depthwise(
  layer: Layer,
  config: Json & { readonly kernel_size: number[] },
  weights: Step['weights'],
  multiplier: number,
  channels: number,
  before: readonly Step[],
): readonly Step[] | string {
  const step = {
    type: 'DepthwiseConv2D',
    config: { ...config, depth_multiplier: multiplier },
    weights,
    shapes: { depthwise_kernel: [...config.kernel_size, channels, multiplier] },
  };
  return activated(layer, step, before);
}

const depthwiseConv2d: Writer = (layer, [, , channels]) => {
  const options = optionsOf(layer);
  const { kernelSize, strides, padding, dilation, depthMultiplier = 1 } = options;
  if (options.dimRoundingMode === 'ceil') return roundsUp;
  const windows = padded(padding);
  const { config, weights } = kernelParts(layer, 'depthwise_kernel');
  const all = {
    ...{ ...config, ...channelsLast, kernel_size: pairs(kernelSize, 1), padding: windows.padding },
    ...{ strides: pairs(strides, 1), dilation_rate: pairs(dilation, 1) },
  };
  return depthwise(layer, all, weights, depthMultiplier, channels, windows.before);
};

const conv2dTranspose: Writer = (layer) => {
  const { filters, kernelSize, strides, padding, dilation, outputPadding } = optionsOf(layer);
  const sides = checkPadding(padding ?? 'valid');
  if (sides !== 'same' && !isZero(sides)) return 'its padding is neither same nor valid';
  if (outputPadding !== undefined) return 'it has an outputPadding, which TF.js has not';
  if (pairs(dilation, 1).some((side) => side > 1)) return 'its dilation is above 1';
  const { config, weights } = kernelParts(layer, 'kernel');
  const all = {
    ...{ ...config, ...channelsLast, filters, kernel_size: pairs(kernelSize, 1) },
    ...{ strides: pairs(strides, 1), padding: sides === 'same' ? 'same' : 'valid' },
  };
  return activated(layer, { type: 'Conv2DTranspose', config: all, weights });
};

const conv1d: Writer = (layer) => {
  const {
    filters,
    kernelSize,
    strides = 1,
    padding = 'valid',
    dilation = 1,
    ...rest
  } = optionsOf(layer);
  if (rest.dimRoundingMode === 'ceil') return roundsUp;
  if ((rest.groups ?? 1) > 1) return `it has ${rest.groups} groups, which TF.js has not`;
  const word = wordOf(padding, (kernelSize - 1) * dilation);
  if (!word) return 'its padding is none of same, valid and causal';
  const { config, weights } = kernelParts(layer, 'kernel');
  const all = {
    ...{ ...config, ...channelsLast, filters, kernel_size: [kernelSize], padding: word },
    ...{ strides: [strides], dilation_rate: [dilation] },
  };
  return activated(layer, { type: 'Conv1D', config: all, weights });
};

/** The padding of a signal as a word; undefined where there is none. */
function wordOf(padding: 'valid' | 'same' | number | readonly number[], causal: number) {
  if (typeof padding === 'string') return padding;
  const [before, after] = typeof padding === 'number' ? [padding, padding] : padding;
  if (before === 0 && after === 0) return 'valid';
  return before === causal && after === 0 ? 'causal' : undefined;
}

const pool2d =
  (type: string): Writer =>
  (layer) => {
    const { poolSize, strides, padding, dimRoundingMode } = optionsOf(layer);
    if (dimRoundingMode === 'ceil') return roundsUp;
    const sides = checkPadding(padding ?? 'valid');
    if (sides !== 'same' && !isZero(sides)) return 'its padding is neither same nor valid';
    const pool_size = pairs(poolSize, 2);
    const own = strides === undefined ? pool_size : pairs(strides, 1);
    const word = sides === 'same' ? 'same' : 'valid';
    return [{ type, config: { pool_size, strides: own, padding: word, ...channelsLast } }];
  };

const pool1d =
  (type: string): Writer =>
  (layer) => {
    const {
      poolSize = 2,
      strides = poolSize,
      padding = 'valid',
      dimRoundingMode,
    } = optionsOf(layer);
    if (dimRoundingMode === 'ceil') return roundsUp;
    const word = wordOf(padding, Number.NaN);
    if (!word) return 'its padding is neither same nor valid';
    return [{ type, config: { pool_size: [poolSize], strides: [strides], padding: word } }];
  };

/** A layer without options of its own. */
const plain =
  (type: string, config: Json = {}): Writer =>
  () => [{ type, config }];

const activation =
  (name?: string): Writer =>
  (layer) => {
    const options = optionsOf(layer);
    return activationSteps(name ?? options.activation, options.alpha);
  };

/** Functions of one number that TF.js has as layers. */
const mapped: Writer = (layer) => {
  const { fn, alpha, beta } = optionsOf(layer);
  const one = (type: string, config: Json): Step[] => [{ type, config }];
  if (fn === 'affine') return one('Rescaling', { scale: alpha, offset: beta });
  if (fn === 'leakyRelu') return one('LeakyReLU', { alpha });
  if (fn === 'elu') return one('ELU', { alpha });
  if (fn === 'thresholdedRelu') return one('ThresholdedReLU', { theta: alpha });
  if (fn === 'clip' && alpha === 0) return one('ReLU', { max_value: beta });
  if (fn === 'hardSigmoid' && alpha === 0.2 && beta === 0.5)
    return one('Activation', { activation: 'hard_sigmoid' });
  if (fn === 'softsign' || fn === 'mish') return one('Activation', { activation: fn });
  return `TF.js has no function ${fn}`;
};

const combineWeight: Writer = (layer) => {
  const { fn, shape, first } = optionsOf(layer);
  if (fn !== 'prelu' || first) return `TF.js cannot ${fn} a weight`;
  const shared = (shape as number[]).flatMap((side, axis) => (side === 1 ? [axis + 1] : []));
  const config = { shared_axes: shared.length > 0 ? shared : null };
  return [{ type: 'PReLU', config, weights: { alpha: 'value' }, shapes: { alpha: shape } }];
};

const layerNorm: Writer = (layer) => {
  const { axes, epsilon = 1e-3, scale = true, center = true } = optionsOf(layer);
  const weights = { ...(scale ? { gamma: 'gamma' } : {}), ...(center ? { beta: 'beta' } : {}) };
  const axis = (axes as number[]).map((own) => own + 1);
  return [{ type: 'LayerNormalization', config: { axis, epsilon, scale, center }, weights }];
};

const batchNorm: Writer = (layer) => {
  const { momentum = 0.99, epsilon = 1e-3 } = optionsOf(layer);
  const weights = {
    ...{ gamma: 'gamma', beta: 'beta' },
    ...{ moving_mean: 'movingMean', moving_variance: 'movingVariance' },
  };
  const config = { axis: -1, momentum, epsilon, center: true, scale: true };
  return [{ type: 'BatchNormalization', config, weights }];
};

/** Numbers in a dense layer, of a vector. */
const dense: Writer = (layer) => {
  const { config, weights } = kernelParts(layer, 'kernel');
  const { units } = optionsOf(layer);
  return activated(layer, { type: 'Dense', config: { ...config, units }, weights });
};

/** By the types of our layers. */
export const writers: Readonly<Record<string, Writer>> = {
  activation: activation(),
  ...Object.fromEntries(
    [...Object.keys(activationNames), 'leakyRelu', 'hardSigmoid'].map((name) => [
      name,
      activation(name),
    ]),
  ),
  add: plain('Add'),
  average: plain('Average'),
  avgPool1d: pool1d('AveragePooling1D'),
  avgPool2d: pool2d('AveragePooling2D'),
  batchNorm,
  combineWeight,
  concat: plain('Concatenate', { axis: -1 }),
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  dot: plain('Dot', { axes: 1, normalize: false }),
  dropout: (layer) => [{ type: 'Dropout', config: { rate: optionsOf(layer).rate } }],
  flatten: plain('Flatten', channelsLast),
  globalAvgPool2d: plain('GlobalAveragePooling2D', channelsLast),
  globalMaxPool2d: plain('GlobalMaxPooling2D', channelsLast),
  layerNorm,
  map: mapped,
  maxPool1d: pool1d('MaxPooling1D'),
  maxPool2d: pool2d('MaxPooling2D'),
  maximum: plain('Maximum'),
  minimum: plain('Minimum'),
  multiply: plain('Multiply'),
  reshape: (layer) => [{ type: 'Reshape', config: { target_shape: optionsOf(layer).targetShape } }],
  subtract: plain('Subtract'),
  transpose: (layer) => [
    {
      type: 'Permute',
      config: { dims: (optionsOf(layer).axes as number[]).map((axis) => axis + 1) },
    },
  ],
  upsampling2d(layer) {
    const { size, interpolation = 'nearest' } = optionsOf(layer);
    if (interpolation !== 'nearest') return 'TF.js draws lines between other points of the pixels';
    return [
      { type: 'UpSampling2D', config: { size: pairs(size, 2), interpolation, ...channelsLast } },
    ];
  },
  zeroPadding2d(layer) {
    const padding = checkPadding(optionsOf(layer).padding ?? 1);
    return [{ type: 'ZeroPadding2D', config: { padding, ...channelsLast } }];
  },
};
