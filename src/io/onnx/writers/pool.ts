// Pools: of windows, of whole images, of channels.

import { ValueError } from '../../../base/errors.js';
import type {
  PoolOptions as ArrayPoolOptions,
  AvgPoolOptions,
  LpPoolOptions,
} from '../../../operators/arrays/index.js';
import { placeAxes } from '../../../operators/arrays/windows.js';
import { type BlurPoolOptions, blurPoolGeometry } from '../../../operators/pool/blur.emit.js';
import type { ChannelPoolOptions } from '../../../operators/pool/channelpool.emit.js';
import {
  type AdaptivePoolOptions,
  adaptivePoolGeometry,
  type NormOptions,
  type PoolGeometry,
  type PoolOptions,
  poolGeometry,
} from '../../../operators/pool/pool.emit.js';
import type { Pool1dOptions } from '../../../operators/pool/pool.layer.js';
import { binomials, meansOf, shares, transposed } from '../shares.js';
import type { Attributes } from '../writeproto.js';
import { channelsFirst, type LayerWriter, type Place } from './place.js';
import { asBatch, axesAttributes, onLine, padded, windowAttributes } from './windows.js';

function geometry(at: Place): PoolGeometry {
  const { shape } = at.x;
  if (shape.length > 2) return poolGeometry(asBatch(shape), at.options<PoolOptions>());
  const { poolSize = 2, ...options } = at.options<Pool1dOptions>();
  const windows = onLine({ strides: poolSize, ...options });
  return poolGeometry(asBatch(shape), { ...windows, poolSize: [1, poolSize] });
}

/** A pool of ONNX with the layer's windows. Zeros around the image do not count in means, as by default. */
const windowed =
  (op: 'MaxPool' | 'AveragePool'): LayerWriter =>
  (at) =>
    at.node(op, [at.x.name], windowAttributes(geometry(at), at.x));

export const maxPool = windowed('MaxPool');
export const avgPool = windowed('AveragePool');

/** The minimum is −max(−x). */
export function minPool(at: Place): string {
  const negative = at.node('Neg', [at.x.name]);
  const most = at.node('MaxPool', [negative], windowAttributes(geometry(at), at.x));
  return at.node('Neg', [most]);
}

/** Pools over any number of axes, by the layer's own padding and rounding, as padding may count. */
const placed =
  (
    op: 'MaxPool' | 'AveragePool' | 'LpPool',
    more: (at: Place) => Attributes = () => ({}),
  ): LayerWriter =>
  (at) => {
    const { poolSize = 2, strides = poolSize, ...options } = at.options<ArrayPoolOptions>();
    const windows = placeAxes(at.x.shape.slice(0, -1), poolSize, { ...options, strides });
    const { dilations, ...attributes } = axesAttributes(windows);
    const isDilated = dilations.some((dilation) => dilation > 1);
    const roundsUp = options.dimRoundingMode === 'ceil';
    if (op === 'AveragePool' && isDilated) at.needs(19, 'dilation');
    if (op === 'LpPool' && (isDilated || roundsUp)) at.needs(18, 'dilation or rounding up');
    return at.node(op, [at.x.name], {
      ...attributes,
      ...(isDilated ? { dilations } : {}),
      ...(roundsUp ? { ceil_mode: 1 } : {}),
      ...more(at),
    });
  };

export const placedMaxPool = placed('MaxPool');
export const placedAvgPool = placed('AveragePool', (at) => ({
  count_include_pad: Number(at.options<AvgPoolOptions>().countPadding ?? false),
}));

/** ONNX's p is whole. */
export const placedLpPool = placed('LpPool', (at) => {
  const { p = 2 } = at.options<LpPoolOptions>();
  if (Number.isInteger(p)) return { p };
  throw new ValueError(`p ${p} must be a whole number in an ONNX file`);
});

/** (Σ|x|ᵖ)^(1/p), in mode 'mean' times window^(−1/p). ONNX's p is whole: others are made of means of powers. */
export function lpPool(at: Place): string {
  const { p = 2, mode = 'mean' } = at.options<NormOptions>();
  const attributes = windowAttributes(geometry(at), at.x);
  const [height, width] = attributes.kernel_shape;
  const scaled = (y: string, power: number): string =>
    at.node('Mul', [y, at.scalar((height * width) ** power)]);
  if (Number.isInteger(p)) {
    const norm = at.node('LpPool', [at.x.name], { ...attributes, p });
    return mode === 'mean' ? scaled(norm, -1 / p) : norm;
  }
  const powers = at.node('Pow', [at.node('Abs', [at.x.name]), at.scalar(p)]);
  const mean = at.node('AveragePool', [powers], { ...attributes, count_include_pad: 1 });
  const norm = at.node('Pow', [mean, at.scalar(1 / p)]);
  return mode === 'sum' ? scaled(norm, 1 / p) : norm;
}

/** One number for each channel: [batch, channels]. */
const global =
  (op: 'GlobalMaxPool' | 'GlobalAveragePool'): LayerWriter =>
  (at) =>
    at.node('Flatten', [at.node(op, [at.x.name])], { axis: 1 });

export const globalMaxPool = global('GlobalMaxPool');
export const globalAvgPool = global('GlobalAveragePool');

/** Windows of one size are an ordinary pool; others are written by `write`. */
const adaptive =
  (op: 'MaxPool' | 'AveragePool', write: (at: Place, g: PoolGeometry) => string): LayerWriter =>
  (at) => {
    const g = adaptivePoolGeometry(asBatch(at.x.shape), at.options<AdaptivePoolOptions>());
    if (g.strideHeight === 0 || g.strideWidth === 0) return write(at, g);
    return at.node(op, [at.x.name], windowAttributes(g, at.x));
  };

/** Each window's lines and columns in a row, the last repeated in those that are shorter; then windows side by side. */
export const adaptiveMaxPool = adaptive('MaxPool', (at, g) => {
  const gathered = (x: string, axis: number, windows: [number, number][], size: number): string => {
    const places = windows.flatMap(([begin, end]) =>
      Array.from({ length: size }, (_, i) => Math.min(begin + i, end - 1)),
    );
    return at.node('Gather', [x, at.ints(places)], { axis });
  };
  const { kernelHeight, kernelWidth } = g;
  const rows = gathered(at.x.name, 2, shares(g.height, g.outputHeight), kernelHeight);
  const all = gathered(rows, 3, shares(g.width, g.outputWidth), kernelWidth);
  const kernel = [kernelHeight, kernelWidth];
  return at.node('MaxPool', [all], { kernel_shape: kernel, strides: kernel });
});

/** Means are products with a matrix for each axis, whose rows are windows. */
export const adaptiveAvgPool = adaptive('AveragePool', (at, g) => {
  const across = at.floats([g.width, g.outputWidth], transposed(meansOf(g.width, g.outputWidth)));
  const y = at.node('MatMul', [at.x.name, across]);
  return at.node('MatMul', [
    at.floats([g.outputHeight, g.height], meansOf(g.height, g.outputHeight).flat()),
    y,
  ]);
});

/** Groups of neighbouring channels, as windows over the lines of [batch, 1, channels, pixels]. */
export function channelPool(at: Place): string {
  const { poolSize, mode = 'max' } = at.options<ChannelPoolOptions>();
  const lines = at.reshape(at.x.name, [1, at.x.shape.at(-1) as number, -1]);
  const window = [poolSize, 1];
  const y = at.node(mode === 'max' ? 'MaxPool' : 'AveragePool', [lines], {
    kernel_shape: window,
    strides: window,
  });
  return at.reshape(y, channelsFirst(at.shape));
}

/** A binomial filter for each channel, over the image and its reflection. */
export function blurPool(at: Place): string {
  const { pad, conv } = blurPoolGeometry(asBatch(at.x.shape), at.options<BlurPoolOptions>());
  const { kernelHeight: size, channels } = conv;
  const filter = at.floats([channels, 1, size, size], binomials(channels, size));
  const image = padded(at, at.x.name, pad, 'reflect');
  return at.node('Conv', [image, filter], { ...windowAttributes(conv, at.x), group: channels });
}
