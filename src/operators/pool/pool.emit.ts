// Pooling as ops, forward and backward.

import { MOST_BYTES } from '../../../bindings/constants.js';
import { gcd } from '../../base/arithmetic.js';
import { ValueError } from '../../base/errors.js';
import { any, between, oneOf, optionsOf, required } from '../../base/options.js';
import {
  checkRank,
  type Pair,
  pair,
  pairOf,
  placeWindows,
  rounding,
  type Shape,
  type WindowOptions,
  type Windows,
} from '../../base/shape.js';
import type { Emitter, Operand, Value } from '../../program/emitter.js';

/** A pooling with all its sizes. Strides of 0 mean adaptive pooling: see assembly/pool/poolwindow.ts. */
export interface PoolGeometry extends Windows {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Whether one window covers the image, and the output is [batch, channels]. */
  readonly global?: boolean;
}

/** Windows of pooling: 2×2 by default, one beside the other. */
export interface PoolOptions extends Partial<Omit<WindowOptions, 'kernelSize' | 'dilation'>> {
  /** Side of the window: 2 by default. */
  poolSize?: WindowOptions['kernelSize'];
}

/** The words of `PoolOptions`. */
export const poolWords = {
  poolSize: pair(),
  strides: pair(),
  padding: any,
  dimRoundingMode: rounding,
};

/**
 * Checks a pooling over [batch, height, width, channels] and works out its sizes.
 *
 * @throws {ShapeError} where the window is larger than the padded input
 * @throws {ValueError} for padding as large as the window
 */
export function poolGeometry(inputShape: Shape, options: PoolOptions): PoolGeometry {
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = inputShape;
  const { poolSize: kernelSize = 2, strides = kernelSize, ...rest } = options;
  pairOf('poolSize', kernelSize);
  const windows = placeWindows(height, width, { ...rest, kernelSize, strides }, false);
  const g = { ...windows, batch, height, width, channels };
  const emptyAbove = g.padTop >= g.kernelHeight || g.padLeft >= g.kernelWidth;
  const bottom = (g.outputHeight - 1) * g.strideHeight - g.padTop;
  const right = (g.outputWidth - 1) * g.strideWidth - g.padLeft;
  if (emptyAbove || bottom >= height || right >= width) {
    throw new ValueError(`padding must be smaller than the window, or some windows hold nothing`);
  }
  return g;
}

/** A pooling of [batch, height, width, channels] over the whole image. */
export function globalGeometry(inputShape: Shape): PoolGeometry {
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  const [, height, width] = inputShape;
  return { ...poolGeometry(inputShape, { poolSize: [height, width] }), global: true };
}

/** How many windows adaptive pooling has. */
export interface AdaptivePoolOptions {
  /** Side of the result; [height, width] where they differ. It may be larger than the input's. */
  outputSize: Pair;
}

/** The words of `AdaptivePoolOptions`. */
export const adaptivePoolWords = required({ outputSize: pair() });

/**
 * Checks an adaptive pooling over [batch, height, width, channels] and works out its sizes: of `out`
 * windows over a side of H pixels, number i is ⌊i·H/out⌋ up to ⌈(i+1)·H/out⌉, as in PyTorch.
 */
export function adaptivePoolGeometry(
  inputShape: Shape,
  { outputSize }: AdaptivePoolOptions,
): PoolGeometry {
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = inputShape;
  const [outputHeight, outputWidth] = pairOf('outputSize', outputSize);
  const [kernelHeight, strideHeight] = adaptiveAxis(height, outputHeight);
  const [kernelWidth, strideWidth] = adaptiveAxis(width, outputWidth);
  return {
    ...{ batch, height, width, channels, outputHeight, outputWidth },
    ...{ kernelHeight, kernelWidth, strideHeight, strideWidth },
    ...{ dilationHeight: 1, dilationWidth: 1, padTop: 0, padLeft: 0 },
  };
}

/**
 * [longest window, stride]. Where `outputs` divides the side, windows are ordinary ones; else the stride is 0.
 *
 * With H/out = h/p in lowest terms, window i begins at i·h/p, rounded down. The fraction that is cut off takes all
 * values 0, 1/p … (p − 1)/p, and the longest window is one with the largest fraction.
 */
function adaptiveAxis(side: number, outputs: number): [number, number] {
  if (side % outputs === 0) return [side / outputs, side / outputs];
  const common = gcd(side, outputs);
  const [h, p] = [side / common, outputs / common];
  return [Math.ceil((h + p - 1) / p), 0];
}

/** [batch, outputHeight, outputWidth, channels], or [batch, channels] where it is global. */
export function poolOutputShape(g: PoolGeometry): Shape {
  return g.global ? [g.batch, g.channels] : [g.batch, g.outputHeight, g.outputWidth, g.channels];
}

const windowFields = (g: PoolGeometry) => ({ ...g, pixelChannels: g.channels });

/** Which of a window's pixels is chosen. */
export type Choice = 'max' | 'min';

/** Which bit of x and y is flipped: the minimum is −max(−x). */
const signBit = { max: 0, min: 0x80000000 } as const;

/** y = max, or min, of each window; `argmax`, where given, keeps which. Without `keepsNaN`, NaN is passed over. */
export function maxPoolForward(
  e: Emitter,
  y: Value,
  argmax: Operand,
  x: Value,
  g: PoolGeometry,
  choice: Choice = 'max',
  keepsNaN = true,
): void {
  const how = { sign: signBit[choice], keepsNaN: keepsNaN ? 1 : 0 };
  e.emit('maxPool', { ...windowFields(g), y, argmax, x, ...how });
}

/** The type in which a choice among `count` is kept. */
export function choiceType(count: number): 'uint8' | 'int32' {
  return count > MOST_BYTES ? 'int32' : 'uint8';
}

/** A value for the argmax of a max pooling. */
export function argmaxValue(e: Emitter, g: PoolGeometry): Value {
  return e.value(poolOutputShape(g), choiceType(g.kernelHeight * g.kernelWidth));
}

/** dx: each dy goes to its window's maximum, or minimum. */
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

/** Which norm p-norm pooling takes. */
export interface NormOptions {
  /** The norm, 1 or more: 2 by default. */
  p?: number;
  /** 'mean' (the default) is (Σ|x|ᵖ / window)^(1/p); 'sum' is ONNX's LpPool, (Σ|x|ᵖ)^(1/p). */
  mode?: 'mean' | 'sum';
}

/** The words of `NormOptions`. */
export const normWords = { p: between(1), mode: oneOf('mean', 'sum') };

/** The options in full. @throws {ValueError} unless p ≥ 1, and for a mode that there is not */
export function checkNorm(options: NormOptions): Required<NormOptions> {
  const { p = 2, mode = 'mean' } = optionsOf(options, normWords);
  return { p, mode };
}

const normFields = ({ p, mode }: Required<NormOptions>, g: PoolGeometry) => ({
  ...windowFields(g),
  p,
  scale: mode === 'mean' ? 1 / (g.kernelHeight * g.kernelWidth) : 1,
});

/** y = (Σ|x|ᵖ · scale)^(1/p). */
export function lpPoolForward(
  e: Emitter,
  y: Value,
  x: Value,
  norm: Required<NormOptions>,
  g: PoolGeometry,
): void {
  e.emit('lpPool', { ...normFields(norm, g), y, x });
}

/** dx = Σ dy·sign(x)·(|x|/y)^(p−1) · scale. */
export function lpPoolBackward(
  e: Emitter,
  dx: Value,
  dy: Value,
  x: Value,
  y: Value,
  norm: Required<NormOptions>,
  g: PoolGeometry,
): void {
  e.emit('lpPoolBackward', { ...normFields(norm, g), dx, dy, x, y });
}
