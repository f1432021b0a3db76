// Pooling as ops, forward and backward.

import { ValueError } from '../errors.js';
import { checkRank, placeWindows, type Shape, type WindowOptions, type Windows } from '../shape.js';
import type { Emitter, Operand, Value } from './emitter.js';

/** A pooling with all its sizes. */
export interface PoolGeometry extends Windows {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Windows of pooling: 2×2 by default, one beside the other. */
export interface PoolOptions extends Partial<Omit<WindowOptions, 'kernelSize' | 'dilation'>> {
  /** Side of the window: 2 by default. */
  poolSize?: WindowOptions['kernelSize'];
}

/** The words of `PoolOptions`. */
export const poolWords = ['poolSize', 'strides', 'padding', 'dimRoundingMode'];

/**
 * Checks a pooling over [batch, height, width, channels] and works out its sizes.
 *
 * @throws {ShapeError} where the window is larger than the padded input
 * @throws {ValueError} for padding as large as the window
 */
export function poolGeometry(where: string, inputShape: Shape, options: PoolOptions): PoolGeometry {
  checkRank(where, inputShape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = inputShape;
  const { poolSize: kernelSize = 2, strides = kernelSize, ...rest } = options;
  const windows = placeWindows(where, height, width, { ...rest, kernelSize, strides }, false);
  const g = { ...windows, batch, height, width, channels };
  const emptyAbove = g.padTop >= g.kernelHeight || g.padLeft >= g.kernelWidth;
  const bottom = (g.outputHeight - 1) * g.strideHeight - g.padTop;
  const right = (g.outputWidth - 1) * g.strideWidth - g.padLeft;
  if (emptyAbove || bottom >= height || right >= width) {
    throw new ValueError(
      `${where}: padding must be smaller than the window, or some windows hold nothing`,
    );
  }
  return g;
}

/** [batch, outputHeight, outputWidth, channels]. */
export function poolOutputShape(g: PoolGeometry): Shape {
  return [g.batch, g.outputHeight, g.outputWidth, g.channels];
}

const windowFields = (g: PoolGeometry) => ({ ...g, pixelChannels: g.channels });

/** y = max of each window; `argmax`, where given, keeps which (u8). */
export function maxPoolForward(
  e: Emitter,
  y: Value,
  argmax: Operand,
  x: Value,
  g: PoolGeometry,
): void {
  e.emit('maxPool', { ...windowFields(g), y, argmax, x });
}

/** The most taps whose number fits the byte that `argmax` has for it. */
const MOST_TAPS = 256;

/** A value for the argmax of a max pooling. @throws {ValueError} for windows of more than 256 taps */
export function argmaxValue(where: string, e: Emitter, g: PoolGeometry): Value {
  if (g.kernelHeight * g.kernelWidth > MOST_TAPS) {
    throw new ValueError(
      `${where}: training max pooling takes windows of at most ${MOST_TAPS} pixels, not ${g.kernelHeight}×${g.kernelWidth}: pool twice`,
    );
  }
  return e.value(poolOutputShape(g), 'uint8');
}

/** dx: each dy goes to its window's maximum. */
export function maxPoolBackward(
  e: Emitter,
  dx: Value,
  dy: Value,
  argmax: Operand,
  g: PoolGeometry,
): void {
  e.emit('maxPoolBackward', { ...windowFields(g), dx, dy, argmax });
}

/** y = mean of each window's pixels inside the image. */
export function averagePoolForward(e: Emitter, y: Value, x: Value, g: PoolGeometry): void {
  e.emit('averagePool', { ...windowFields(g), y, x });
}

/** dx: each dy is shared out evenly over its window. */
export function averagePoolBackward(e: Emitter, dx: Value, dy: Value, g: PoolGeometry): void {
  e.emit('averagePoolBackward', { ...windowFields(g), dx, dy });
}

/** y = (Σ|x|ᵖ / window)^(1/p). */
export function lpPoolForward(e: Emitter, y: Value, x: Value, p: number, g: PoolGeometry): void {
  e.emit('lpPool', { ...windowFields(g), y, x, p, scale: lpScale(g) });
}

/** dx = Σ dy·sign(x)·(|x|/y)^(p−1) / window. */
export function lpPoolBackward(
  e: Emitter,
  dx: Value,
  dy: Value,
  x: Value,
  y: Value,
  p: number,
  g: PoolGeometry,
): void {
  e.emit('lpPoolBackward', { ...windowFields(g), dx, dy, x, y, p, scale: lpScale(g) });
}

const lpScale = (g: PoolGeometry): number => 1 / (g.kernelHeight * g.kernelWidth);

/** @throws {ValueError} unless p ≥ 1 */
export function checkNorm(where: string, p: number): number {
  if (p >= 1 && Number.isFinite(p)) return p;
  throw new ValueError(`${where}: the norm p must be a number ≥ 1, not ${p}`);
}
