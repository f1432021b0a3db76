// Upsampling of images as ops, forward and backward.

import { any, checkValue, oneOf } from '../../base/options.js';
import { checkRank, type Pair, pairOf, type Shape } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';

/** How new pixels are computed. */
export type Interpolation = 'nearest' | 'bilinear';

/** Options of upsampling, Keras's words. */
export interface UpsamplingOptions {
  /** How many times as many pixels there will be; [height, width] where they differ: 2 by default. */
  size?: Pair;
  /**
   * 'nearest' (the default) repeats pixels; 'bilinear' draws straight lines between their centres, as
   * PyTorch does with align_corners=False.
   */
  interpolation?: Interpolation;
}

/** The words of `UpsamplingOptions`. */
export const upsamplingWords = { size: any, interpolation: oneOf('nearest', 'bilinear') };

/** An upsampling with all its sizes. */
export interface UpsamplingGeometry {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly factorHeight: number;
  readonly factorWidth: number;
  readonly bilinear: boolean;
}

/** The options in full. @throws {ValueError} unless the size is whole, and for an interpolation that there is not */
export function checkUpsampling({
  size = 2,
  interpolation = 'nearest',
}: UpsamplingOptions): Pick<UpsamplingGeometry, 'factorHeight' | 'factorWidth' | 'bilinear'> {
  const [factorHeight, factorWidth] = pairOf('size', size);
  checkValue('interpolation', interpolation, upsamplingWords.interpolation);
  return { factorHeight, factorWidth, bilinear: interpolation === 'bilinear' };
}

/** Checks an upsampling of [batch, height, width, channels] and works out its sizes. */
export function upsamplingGeometry(
  inputShape: Shape,
  options: UpsamplingOptions,
): UpsamplingGeometry {
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = inputShape;
  return { batch, height, width, channels, ...checkUpsampling(options) };
}

/** [batch, size·height, size·width, channels]. */
export function upsamplingOutputShape(g: UpsamplingGeometry): Shape {
  return [g.batch, g.height * g.factorHeight, g.width * g.factorWidth, g.channels];
}

const fields = ({ bilinear, ...sizes }: UpsamplingGeometry) => ({
  ...sizes,
  bilinear: bilinear ? 1 : 0,
});

/** y = x with more pixels. */
export function upsamplingForward(e: Emitter, y: Value, x: Value, g: UpsamplingGeometry): void {
  e.emit('upsample', { ...fields(g), y, x });
}

/** dx: for each pixel the sum of dy over its outputs, times its share in them. */
export function upsamplingBackward(e: Emitter, dx: Value, dy: Value, g: UpsamplingGeometry): void {
  e.emit('upsampleBackward', { ...fields(g), dx, dy });
}
