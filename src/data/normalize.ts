// Turns pixels into the numbers that networks train on: with a mean of about 0 and a standard deviation of about 1.

import { ShapeError, ValueError } from '../base/errors.js';
import { any, checkOptions, number } from '../base/options.js';
import { shown } from '../base/shown.js';
import { checkPixels, type Pixels } from './pixels.js';

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** Subtracted after scaling: a number, or one for each channel; 0 by default. */
  mean?: number | readonly number[];
  /** The divisor after that: a number, or one for each channel; 1 by default. */
  std?: number | readonly number[];
  /**
   * The factor that pixels are multiplied by first. Its default for bytes is 1/255, which makes them numbers from 0 to
   * 1. Floats have no default, because they may have been divided already: 1 takes them as they are.
   */
  scale?: number;
}

/** A normalization, checked, with a mean and a deviation for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** null for the default: 1/255 for bytes, an error for floats. */
  readonly scale: number | null;
}

/** The default factor for bytes. */
const TO_UNIT = 1 / 255;

/** @throws {ValueError} for options that make no sense */
export function checkNormalization(where: string, options: NormalizeOptions): Normalization {
  const { mean = 0, std = 1, scale } = checkOptions(where, options, words);
  const channels = Math.max(lengthOf(mean), lengthOf(std));
  const means = perChannel(where, 'mean', mean, channels);
  const deviations = perChannel(where, 'std', std, channels);
  if (!deviations.every((deviation) => deviation > 0)) {
    throw new ValueError(`${where}: std must be greater than 0, not ${shown(std)}`);
  }
  const normalization = { mean: means, std: deviations, scale: scale ?? null };
  if (scale === undefined) checkRange(where, normalization);
  return normalization;
}

/**
 * Checks a normalization against the pixels that it is for.
 *
 * @throws {ValueError} for floats without a scale, which may have been divided already; and for a mean or deviation
 *   that scaled bytes cannot have, such as one of pixels from 0 to 255
 */
export function checkFits(where: string, images: Pixels, normalization: Normalization): void {
  if (!(images instanceof Float32Array)) checkRange(where, normalization);
  else if (normalization.scale === null) {
    throw new ValueError(
      `${where}: these are floats, a Float32Array, perhaps normalized before: give { scale: 1 } to take them as they are, or { scale: 1 / 255 } for pixels from 0 to 255`,
    );
  }
}

/** @throws {ValueError} for a mean or a deviation that scaled bytes cannot have */
function checkRange(where: string, { mean, std, scale }: Normalization): void {
  const factor = scale ?? TO_UNIT;
  const end = 255 * factor;
  const [least, most] = end < 0 ? [end, 0] : [0, end];
  const check = (name: string, values: readonly number[], from: number, to: number): void => {
    const bad = values.find((value) => value < from || value > to);
    if (bad === undefined) return;
    const scaled = Number((bad * factor).toPrecision(4));
    throw new ValueError(
      `${where}: ${name} is ${bad}, but pixels are scaled first, here to numbers from ${least} to ${most}: give mean and std of those (instead of ${bad}, ${scaled}), or give { scale: 1 }`,
    );
  };
  check('mean', mean, least, most);
  check('std', std, 0, Math.max(1, most - least));
}

const words = {
  mean: any,
  std: any,
  scale: number((value) => value !== 0, 'a number other than 0'),
};

const lengthOf = (value: number | readonly number[]): number =>
  Array.isArray(value) ? value.length : 1;

function perChannel(
  where: string,
  name: string,
  value: number | readonly number[],
  channels: number,
): readonly number[] {
  const list: readonly number[] = Array.isArray(value) ? value : new Array(channels).fill(value);
  if (list.length === channels && list.every(Number.isFinite)) return list;
  throw new ValueError(
    `${where}: ${name} must be a number or one number for each of ${channels} channels, not ${shown(value)}`,
  );
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
  checkPixels('normalize', images);
  const normalization = checkNormalization('normalize', options);
  checkFits('normalize', images, normalization);
  const channels = normalization.mean.length;
  if (images.length % channels !== 0) {
    throw new ShapeError(
      `normalize: ${images.length} pixels are no whole number of ${channels} channels`,
    );
  }
  const to = new Float32Array(images.length);
  normalizeInto(to, images, 0, normalization);
  return to;
}
