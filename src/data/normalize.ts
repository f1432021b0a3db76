// Pixels to the numbers that networks train on: of mean about 0 and deviation about 1.

import { ShapeError, ValueError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import { checkPixels, type Pixels } from './pixels.js';

/** Options of `normalize`. */
export interface NormalizeOptions {
  /** What is subtracted, after scaling: a number, or one for each channel; 0 by default. */
  mean?: number | readonly number[];
  /** What is divided by then: a number, or one for each channel; 1 by default. */
  std?: number | readonly number[];
  /** What pixels are multiplied by first: 1/255 by default, which makes bytes numbers from 0 to 1. */
  scale?: number;
}

/** A normalization, checked, with a mean and a deviation for each channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly scale: number;
}

/** @throws {ValueError} for options that make no sense */
export function checkNormalization(where: string, options: NormalizeOptions): Normalization {
  const { mean = 0, std = 1, scale = 1 / 255 } = checkOptions(where, options, words);
  const channels = Math.max(lengthOf(mean), lengthOf(std));
  const means = perChannel(where, 'mean', mean, channels);
  const deviations = perChannel(where, 'std', std, channels);
  if (!deviations.every((deviation) => deviation > 0)) {
    throw new ValueError(`${where}: std must be greater than 0, not ${std}`);
  }
  if (!(Number.isFinite(scale) && scale !== 0)) {
    throw new ValueError(`${where}: scale must be a number other than 0, not ${scale}`);
  }
  return { mean: means, std: deviations, scale };
}

const words = ['mean', 'std', 'scale'];

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
    `${where}: ${name} must be a number or one number for each of ${channels} channels, not ${JSON.stringify(value)}`,
  );
}

/** Writes (pixel · scale − mean) / std of all pixels from `first` on, as many as `to` holds. */
export function normalizeInto(
  to: Float32Array,
  images: Pixels,
  first: number,
  { mean, std, scale }: Normalization,
): void {
  const last = mean.length - 1;
  for (let i = 0, channel = 0; i < to.length; i++) {
    to[i] = (images[first + i] * scale - mean[channel]) / std[channel];
    channel = channel === last ? 0 : channel + 1;
  }
}

/**
 * (pixel · scale − mean) / std, channel by channel.
 *
 * @param images NHWC, of as many channels as `mean` or `std` lists
 * @throws {ShapeError} where the channels do not divide the pixels
 * @throws {ValueError} for options that make no sense
 */
export function normalize(images: Pixels, options: NormalizeOptions = {}): Float32Array {
  checkPixels('normalize', images);
  const normalization = checkNormalization('normalize', options);
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
