// Keras's normalizations, dropout and noise, and what it does to pixels first.

import { FormatError } from '../../../base/errors.js';
import type { Shape } from '../../../base/shape.js';
import { sizeOf } from '../../../base/shape.js';
import { shown } from '../../../base/shown.js';
import { layers } from '../../../core.js';
import type { SymbolicTensor } from '../../../network/layer.js';
import { combineWeight, groupNorm, layerNorm, map } from '../../../operators/arrays/index.js';
import { reshaped } from '../../importing/arrange.js';
import { Constant } from '../../importing/value.js';
import { isList } from '../json.js';
import { one } from './activation.js';
import { lastly } from './axes.js';
import type { Call, KerasLayer, WeightWords } from './layer.js';

/** The words for scale and shift, those that there are. */
function scaleAndShift({ config }: KerasLayer) {
  const scale = config.flag('scale', true);
  const center = config.flag('center', true);
  const words: WeightWords = {
    ...(scale ? { gamma: ['gamma'] } : {}),
    ...(center ? { beta: ['beta'] } : {}),
  };
  return { scale, center, words };
}

function batchNormalization(layer: KerasLayer): Call {
  const { config } = layer;
  // Without scale or shift they stay 1 or 0 until they are trained.
  const { words } = scaleAndShift(layer);
  const options = {
    momentum: config.number('momentum', 0.99),
    epsilon: config.number('epsilon', 1e-3),
  };
  const all = { ...words, movingMean: ['moving_mean'], movingVariance: ['moving_variance'] };
  return (x) => {
    const axes = config.axes('axis', x.shape.length + 1, -1);
    if (axes.length !== 1) throw new FormatError('it normalizes along several axes');
    return lastly(x, axes, (own) =>
      layer.apply((name) => layers.batchNorm({ ...options, name }), own, all),
    );
  };
}

function layerNormalization(layer: KerasLayer): Call {
  const { scale, center, words } = scaleAndShift(layer);
  const epsilon = layer.config.number('epsilon', 1e-3);
  return (x) => {
    const axes = layer.config.axes('axis', x.shape.length + 1, -1).sort((a, b) => a - b);
    const last = axes.map((_, i) => x.shape.length - axes.length + i);
    return lastly(x, axes, (own) =>
      layer.apply((name) => layerNorm({ name, axes: last, epsilon, scale, center }), own, words),
    );
  };
}

function groupNormalization(layer: KerasLayer): Call {
  const { scale, center, words } = scaleAndShift(layer);
  if (!(scale && center))
    throw new FormatError('it has no scale or no shift, which it must have here');
  const epsilon = layer.config.number('epsilon', 1e-3);
  const given = layer.config.number('groups', 32);
  return (x) => {
    const axes = layer.config.axes('axis', x.shape.length + 1, -1);
    return lastly(x, axes, (own) => {
      // −1 is a group for each channel.
      const groups = given < 0 ? (own.shape.at(-1) as number) : given;
      return layer.apply((name) => groupNorm({ name, groups, epsilon }), own, words);
    });
  };
}

/** Drops while training: numbers, or whole channels of signals and images. */
const dropping =
  (type: 'dropout' | 'spatialDropout2d') =>
  (layer: KerasLayer): Call => {
    const rate = layer.config.number('rate');
    return (x) => {
      // The pixels of signals and volumes are an image of one line.
      const isOther = type !== 'dropout' && x.shape.length !== 3;
      const channels = x.shape.at(-1) as number;
      const from = isOther ? reshaped(x, [1, sizeOf(x.shape) / channels, channels]) : x;
      return reshaped(
        layer.apply((name) => layers[type]({ rate, name }), from),
        x.shape,
      );
    };
  };

/** Layers that do something while training only, which there is not here. */
const nothing = (layer: KerasLayer): Call => one(layer, (name) => layers.linear({ name }));

/** A number for all, or one for each channel. */
function constants(layer: KerasLayer, word: string, otherwise: number): number[] {
  const given = layer.config.get(word) ?? otherwise;
  const list = (isList(given) ? given : [given]).flat(8);
  if (list.length > 0 && list.every(Number.isFinite)) return list as number[];
  throw new FormatError(`its ${word} must be a number or a list of numbers, not ${shown(given)}`);
}

/** scale·x + shift, of numbers for all or for sides of the sample: they do not learn. */
function affine(
  layer: KerasLayer,
  x: SymbolicTensor,
  shape: Shape,
  scale: readonly number[],
  shift: readonly number[],
): SymbolicTensor {
  if (scale.length === 1 && shift.length === 1)
    return layer.apply((name) => map({ name, fn: 'affine', alpha: scale[0], beta: shift[0] }), x);
  const count = sizeOf(shape);
  const step = (
    fn: 'add' | 'multiply',
    numbers: readonly number[],
    own: SymbolicTensor,
    end: string,
  ) => {
    if (numbers.length !== count && numbers.length !== 1)
      throw new FormatError(`it has ${numbers.length} numbers for ${count}`);
    const all = Float32Array.from({ length: count }, (_, i) => numbers[i] ?? numbers[0]);
    const value = new Constant(shape, 'float', all);
    const y = layer.apply(
      (name) => combineWeight({ name, fn, shape: [...shape] }),
      own,
      { value },
      end,
    );
    y.layer.trainable = false;
    return y;
  };
  return step('add', shift, step('multiply', scale, x, '_scale'), '');
}

function rescaling(layer: KerasLayer): Call {
  const scale = constants(layer, 'scale', 1);
  const offset = constants(layer, 'offset', 0);
  return (x) => affine(layer, x, x.shape.slice(-1), scale, offset);
}

/** (x − mean) / √variance, the statistics of the data that it was adapted to. */
function normalization(layer: KerasLayer): Call {
  const { config, file } = layer;
  const isGiven = config.get('mean') !== undefined;
  const statistics = (word: string): number[] => {
    if (isGiven) return constants(layer, word, 0);
    const weight = file.weights.find(layer.path, [word, word === 'mean' ? '0' : '1']);
    if (weight) return Array.from(weight.data as ArrayLike<number>);
    throw new FormatError(`its ${word} is missing in the file's weights: it was never adapted`);
  };
  const means = statistics('mean');
  // Keras's least deviation.
  const deviations = statistics('variance').map((value) => Math.max(Math.sqrt(value), 1e-7));
  const isInverse = config.flag('invert', false);
  const scale = deviations.map((value) => (isInverse ? value : 1 / value));
  const shift = means.map((mean, i) => (isInverse ? mean : -mean * (scale[i] ?? scale[0])));
  return (x) => {
    const rank = x.shape.length + 1;
    const axes = means.length === 1 ? [] : config.axes('axis', rank, -1);
    const shape = x.shape.map((side, axis) => (axes.includes(axis) ? side : 1));
    return affine(layer, x, shape, scale, shift);
  };
}

export const normLayers = {
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization,
  BatchNormalizationV2: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  Dropout: dropping('dropout'),
  SpatialDropout1D: dropping('spatialDropout2d'),
  SpatialDropout2D: dropping('spatialDropout2d'),
  SpatialDropout3D: dropping('spatialDropout2d'),
  AlphaDropout: nothing,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  ActivityRegularization: nothing,
  RandomBrightness: nothing,
  RandomContrast: nothing,
  RandomFlip: nothing,
  RandomRotation: nothing,
  RandomTranslation: nothing,
  RandomZoom: nothing,
  Rescaling: rescaling,
  Normalization: normalization,
};
