// Keras's layers that give numbers another shape or place, and those that resize.

import { FormatError } from '../../../base/errors.js';
import { sizeOf } from '../../../base/shape.js';
import { shown } from '../../../base/shown.js';
import { layers } from '../../../core.js';
import {
  expand,
  pad,
  type ResizeOptions,
  resize,
  slice,
  transpose,
} from '../../../operators/arrays/index.js';
import { reshaped } from '../../importing/arrange.js';
import { isList, listAt, sidesAt } from '../json.js';
import { checkChannelsLast, pair } from './conv.js';
import type { Call, KerasLayer } from './layer.js';

/** Reshape, where −1 takes what is left. */
function reshape(layer: KerasLayer): Call {
  const given = listAt('its target_shape', layer.config.get('target_shape'));
  // TF.js writes what is left as null.
  const open = given.map((side) => side ?? -1);
  const target = sidesAt('its target_shape', open, -1);
  return (x) => {
    const left = sizeOf(x.shape) / sizeOf(target.filter((side) => side !== -1));
    const targetShape = target.map((side) => (side === -1 ? left : side));
    return layer.apply((name) => layers.reshape({ name, targetShape }), x);
  };
}

/** Permute, whose axes are counted from 1. */
function permute(layer: KerasLayer): Call {
  const dims = sidesAt('its dims', layer.config.get('dims'), 1);
  return (x) => layer.apply((name) => transpose({ name, axes: dims.map((dim) => dim - 1) }), x);
}

/** [before, after] of each axis, from a number for all, one for each, or pairs. */
function sidesOf({ config }: KerasLayer, word: string, count: number): [number, number][] {
  const given = config.get(word) ?? 1;
  // A list for one axis is its pair.
  const own = count === 1 && isList(given) && given.length === 2 ? [given] : given;
  const list = isList(own) ? own : new Array(count).fill(own);
  if (list.length !== count) throw new FormatError(`its ${word} is ${shown(given)}`);
  return list.map((one) => {
    const both = sidesAt(`its ${word}`, isList(one) ? one : [one, one]);
    if (both.length !== 2) throw new FormatError(`its ${word} is ${shown(given)}`);
    return [both[0], both[1]];
  });
}

function zeroPadding2d(layer: KerasLayer): Call {
  checkChannelsLast(layer);
  const [rows, columns] = sidesOf(layer, 'padding', 2);
  return (x) => layer.apply((name) => layers.zeroPadding2d({ name, padding: [rows, columns] }), x);
}

/** Around signals and volumes. */
const zeroPadding =
  (count: number) =>
  (layer: KerasLayer): Call => {
    checkChannelsLast(layer);
    const padding: [number, number][] = [...sidesOf(layer, 'padding', count), [0, 0]];
    return (x) => layer.apply((name) => pad({ name, padding, mode: 'constant', value: 0 }), x);
  };

const cropping =
  (count: number) =>
  (layer: KerasLayer): Call => {
    checkChannelsLast(layer);
    const sides = [...sidesOf(layer, 'cropping', count), [0, 0]];
    return (x) => {
      const begin = sides.map(([before]) => before);
      const end = sides.map(([, after], axis) => x.shape[axis] - after);
      return layer.apply((name) => slice({ name, begin, end, step: begin.map(() => 1) }), x);
    };
  };

/** Keras's word for how new pixels are computed. @throws {FormatError} for another than these */
function interpolationOf({ config }: KerasLayer, otherwise: string): 'nearest' | 'bilinear' {
  const word = config.text('interpolation', otherwise);
  if (word === 'nearest' || word === 'bilinear') return word;
  throw new FormatError(`its interpolation is ${shown(word)}; there are nearest and bilinear`);
}

/** A size in multiples. TF.js draws its lines from the pixels' corners, Keras from their centres. */
function upSampling2d(layer: KerasLayer): Call {
  checkChannelsLast(layer);
  const size = layer.config.sides('size', 2, 2);
  const interpolation = interpolationOf(layer, 'nearest');
  if (interpolation === 'nearest' || layer.file.writer !== 'tfjs')
    return (x) =>
      layer.apply((name) => layers.upsampling2d({ name, size: pair(size), interpolation }), x);
  const options = { axes: [0, 1], mode: 'linear', coordinates: 'asymmetric' } as const;
  return (x) =>
    layer.apply(
      (name) => resize({ ...options, name, sizes: size.map((factor, i) => factor * x.shape[i]) }),
      x,
    );
}

function upSampling1d(layer: KerasLayer): Call {
  const [size] = layer.config.sides('size', 1, 2);
  return (x) => {
    const [steps, channels] = x.shape;
    const column = reshaped(x, [steps, 1, channels]);
    const y = layer.apply((name) => layers.upsampling2d({ name, size: [size, 1] }), column);
    return reshaped(y, [steps * size, channels]);
  };
}

function upSampling3d(layer: KerasLayer): Call {
  checkChannelsLast(layer);
  const size = layer.config.sides('size', 3, 2);
  const options: ResizeOptions = {
    ...{ axes: [0, 1, 2], mode: 'nearest', coordinates: 'asymmetric', nearest: 'floor' },
  };
  return (x) =>
    layer.apply(
      (name) => resize({ ...options, name, sizes: size.map((factor, i) => factor * x.shape[i]) }),
      x,
    );
}

/** To a size. TF.js makes the corner pixels' centres meet, Keras the images' corners. */
function resizing(layer: KerasLayer): Call {
  const { config, file } = layer;
  const sizes = [...config.sides('height', 1), ...config.sides('width', 1)];
  const isNearest = interpolationOf(layer, 'bilinear') === 'nearest';
  const crops = config.flag('crop_to_aspect_ratio', false);
  if (file.writer !== 'tfjs' && crops)
    throw new FormatError('its crop_to_aspect_ratio is true, which there is not here');
  const isTfjs = file.writer === 'tfjs';
  const corners = crops ? 'asymmetric' : 'alignCorners';
  const centres = isNearest ? 'tfHalfPixelForNn' : 'halfPixel';
  const options: ResizeOptions = {
    axes: [0, 1],
    sizes,
    mode: isNearest ? 'nearest' : 'linear',
    coordinates: isTfjs ? corners : centres,
    nearest: isTfjs && !crops ? 'roundPreferCeil' : 'floor',
  };
  return (x) => layer.apply((name) => resize({ ...options, name }), x);
}

/** A vector several times. */
function repeatVector(layer: KerasLayer): Call {
  const [n] = layer.config.sides('n', 1);
  return (x) => {
    const [features] = x.shape;
    const row = reshaped(x, [1, features]);
    return layer.apply((name) => expand({ name, shape: [n, features] }), row);
  };
}

export const shapeLayers = {
  Flatten: (layer: KerasLayer): Call => {
    checkChannelsLast(layer);
    return (x) => layer.apply((name) => layers.flatten({ name }), x);
  },
  Reshape: reshape,
  Permute: permute,
  RepeatVector: repeatVector,
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding2d,
  ZeroPadding3D: zeroPadding(3),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  UpSampling1D: upSampling1d,
  UpSampling2D: upSampling2d,
  UpSampling3D: upSampling3d,
  Resizing: resizing,
};
