// Colour scales: numbers as colours.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, checkValue, finite, oneOf } from '../base/options.js';
import type { Tensor } from '../core.js';
import { type Color, draw, type Picture, rasterOf } from './picture.js';

/** 'gray' and 'viridis' go from dark to light; 'diverging' from blue through white, which is 0, to red. */
export type Scale = 'gray' | 'viridis' | 'diverging';

/** Colours at equal distances: matplotlib's viridis, and ColorBrewer's RdBu the other way round. */
const stops: Readonly<Record<Scale, string>> = {
  gray: '000000 ffffff',
  viridis: '440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725',
  diverging: '053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f',
};

/** The colours of a scale at equal distances, as CSS has them. */
export const stopsOf = (scale: Scale): string[] => stops[scale].split(' ').map((hex) => `#${hex}`);

const colors = Object.fromEntries(
  Object.entries(stops).map(([name, list]) => [
    name,
    list.split(' ').map((hex) => [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16))),
  ]),
);

export const anyScale = oneOf(...Object.keys(stops));

/** The colour at a place of the scale, from 0 to 1. */
export function colorAt(scale: Scale, place: number): Color {
  const list = colors[scale];
  const at = Math.min(1, Math.max(0, place)) * (list.length - 1);
  const low = Math.min(Math.floor(at), list.length - 2);
  const mix = (c: number) => list[low][c] + (at - low) * (list[low + 1][c] - list[low][c]);
  return [mix(0), mix(1), mix(2)];
}

/** The numbers that the ends of a scale are. */
export interface Range {
  /** By default the smallest number; for 'diverging' the largest magnitude below 0. */
  min?: number;
  /** By default the largest number; for 'diverging' the largest magnitude. */
  max?: number;
}

/** The numbers that the ends of a scale are, for these numbers. */
export function endsOf(
  numbers: Float32Array,
  scale: Scale,
  { min, max }: Range,
): readonly [number, number] {
  const [least, most] = extremes(numbers);
  const size = Math.max(-least, most);
  return [
    min ?? (scale === 'diverging' ? -size : least),
    max ?? (scale === 'diverging' ? size : most),
  ];
}

/** Where numbers lie on a scale. */
export function placing(numbers: Float32Array, scale: Scale, range: Range) {
  const [low, high] = endsOf(numbers, scale, range);
  // Numbers that are all the same are in the middle.
  return (value: number): number => (high > low ? (value - low) / (high - low) : 0.5);
}

/** The smallest and the largest. */
export function extremes(numbers: Float32Array): [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of numbers) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

/**
 * A map in colours.
 *
 * @param map [height, width], or [height, width, channels], of which each pixel's number of the largest magnitude counts
 * @param scale 'viridis' by default
 * @throws {ShapeError} for a tensor of other dimensions
 * @throws {ValueError} for an unknown scale, and ends that are the wrong way round
 * @throws {NumericError} for numbers that are not finite
 */
export function colorize(map: Tensor, scale: Scale = 'viridis', range: Range = {}): Picture {
  return naming('vis.colorize', () => {
    checkValue('scale', scale, anyScale);
    const ends = checkOptions('vis.colorize', range, { min: finite, max: finite });
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = ends;
    if (min >= max) throw new ValueError(`min must be less than max: ${min} is not below ${max}`);
    const { height, width, channels, numbers } = rasterOf(map);
    const strongest = new Float32Array(height * width);
    numbers.forEach((value, i) => {
      const pixel = Math.floor(i / channels);
      if (Math.abs(value) > Math.abs(strongest[pixel])) strongest[pixel] = value;
    });
    const place = placing(strongest, scale, ends);
    return draw(width, height, (row, column) =>
      colorAt(scale, place(strongest[row * width + column])),
    );
  });
}
