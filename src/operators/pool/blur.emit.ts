// Blur pooling as ops, forward and backward: the image reflected at its border, then a depthwise
// convolution with a binomial filter (Zhang, arXiv 1904.11486).

import { any, checkValue, whole } from '../../base/options.js';
import { checkRank, type Pair, pairOf, placeWindows, type Shape } from '../../base/shape.js';
import { type Emitter, none, type Value } from '../../program/emitter.js';
import { depthwiseBackwardInput, depthwiseForward } from '../conv/depthwise.emit.js';
import { type ConvGeometry, convOutputShape } from '../conv/geometry.emit.js';
import {
  type PadGeometry,
  padBackward,
  padForward,
  padOutputShape,
  placePadding,
} from '../spatial/pad.emit.js';

/** Options of blur pooling. */
export interface BlurPoolOptions {
  /** Side of the filter, 2 to 7: 3 by default, with taps 1 2 1 along each axis. */
  kernelSize?: number;
  /** Pixels from one output to the next: 2 by default. */
  strides?: Pair;
}

/** The words of `BlurPoolOptions`. */
export const blurPoolWords = { kernelSize: whole(2, 7), strides: any };

/** A blur pooling with all its sizes. */
export interface BlurPoolGeometry {
  readonly pad: PadGeometry;
  /** Of the padded image. */
  readonly conv: ConvGeometry;
}

/** @throws {ValueError} for options that make no sense */
export function checkBlurPool({ kernelSize = 3, strides = 2 }: BlurPoolOptions): {
  kernelSize: number;
  strides: Pair;
} {
  checkValue('kernelSize', kernelSize, blurPoolWords.kernelSize);
  return { kernelSize, strides: pairOf('strides', strides) };
}

/**
 * Checks a blur pooling of [batch, height, width, channels] and works out its sizes: outputs are
 * ⌈side / stride⌉.
 *
 * @throws {ShapeError} for an image too small to be reflected
 */
export function blurPoolGeometry(inputShape: Shape, options: BlurPoolOptions): BlurPoolGeometry {
  const { kernelSize, strides } = checkBlurPool(options);
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  const around = [Math.floor((kernelSize - 1) / 2), Math.ceil((kernelSize - 1) / 2)] as const;
  const pad = placePadding(inputShape, [around, around], 'reflect');
  const [batch, height, width, channels] = padOutputShape(pad);
  const windows = placeWindows(height, width, { kernelSize, strides }, false);
  const sizes = { batch, height, width, channels, filters: channels, groups: channels };
  return { pad, conv: { ...windows, ...sizes, algorithm: 'direct' } };
}

/** [batch, ⌈height / stride⌉, ⌈width / stride⌉, channels]. */
export function blurPoolOutputShape({ conv }: BlurPoolGeometry): Shape {
  return convOutputShape(conv);
}

/** The filter, the same for every channel. */
function binomial(e: Emitter, { conv }: BlurPoolGeometry): Value {
  const { kernelHeight: size, kernelWidth, channels } = conv;
  const filter = e.value([size, kernelWidth, 1, channels]);
  e.emit('binomial', { filter, size, channels });
  return filter;
}

/** y = x blurred, one pixel out of each stride. */
export function blurPoolForward(e: Emitter, y: Value, x: Value, g: BlurPoolGeometry): void {
  const padded = e.value(padOutputShape(g.pad));
  padForward(e, padded, x, g.pad);
  depthwiseForward(e, y, padded, binomial(e, g), none, g.conv, false);
}

/** dx. */
export function blurPoolBackward(e: Emitter, dx: Value, dy: Value, g: BlurPoolGeometry): void {
  const padded = e.value(padOutputShape(g.pad));
  depthwiseBackwardInput(e, padded, dy, binomial(e, g), g.conv, none, false);
  padBackward(e, dx, padded, g.pad);
}
