// Keras's pools: of windows, and of whole signals and images.

import { sizeOf } from '../../../base/shape.js';
import { layers } from '../../../core.js';
import type { SymbolicTensor } from '../../../network/layer.js';
import { avgPool3d, maxPool3d } from '../../../operators/arrays/index.js';
import { reshaped } from '../../importing/arrange.js';
import type { Make } from '../../importing/builder.js';
import { checkChannelsLast, paddingOf, pair } from './conv.js';
import type { Call, KerasLayer } from './layer.js';

/** A pool of windows over images. */
const overImages =
  (type: 'maxPool2d' | 'avgPool2d') =>
  (layer: KerasLayer): Call => {
    checkChannelsLast(layer);
    const { config } = layer;
    const poolSize = config.sides('pool_size', 2, 2);
    const strides = config.sides('strides', 2, poolSize);
    const windows = { poolSize: pair(poolSize), strides: pair(strides), padding: paddingOf(layer) };
    const make: Make = (name) => layers[type]({ ...windows, dimRoundingMode: 'floor', name });
    return (x) => layer.apply(make, x);
  };

/** A pool of windows over signals. */
const overSignals =
  (type: 'maxPool1d' | 'avgPool1d') =>
  (layer: KerasLayer): Call => {
    checkChannelsLast(layer);
    const { config } = layer;
    const [poolSize] = config.sides('pool_size', 1, 2);
    const [strides] = config.sides('strides', 1, poolSize);
    const windows = { poolSize, strides, padding: paddingOf(layer) };
    const make: Make = (name) => layers[type]({ ...windows, dimRoundingMode: 'floor', name });
    return (x) => layer.apply(make, x);
  };

/** A pool of windows over volumes. */
const overVolumes =
  (make: typeof maxPool3d | typeof avgPool3d) =>
  (layer: KerasLayer): Call => {
    checkChannelsLast(layer);
    const { config } = layer;
    const poolSize = config.sides('pool_size', 3, 2);
    const strides = config.sides('strides', 3, poolSize);
    const windows = { poolSize, strides, padding: paddingOf(layer) };
    return (x) => layer.apply((name) => make({ ...windows, name }), x);
  };

/** A number for each channel; with sides of 1 where `keepdims` says so. */
const global =
  (type: 'globalMaxPool2d' | 'globalAvgPool2d') =>
  (layer: KerasLayer): Call => {
    checkChannelsLast(layer);
    const keeps = layer.config.flag('keepdims', false);
    return (x: SymbolicTensor) => {
      const sides = x.shape.slice(0, -1);
      const channels = x.shape[sides.length];
      // The pixels of signals and volumes are an image of one line.
      const image = sides.length === 2 ? x : reshaped(x, [1, sizeOf(sides), channels]);
      const y = layer.apply((name) => layers[type]({ name }), image);
      return keeps ? reshaped(y, [...sides.map(() => 1), channels]) : y;
    };
  };

export const poolLayers = {
  MaxPooling1D: overSignals('maxPool1d'),
  MaxPooling2D: overImages('maxPool2d'),
  MaxPooling3D: overVolumes(maxPool3d),
  AveragePooling1D: overSignals('avgPool1d'),
  AveragePooling2D: overImages('avgPool2d'),
  AveragePooling3D: overVolumes(avgPool3d),
  GlobalMaxPooling1D: global('globalMaxPool2d'),
  GlobalMaxPooling2D: global('globalMaxPool2d'),
  GlobalMaxPooling3D: global('globalMaxPool2d'),
  GlobalAveragePooling1D: global('globalAvgPool2d'),
  GlobalAveragePooling2D: global('globalAvgPool2d'),
  GlobalAveragePooling3D: global('globalAvgPool2d'),
};
