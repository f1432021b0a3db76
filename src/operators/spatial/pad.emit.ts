// Padding of images as ops, forward and backward.

import { ShapeError } from '../../base/errors.js';
import { any, oneOf, optionsOf } from '../../base/options.js';
import { checkRank, checkSides, type Padding, type Shape, type Sides } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';

/** What is put around an image: zeros, or its reflection at the outermost pixels, which are not repeated. */
export type PaddingMode = 'zeros' | 'reflect';

/** Which there are. */
export const paddingMode = oneOf('zeros', 'reflect');

/** Options of padding. */
export interface PadOptions {
  /** Pixels: for all sides, [vertical, horizontal], or [[top, bottom], [left, right]]. */
  padding: Exclude<Padding, string>;
  /** 'zeros' by default. */
  mode?: PaddingMode;
}

const padWords = { padding: any, mode: paddingMode };

/** A padding with all its sizes. */
export interface PadGeometry {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  readonly mode: PaddingMode;
}

/**
 * Checks a padding of [batch, height, width, channels].
 *
 * @throws {ValueError} for options that make no sense
 * @throws {ShapeError} where an image is too small to be reflected that far
 */
export function padGeometry(inputShape: Shape, options: PadOptions): PadGeometry {
  const { mode = 'zeros' } = optionsOf(options, padWords);
  return placePadding(inputShape, checkSides(options.padding), mode);
}

/** The padding of given sides. @throws {ShapeError} where an image is too small to be reflected */
export function placePadding(
  inputShape: Shape,
  [[top, bottom], [left, right]]: Sides,
  mode: PaddingMode,
): PadGeometry {
  checkRank(inputShape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = inputShape;
  const axes = [
    ['height', height, Math.max(top, bottom)],
    ['width', width, Math.max(left, right)],
  ] as const;
  for (const [name, side, padding] of axes) {
    if (mode === 'zeros' || padding < side) continue;
    throw new ShapeError(
      `an image of ${name} ${side} can be reflected for ${side - 1} pixels, not ${padding}: use less padding, or zeros`,
    );
  }
  return { batch, height, width, channels, top, bottom, left, right, mode };
}

/** [batch, top + height + bottom, left + width + right, channels]. */
export function padOutputShape(g: PadGeometry): Shape {
  return [g.batch, g.top + g.height + g.bottom, g.left + g.width + g.right, g.channels];
}

const fields = ({ mode, ...sizes }: PadGeometry) => ({
  ...sizes,
  reflect: mode === 'reflect' ? 1 : 0,
});

/** y = x with its padding. */
export function padForward(e: Emitter, y: Value, x: Value, g: PadGeometry): void {
  e.emit('pad', { ...fields(g), y, x });
}

/** dx: the middle of dy, and for reflection also the gradients of the reflected pixels, added to it. */
export function padBackward(e: Emitter, dx: Value, dy: Value, g: PadGeometry): void {
  e.emit('padBackward', { ...fields(g), dx, dy });
}
