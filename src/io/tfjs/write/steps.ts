// What each of our layers is in TF.js: one of its layers, or several, one after the other.

import { checkPadding, type Padding } from '../../../base/shape.js';
import type { Layer } from '../../../core.js';
import type { Json } from '../json.js';
import { activated, activationNames, activationSteps, kernelParts } from './activation.js';
import { arrays } from './arrays.js';
import { adaptivePool, minPool2d, pool1d, pool2d } from './pool.js';
import {
  channelsLast,
  lastNamed,
  optionsOf,
  roundsUp,
  type Step,
  type Writer,
  zeros,
} from './step.js';
import { isZero, pairs, wordOf } from './windows.js';

/** The padding of windows in TF.js's words, with zeros before where it has none. */
function padded(given: Padding | undefined): { padding: string; before: Step[] } {
  const sides = checkPadding(given ?? 'valid');
  if (sides === 'same') return { padding: 'same', before: [] };
  return { padding: 'valid', before: zeros([...sides, [0, 0]]) };
}

const reflects = 'its paddingMode is reflect, which TF.js has not';

const conv2d: Writer = (layer, { shape: [, , channels] }) => {
  const { filters, kernelSize, strides, padding, dilation, groups = 1, ...rest } = optionsOf(layer);
  if (rest.dimRoundingMode === 'ceil') return roundsUp;
  if (rest.paddingMode === 'reflect') return reflects;
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

const depthwiseConv2d: Writer = (layer, { shape: [, , channels] }) => {
  const options = optionsOf(layer);
  const { kernelSize, strides, padding, dilation, depthMultiplier = 1 } = options;
  if (options.dimRoundingMode === 'ceil') return roundsUp;
  if (options.paddingMode === 'reflect') return reflects;
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
  const word = wordOf(padding);
  if (!word) return 'its padding is neither same nor valid';
  const { config, weights } = kernelParts(layer, 'kernel');
  const all = {
    ...{ ...config, ...channelsLast, filters, kernel_size: [kernelSize], padding: word },
    ...{ strides: [strides], dilation_rate: [dilation] },
  };
  return activated(layer, { type: 'Conv1D', config: all, weights });
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

const batchNorm: Writer = (layer, { shape }) => {
  if (shape.length > 3) return 'TF.js normalizes no volumes';
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

/** Every strides-th pixel, and channels of zeros after its own. */
const identityShortcut: Writer = (layer, { shape: [, , channels] }) => {
  const { filters, strides = 1 } = optionsOf(layer);
  const windows = { pool_size: [1, 1], strides: [strides, strides], padding: 'valid' };
  const kept = { type: 'MaxPooling2D', config: { ...windows, ...channelsLast }, end: '_pixels' };
  const more = zeros([
    [0, 0],
    [0, 0],
    [0, filters - channels],
  ]);
  return lastNamed(strides > 1 || more.length === 0 ? [kept, ...more] : more);
};

/** By the types of our layers. */
export const writers: Readonly<Record<string, Writer>> = {
  activation: activation(),
  ...Object.fromEntries(
    [...Object.keys(activationNames), 'leakyRelu', 'hardSigmoid', 'hardSwish'].map((name) => [
      name,
      activation(name),
    ]),
  ),
  ...arrays,
  add: plain('Add'),
  average: plain('Average'),
  avgPool1d: pool1d('AveragePooling1D'),
  avgPool2d: pool2d('AveragePooling2D'),
  batchNorm,
  concat: plain('Concatenate', { axis: -1 }),
  conv1d,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  dot: plain('Dot', { axes: 1, normalize: false }),
  dropout: (layer) => [{ type: 'Dropout', config: { rate: optionsOf(layer).rate } }],
  // A vector is flat: TF.js refuses to flatten it.
  flatten: (_, { shape }) =>
    shape.length > 1
      ? [{ type: 'Flatten', config: channelsLast }]
      : [{ type: 'Activation', config: { activation: 'linear' } }],
  identityShortcut,
  adaptiveAvgPool2d: adaptivePool('AveragePooling2D'),
  adaptiveMaxPool2d: adaptivePool('MaxPooling2D'),
  globalAvgPool2d: plain('GlobalAveragePooling2D', channelsLast),
  globalMaxPool2d: plain('GlobalMaxPooling2D', channelsLast),
  maxPool1d: pool1d('MaxPooling1D'),
  maxPool2d: pool2d('MaxPooling2D'),
  maximum: plain('Maximum'),
  minimum: plain('Minimum'),
  minPool2d,
  multiply: plain('Multiply'),
  reshape: (layer) => [{ type: 'Reshape', config: { target_shape: optionsOf(layer).targetShape } }],
  // TF.js has no layer for differences.
  subtract: () => [
    {
      type: 'Rescaling',
      config: { scale: -1, offset: 0 },
      reads: [{ input: 1 }],
      end: '_negative',
    },
    { type: 'Add', config: {}, reads: [{ input: 0 }, { step: 0 }] },
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
