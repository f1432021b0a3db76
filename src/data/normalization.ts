// The options of `normalize`, checked. The code that does it is in normalize.ts, which fewer programs load.

import { ValueError } from '../base/errors.js';
import { any, number, optionsOf } from '../base/options.js';
import { shown } from '../base/shown.js';

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
export const TO_UNIT = 1 / 255;

/** @throws {ValueError} for options that make no sense */
export function checkNormalization(options: NormalizeOptions): Normalization {
  const { mean = 0, std = 1, scale } = optionsOf(options, normalizeWords);
  const channels = Math.max(lengthOf(mean), lengthOf(std));
  const means = perChannel('mean', mean, channels);
  const deviations = perChannel('std', std, channels);
  if (!deviations.every((deviation) => deviation > 0)) {
    throw new ValueError(`std must be greater than 0, not ${shown(std)}`);
  }
  const normalization = { mean: means, std: deviations, scale: scale ?? null };
  if (scale === undefined) checkRange(normalization);
  return normalization;
}

/** @throws {ValueError} for a mean or a deviation that scaled bytes cannot have */
export function checkRange({ mean, std, scale }: Normalization): void {
  const factor = scale ?? TO_UNIT;
  const end = 255 * factor;
  const [least, most] = end < 0 ? [end, 0] : [0, end];
  const check = (name: string, values: readonly number[], from: number, to: number): void => {
    const bad = values.find((value) => value < from || value > to);
    if (bad === undefined) return;
    const scaled = Number((bad * factor).toPrecision(4));
    throw new ValueError(
      `${name} is ${bad}, but pixels are scaled first, here to numbers from ${least} to ${most}: give mean and std of those (instead of ${bad}, ${scaled}), or give { scale: 1 }`,
    );
  };
  check('mean', mean, least, most);
  check('std', std, 0, Math.max(1, most - least));
}

/** The check of each of `NormalizeOptions`. */
export const normalizeWords = {
  mean: any,
  std: any,
  scale: number((value) => value !== 0, 'a number other than 0'),
};

const lengthOf = (value: number | readonly number[]): number =>
  Array.isArray(value) ? value.length : 1;

function perChannel(
  name: string,
  value: number | readonly number[],
  channels: number,
): readonly number[] {
  const list: readonly number[] = Array.isArray(value) ? value : new Array(channels).fill(value);
  if (list.length === channels && list.every(Number.isFinite)) return list;
  throw new ValueError(
    `${name} must be a number or one number for each of ${channels} channels, not ${shown(value)}`,
  );
}
