// Signals [steps, channels] are images of one line: turns options for signals into those for images.

import { ValueError } from '../base/errors.js';
import { any, whole } from '../base/options.js';
import { type Rounding, rounding, type Shape, type WindowOptions } from '../base/shape.js';
import { shown } from '../base/shown.js';

/** How windows lie on a signal. */
export interface LineOptions {
  /** Steps from one window to the next: 1 by default. */
  strides?: number;
  /**
   * 'valid' (the default) is none; 'same' makes ⌈steps / stride⌉ outputs, an odd step comes after; numbers are
   * steps: on both sides, or [before, after]. Keras's 'causal' is [(kernelSize − 1)·dilation, 0].
   */
  padding?: LinePadding;
  /**
   * What to do where the last window does not fit: without it, an error where there is no padding
   * ('valid' convolution) and 'floor' elsewhere.
   */
  dimRoundingMode?: Rounding;
}

/** Padding of signals. */
export type LinePadding = 'valid' | 'same' | number | readonly [number, number];

/** The words of `LineOptions`. */
export const lineWords = { strides: whole(1), padding: any, dimRoundingMode: rounding };

/** The images that signals [batch, steps, channels] are. */
export const asImages = ([batch, steps, channels]: Shape): Shape => [batch, 1, steps, channels];

/** The same windows on those images. @throws {ValueError} for options that make no sense */
export function onImages(
  where: string,
  options: LineOptions,
): Omit<WindowOptions, 'kernelSize' | 'dilation'> {
  const { strides = 1, padding = 'valid', dimRoundingMode } = options;
  const isWord = padding === 'valid' || padding === 'same';
  return {
    strides: [1, strides],
    padding: isWord ? padding : [[0, 0], sides(where, padding)],
    dimRoundingMode,
  };
}

/** Steps before and after. */
function sides(where: string, padding: number | readonly [number, number]): [number, number] {
  const both: readonly unknown[] = Array.isArray(padding) ? padding : [padding, padding];
  if (both.length === 2 && both.every((side) => Number.isInteger(side) && (side as number) >= 0)) {
    return [...both] as [number, number];
  }
  throw new ValueError(
    `${where}: padding must be 'valid', 'same', a whole number ≥ 0 or [before, after], not ${shown(padding)}`,
  );
}
