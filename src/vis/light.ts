// How a model's input becomes pixels again.

import type { Model, Tensor } from '../core.js';
import { checkNormalization, TO_UNIT } from '../data/normalization.js';
import { extremes } from './colors.js';
import type { Color } from './picture.js';

/** The colour of the pixel whose first channel is at an index: three channels are red, green and blue; else the first is grey. */
export type Light = (numbers: Float32Array, at: number) => Color;

/**
 * Undoes the model's preprocessing; of a model without one, the smallest number of the images is black and the largest
 * white.
 *
 * @param images [n, height, width, channels]
 */
export function lightOf({ preprocessing }: Model, images: Tensor): Light {
  const channels = images.shape[3];
  const bytes = preprocessing ? undone(preprocessing) : stretched(images);
  return (numbers, at) => {
    const value = (c: number) => bytes(numbers[at + (channels === 3 ? c : 0)], c);
    return [value(0), value(1), value(2)];
  };
}

/** The numbers that black is, channel by channel. */
export function blackOf({ preprocessing, inputShape }: Model, images: Tensor): number[] {
  const channels = inputShape[2];
  if (!preprocessing) return new Array(channels).fill(extremes(images.numbers)[0]);
  const { mean, std } = normalizationOf(preprocessing);
  const of = (list: readonly number[], c: number) => list[Math.min(c, list.length - 1)];
  return Array.from({ length: channels }, (_, c) => -of(mean, c) / of(std, c));
}

type Preprocessing = NonNullable<Model['preprocessing']>;

/** Its means and deviations: images have the model's size already. */
const normalizationOf = ({ resize: _resize, ...options }: Preprocessing) =>
  checkNormalization(options);

type Bytes = (value: number, channel: number) => number;

function undone(preprocessing: Preprocessing): Bytes {
  const { mean, std, scale } = normalizationOf(preprocessing);
  const factor = scale ?? TO_UNIT;
  return (value, channel) => {
    const c = Math.min(channel, mean.length - 1);
    return (value * std[c] + mean[c]) / factor;
  };
}

function stretched({ numbers }: Tensor): Bytes {
  const [dark, bright] = extremes(numbers);
  const factor = bright > dark ? 255 / (bright - dark) : 255;
  return (value) => factor * (value - dark);
}
