// What layers for arrays of any rank are in TF.js, where it has them.

import type { Json } from '../json.js';
import { activated, kernelParts } from './activation.js';
import {
  channelsLast,
  lastNamed,
  optionsOf,
  roundsUp,
  type Step,
  type Writer,
  zeros,
} from './step.js';

/** Functions of one number that TF.js has as layers. */
const mapped: Writer = (layer) => {
  const { fn, alpha, beta } = optionsOf(layer);
  const one = (type: string, config: Json): Step[] => [{ type, config }];
  if (fn === 'affine') return one('Rescaling', { scale: alpha ?? 1, offset: beta ?? 0 });
  if (fn === 'negate') return one('Rescaling', { scale: -1, offset: 0 });
  if (fn === 'leakyRelu') return one('LeakyReLU', { alpha: alpha ?? 0.01 });
  if (fn === 'elu' && (alpha ?? 1) === 1) return one('ELU', { alpha: 1 });
  if (fn === 'thresholdedRelu') return one('ThresholdedReLU', { theta: alpha ?? 1 });
  if (fn === 'clip' && alpha === 0) return one('ReLU', { max_value: beta });
  if (fn === 'hardSigmoid' && alpha === 0.2 && beta === 0.5)
    return one('Activation', { activation: 'hard_sigmoid' });
  if (fn === 'softsign' || fn === 'mish') return one('Activation', { activation: fn });
  return `TF.js has no function ${fn}`;
};

const combineWeight: Writer = (layer, { shape: sample }) => {
  const { fn, shape: given, first } = optionsOf(layer);
  if (fn !== 'prelu' || first || given.length > sample.length)
    return `TF.js has no such function of a weight: ${fn}`;
  const shape = [...new Array(sample.length - given.length).fill(1), ...given];
  const shared = (shape as number[]).flatMap((side, axis) => (side === 1 ? [axis + 1] : []));
  const config = { shared_axes: shared.length > 0 ? shared : null };
  return [{ type: 'PReLU', config, weights: { alpha: 'value' }, shapes: { alpha: shape } }];
};

const embedding: Writer = (layer) => {
  const { count, shape } = optionsOf(layer);
  if (shape.length !== 1) return `TF.js has no rows with ${shape.length} dimensions`;
  const config = { input_dim: count, output_dim: shape[0] };
  return [{ type: 'Embedding', config, weights: { embeddings: 'table' } }];
};

const layerNorm: Writer = (layer, { shape }) => {
  const { axes = [-1], epsilon = 1e-3, scale = true, center = true } = optionsOf(layer);
  const weights = { ...(scale ? { gamma: 'gamma' } : {}), ...(center ? { beta: 'beta' } : {}) };
  const axis = (axes as number[]).map((own) => (own < 0 ? own + shape.length : own) + 1);
  return [{ type: 'LayerNormalization', config: { axis, epsilon, scale, center }, weights }];
};

const transpose: Writer = (layer) => {
  const axes = optionsOf(layer).axes as number[];
  const dims = axes.map((axis) => (axis < 0 ? axis + axes.length : axis) + 1);
  return [{ type: 'Permute', config: { dims } }];
};

/** What is cut off from rows and columns of an image. */
const slice: Writer = (layer, { shape }) => {
  const { begin, end, step = [] } = optionsOf(layer);
  const from = (at: number, side: number): number =>
    Math.min(side, Math.max(0, at < 0 ? at + side : at));
  const cropping = shape.map((side, i) => [
    from(begin[i] ?? 0, side),
    side - from(end[i] ?? side, side),
  ]);
  const isImage = shape.length === 3 && (step as number[]).every((by) => by === 1);
  if (!isImage || cropping[2].some((side) => side > 0))
    return 'TF.js cuts rows and columns of images alone';
  return [{ type: 'Cropping2D', config: { cropping: cropping.slice(0, 2), ...channelsLast } }];
};

const pad: Writer = (layer, { shape }) => {
  const { padding, mode = 'constant', value = 0 } = optionsOf(layer);
  const isPlain = mode === 'constant' && value === 0 && shape.length === 3;
  if (!isPlain || (padding as number[][]).flat().some((side) => side < 0))
    return 'TF.js puts zeros around images alone';
  const steps = zeros(padding);
  return steps.length > 0
    ? lastNamed(steps)
    : [{ type: 'Activation', config: { activation: 'linear' } }];
};

/** A row several times. */
const expand: Writer = (layer, { shape }) => {
  const [n, features] = optionsOf(layer).shape as number[];
  if (shape.length !== 2 || shape[0] !== 1 || features !== shape[1])
    return 'TF.js repeats rows alone';
  const row = { type: 'Flatten', config: channelsLast, end: '_row' };
  return [row, { type: 'RepeatVector', config: { n } }];
};

/** To multiples, as TF.js places pixels: see `upSampling2d` of keras/shape.ts. It cannot run its own layer Resizing. */
const resize: Writer = (layer, { shape }) => {
  const { axes, sizes = [], mode = 'nearest', coordinates, nearest, antialias } = optionsOf(layer);
  const size = (sizes as number[]).map((side, i) => side / shape[i]);
  const isImage = shape.length === 3 && `${axes}` === '0,1' && size.length === 2;
  const isPlain = coordinates === 'asymmetric' && !antialias && size.every(Number.isInteger);
  const isLinear = mode === 'linear';
  if (!isImage || !isPlain || !(isLinear || (mode === 'nearest' && nearest === 'floor')))
    return 'TF.js places pixels elsewhere';
  const interpolation = isLinear ? 'bilinear' : 'nearest';
  return [{ type: 'UpSampling2D', config: { size, interpolation, ...channelsLast } }];
};

/** The mean or maximum of each channel. */
const reduce: Writer = (layer, { shape }) => {
  const { fn, axes = [], keepDims = false } = optionsOf(layer);
  const types: Readonly<Record<string, string>> = { mean: 'Average', max: 'Max' };
  if (shape.length !== 3 || `${axes}` !== '0,1' || !types[fn])
    return 'TF.js has the mean and the maximum over whole images alone';
  const pool = { type: `Global${types[fn]}Pooling2D`, config: channelsLast };
  if (!keepDims) return [pool];
  const target_shape = [1, 1, shape[2]];
  return [
    { ...pool, end: '_mean' },
    { type: 'Reshape', config: { target_shape } },
  ];
};

/** The product of two matrices. */
const matMul: Writer = (layer, a, b) => {
  const { transposeA, transposeB } = optionsOf(layer);
  if (a.shape.length !== 2 || b.shape.length !== 2) return 'TF.js has no stacks of matrices';
  const axes = [transposeA ? 1 : 2, transposeB ? 2 : 1];
  return [{ type: 'Dot', config: { axes, normalize: false } }];
};

/** Two inputs of one rank, which TF.js broadcasts as well. */
const combine: Writer = (layer, a, b) => {
  const types: Readonly<Record<string, string>> = {
    ...{ add: 'Add', multiply: 'Multiply', maximum: 'Maximum', minimum: 'Minimum' },
  };
  const { fn } = optionsOf(layer);
  if (types[fn] && a.shape.length === b.shape.length) return [{ type: types[fn], config: {} }];
  return `TF.js cannot ${fn} these two`;
};

/** 'same' or 'valid' of windows over volumes; or why neither. */
const paddingOf = ({ padding = 'valid', dimRoundingMode, dilation = 1 }: Json): string => {
  const isZero = Array.isArray(padding) && padding.flat().every((side) => side === 0);
  if (dimRoundingMode === 'ceil') return roundsUp;
  if ([dilation].flat().some((side) => side !== 1)) return 'its dilation is above 1';
  if (padding === 'same') return 'same';
  return padding === 'valid' || padding === 0 || isZero
    ? 'valid'
    : 'its padding is neither same nor valid';
};

const threefold = (value: number | readonly number[]): readonly number[] =>
  typeof value === 'number' ? [value, value, value] : value;

const isWord = (padding: string): boolean => padding === 'same' || padding === 'valid';

const pool3d =
  (type: string): Writer =>
  (layer) => {
    const { poolSize = 2, strides = poolSize, countPadding, ...rest } = optionsOf(layer);
    const padding = paddingOf(rest);
    if (!isWord(padding)) return padding;
    if (countPadding && padding === 'same') return 'its padding counts, which TF.js has not';
    const windows = { pool_size: threefold(poolSize), strides: threefold(strides), padding };
    return [{ type, config: { ...windows, ...channelsLast } }];
  };

const conv3d =
  (type: string): Writer =>
  (layer) => {
    const { filters, kernelSize, strides = 1, groups = 1, ...rest } = optionsOf(layer);
    const padding = paddingOf(rest);
    if (!isWord(padding)) return padding;
    if (groups > 1) return `it has ${groups} groups, which TF.js has not`;
    if (rest.outputPadding !== undefined) return 'it has an outputPadding, which TF.js has not';
    const { config, weights } = kernelParts(layer, 'kernel');
    const windows = { kernel_size: threefold(kernelSize), strides: threefold(strides), padding };
    return activated(layer, {
      type,
      config: { ...config, ...channelsLast, filters, ...windows },
      weights,
    });
  };

export const arrays: Readonly<Record<string, Writer>> = {
  combine,
  combineWeight,
  conv3d: conv3d('Conv3D'),
  conv3dTranspose: conv3d('Conv3DTranspose'),
  avgPool3d: pool3d('AveragePooling3D'),
  maxPool3d: pool3d('MaxPooling3D'),
  embedding,
  expand,
  layerNorm,
  map: mapped,
  matMul,
  pad,
  reduce,
  resize,
  slice,
  transpose,
};
