// Turns pixels into the numbers that networks train on: with a mean of about 0 and a standard deviation of about 1.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import {
  checkNormalization,
  checkRange,
  type Normalization,
  type NormalizeOptions,
  TO_UNIT,
} from './normalization.js';
import { checkPixels, type Pixels } from './pixels.js';

/**
 * Checks a normalization against the pixels that it is for.
 *
 * @throws {ValueError} for floats without a scale, which may have been divided already; and for a mean or deviation
 *   that scaled bytes cannot have, such as one of pixels from 0 to 255
 */
export function checkFits(images: Pixels, normalization: Normalization): void {
  if (!(images instanceof Float32Array)) checkRange(normalization);
  else if (normalization.scale === null) {
    throw new ValueError(
      `these are floats, a Float32Array, perhaps normalized before: give { scale: 1 } to take them as they are, or { scale: 1 / 255 } for pixels from 0 to 255`,
    );
  }
}

/** Writes (pixel · scale − mean) / std for pixels from index `first` on, as many as `to` holds. */
export function normalizeInto(
  to: Float32Array,
  images: Pixels,
  first: number,
  { mean, std, scale }: Normalization,
): void {
  const last = mean.length - 1;
  const factor = scale ?? TO_UNIT;
  for (let i = 0, channel = 0; i < to.length; i++) {
    to[i] = (images[first + i] * factor - mean[channel]) / std[channel];
    channel = channel === last ? 0 : channel + 1;
  }
}

/**
 * Returns (pixel · scale − mean) / std, channel by channel.
 *
 * @param images NHWC, with as many channels as `mean` or `std` lists
 * @throws {ShapeError} if the number of pixels is not a multiple of the channels
 * @throws {ValueError} for options that make no sense, floats without `scale`, and a mean or std that scaled pixels
 *   cannot have
 */
export function normalize(images: Pixels, options: NormalizeOptions = {}): Float32Array {
  const normalization = naming('normalize', () => {
    checkPixels(images);
    const checked = checkNormalization(options);
    checkFits(images, checked);
    const channels = checked.mean.length;
    if (images.length % channels === 0) return checked;
    throw new ShapeError(`${images.length} pixels are no whole number of ${channels} channels`);
  });
  const to = new Float32Array(images.length);
  normalizeInto(to, images, 0, normalization);
  return to;
}
