// Keras's convolutions, dense layers and embeddings. Kernels have our layout already.

import { FormatError } from '../../../base/errors.js';
import { sizeOf } from '../../../base/shape.js';
import { shown } from '../../../base/shown.js';
import { layers } from '../../../core.js';
import {
  conv1dTranspose,
  conv3d,
  conv3dTranspose,
  embedding as rowsOf,
} from '../../../operators/arrays/index.js';
import { reshaped } from '../../importing/arrange.js';
import { activationOf } from './activation.js';
import type { Call, KerasLayer, WeightWords } from './layer.js';

/** @throws {FormatError} for channels before pixels */
export function checkChannelsLast({ config }: KerasLayer): void {
  const format = config
    .text('data_format', 'channels_last')
    .replace('channelsLast', 'channels_last');
  if (format === 'channels_last') return;
  throw new FormatError(
    `its data_format is ${shown(format)}: images are [height, width, channels] here; save the model with channels_last`,
  );
}

/** The padding of windows. @throws {FormatError} for another word than 'valid', 'same' and those in `more` */
export function paddingOf({ config }: KerasLayer, ...more: readonly string[]): 'valid' | 'same' {
  const padding = config.text('padding', 'valid').toLowerCase();
  if (['valid', 'same', ...more].includes(padding)) return padding as 'valid' | 'same';
  throw new FormatError(`its padding is ${shown(padding)}`);
}

/** What layers with a kernel share. */
function kernelOptions(layer: KerasLayer) {
  const useBias = layer.config.flag('use_bias', true);
  const { name: activation, after } = activationOf(layer);
  const options = { useBias, activation, kernelInitializer: 'zeros' as const };
  const words = (...kernel: readonly string[]): WeightWords =>
    useBias ? { kernel, bias: ['bias'] } : { kernel };
  return { options, words, after, useBias };
}

/** Where the windows of images lie. */
function windowsOf(layer: KerasLayer) {
  checkChannelsLast(layer);
  const { config } = layer;
  return {
    kernelSize: pair(config.sides('kernel_size', 2)),
    strides: pair(config.sides('strides', 2, 1)),
    dilation: pair(config.sides('dilation_rate', 2, 1)),
    padding: paddingOf(layer),
    dimRoundingMode: 'floor' as const,
  };
}

export const pair = ([height, width]: readonly number[]): [number, number] => [height, width];

function conv2d(layer: KerasLayer): Call {
  const { options, words, after } = kernelOptions(layer);
  const windows = windowsOf(layer);
  const [filters] = layer.config.sides('filters', 1);
  const [groups] = layer.config.sides('groups', 1, 1);
  const all = { ...options, ...windows, filters, groups };
  return (x) => after(layer.apply((name) => layers.conv2d({ ...all, name }), x, words('kernel')));
}

function depthwiseConv2d(layer: KerasLayer): Call {
  const { options, words, after } = kernelOptions(layer);
  const windows = windowsOf(layer);
  const [depthMultiplier] = layer.config.sides('depth_multiplier', 1, 1);
  const all = { ...options, ...windows, depthMultiplier };
  const own = words('depthwise_kernel', 'kernel');
  return (x) => after(layer.apply((name) => layers.depthwiseConv2d({ ...all, name }), x, own));
}

function separableConv2d(layer: KerasLayer): Call {
  const { options, after, useBias } = kernelOptions(layer);
  const windows = windowsOf(layer);
  const [filters] = layer.config.sides('filters', 1);
  // TF.js does not write it: the kernel is [height, width, channels, multiplier].
  const kernel = layer.file.weights.find(layer.path, ['depthwise_kernel', '0']);
  const [depthMultiplier] = layer.config.sides('depth_multiplier', 1, kernel?.shape[3] ?? 1);
  const { kernelInitializer } = options;
  const spatial = { ...windows, depthMultiplier, kernelInitializer, useBias: false };
  // In Keras 3 weights are numbered: the first is the spatial kernel.
  const mixing: WeightWords = {
    kernel: ['pointwise_kernel', '1'],
    ...(useBias ? { bias: ['bias', '2'] } : {}),
  };
  return (x) => {
    const filtered = layer.apply(
      (name) => layers.depthwiseConv2d({ ...spatial, name }),
      x,
      { kernel: ['depthwise_kernel'] },
      '_depthwise',
    );
    return after(
      layer.apply(
        (name) => layers.conv2d({ ...options, filters, kernelSize: 1, name }),
        filtered,
        mixing,
      ),
    );
  };
}

function conv2dTranspose(layer: KerasLayer): Call {
  const { options, words, after } = kernelOptions(layer);
  const { dimRoundingMode: _, ...windows } = windowsOf(layer);
  const [filters] = layer.config.sides('filters', 1);
  const added =
    layer.config.get('output_padding') === undefined
      ? {}
      : { outputPadding: pair(layer.config.sides('output_padding', 2, 0, 0)) };
  const all = { ...options, ...windows, ...added, filters };
  return (x) =>
    after(layer.apply((name) => layers.conv2dTranspose({ ...all, name }), x, words('kernel')));
}

function conv1d(layer: KerasLayer): Call {
  checkChannelsLast(layer);
  const { config } = layer;
  const { options, words, after } = kernelOptions(layer);
  const padding = paddingOf(layer, 'causal') as string;
  const one = (word: string, otherwise?: number): number => config.sides(word, 1, otherwise)[0];
  const [kernelSize, dilation] = [one('kernel_size'), one('dilation_rate', 1)];
  const before: [number, number] = [(kernelSize - 1) * dilation, 0];
  const all = {
    ...options,
    ...{ kernelSize, dilation, filters: one('filters'), groups: one('groups', 1) },
    strides: one('strides', 1),
    padding: padding === 'causal' ? before : (padding as 'valid' | 'same'),
    dimRoundingMode: 'floor' as const,
  };
  return (x) => after(layer.apply((name) => layers.conv1d({ ...all, name }), x, words('kernel')));
}

/** Where the windows of a layer over `rank` axes lie, for layers over arrays. */
function windowsOver(layer: KerasLayer, rank: number) {
  checkChannelsLast(layer);
  const { config } = layer;
  return {
    kernelSize: config.sides('kernel_size', rank),
    strides: config.sides('strides', rank, 1),
    dilation: config.sides('dilation_rate', rank, 1),
    padding: paddingOf(layer),
    filters: config.sides('filters', 1)[0],
  };
}

function volumes(layer: KerasLayer): Call {
  const { options, words, after } = kernelOptions(layer);
  const [groups] = layer.config.sides('groups', 1, 1);
  const all = { ...options, ...windowsOver(layer, 3), groups };
  return (x) => after(layer.apply((name) => conv3d({ ...all, name }), x, words('kernel')));
}

/** Transposed, over signals or volumes. */
const transposed =
  (make: typeof conv3dTranspose, rank: number) =>
  (layer: KerasLayer): Call => {
    const { options, words, after } = kernelOptions(layer);
    const added =
      layer.config.get('output_padding') === undefined
        ? {}
        : { outputPadding: layer.config.sides('output_padding', rank, 0, 0) };
    const all = { ...options, ...windowsOver(layer, rank), ...added };
    return (x) => after(layer.apply((name) => make({ ...all, name }), x, words('kernel')));
  };

/** Over the last dimension: of several, the others are pixels of a line. */
function dense(layer: KerasLayer): Call {
  const { options, words, after } = kernelOptions(layer);
  const [units] = layer.config.sides('units', 1);
  return (x) => {
    const others = x.shape.slice(0, -1);
    if (others.length === 0)
      return after(
        layer.apply((name) => layers.dense({ ...options, units, name }), x, words('kernel')),
      );
    const line = reshaped(x, [1, sizeOf(others), x.shape[others.length]]);
    const y = layer.apply(
      (name) => layers.conv2d({ ...options, filters: units, kernelSize: 1, name }),
      line,
      words('kernel'),
    );
    return after(reshaped(y, [...others, units]));
  };
}

/** @throws {FormatError} for masks, which no layer after it would heed */
function embedding(layer: KerasLayer): Call {
  const { config } = layer;
  const [count] = config.sides('input_dim', 1);
  const shape = config.sides('output_dim', 1);
  if (config.flag('mask_zero', false)) throw new FormatError('its mask_zero is true');
  return (x) => layer.apply((name) => rowsOf({ name, count, shape }), x, { table: ['embeddings'] });
}

export const kernelLayers = {
  Conv1D: conv1d,
  Conv1DTranspose: transposed(conv1dTranspose, 1),
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  Conv3D: volumes,
  Conv3DTranspose: transposed(conv3dTranspose, 3),
  Dense: dense,
  DepthwiseConv2D: depthwiseConv2d,
  Embedding: embedding,
  SeparableConv2D: separableConv2d,
};
