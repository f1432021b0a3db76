// Tensors and pixels as PNG files.

import { NumericError, ShapeError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { show } from '../base/shape.js';
import type { PixelData } from '../image/imagesource.js';
import { encodePng } from '../image/pngwriter.js';
import type { DecodedImage } from '../image/resize.js';
import { checkPixels } from '../image/source.js';
import { Tensor } from '../tensor/tensor.js';

/**
 * Writes an image as a PNG file of eight bits.
 *
 * @param image a tensor [height, width] or [height, width, channels] of numbers from 0 to 255, which are rounded; or
 *   bytes with their width and height. 1 channel is grey, 2 grey with alpha, 3 RGB, 4 RGB with alpha
 * @throws {ShapeError} for a tensor of other dimensions or without pixels
 * @throws {NumericError} for numbers that are not finite
 * @throws {ValueError} for anything but a tensor or a picture
 */
export function writePng(image: Tensor | PixelData): Uint8Array<ArrayBuffer> {
  return naming('io.writePng', () =>
    encodePng(image instanceof Tensor ? bytesOf(image) : checkPixels(image)),
  );
}

/** A tensor as bytes. @throws {ShapeError} {@link NumericError} */
function bytesOf({ shape, numbers }: Tensor): DecodedImage {
  const [height, width, channels = 1] = shape;
  const isImage = shape.length === 2 || shape.length === 3;
  if (!isImage || numbers.length === 0 || channels > 4)
    throw new ShapeError(
      `an image is [height, width] or [height, width, channels] with 1 to 4 channels, not ${show(shape)}`,
    );
  const bad = numbers.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new NumericError(`the image contains ${numbers[bad]} (element ${bad})`);
  return { data: Uint8ClampedArray.from(numbers), width, height, channels };
}
