// Which part of a picture becomes the image, and how large that is: Resize and CenterCrop in one.

import { ShapeError } from '../base/errors.js';
import type { Pair } from '../base/shape.js';
import { centreCrop, type DecodedImage, type Span } from './resize.js';

/** What becomes of a picture's sides. */
export interface Framing {
  /**
   * The size to which the whole picture is resampled first: a number for the shorter side, so that the ratio stays
   * (torchvision's `Resize`), or [height, width], which may distort it (Keras's `Resizing`).
   */
  resize?: Pair;
  /**
   * The size of the image: a side, or [height, width]. It is the middle of what `resize` makes (torchvision's
   * `CenterCrop`); without `resize`, the largest middle part of this ratio, resampled (Keras's `crop_to_aspect_ratio`).
   */
  size?: Pair;
}

/** Python's `round`: halves go to the even number. */
function round(value: number): number {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}

const both = (pair: Pair): readonly [number, number] =>
  typeof pair === 'number' ? [pair, pair] : pair;

/** The size that `resize` makes of a picture. */
function resized(
  { height, width }: Pick<DecodedImage, 'width' | 'height'>,
  resize: Pair,
): readonly [number, number] {
  if (typeof resize !== 'number') return resize;
  const long = Math.trunc((resize * Math.max(height, width)) / Math.min(height, width));
  return height <= width ? [resize, long] : [long, resize];
}

/**
 * The size of the image, and the part of the picture that is resampled to it.
 *
 * @throws {ShapeError} if `resize` makes less than `size` takes
 */
export function frame(
  image: Pick<DecodedImage, 'width' | 'height'>,
  { resize, size }: Framing,
): { size: readonly [number, number]; part: readonly [rows: Span, columns: Span] } {
  const sides = [image.height, image.width] as const;
  const to = size === undefined ? resized(image, resize ?? sides) : both(size);
  if (resize === undefined) return { size: to, part: centreCrop(image, to) };
  const whole = resized(image, resize);
  const spans = whole.map((side, axis) => {
    if (to[axis] > side)
      throw new ShapeError(
        `resize makes ${whole[0]}×${whole[1]} pixels, but size takes ${to[0]}×${to[1]} of them: resize to more`,
      );
    const step = sides[axis] / side;
    return { from: round((side - to[axis]) / 2) * step, length: to[axis] * step };
  });
  return { size: to, part: spans as [Span, Span] };
}
