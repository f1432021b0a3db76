// Treats signals [steps, channels] as images of one line: converts shapes and options of signals to those of images.

import { ValueError } from '../base/errors.js';
import { any, whole } from '../base/options.js';
import { type Rounding, rounding, type Shape, type WindowOptions } from '../base/shape.js';
import { shown } from '../base/shown.js';

/** Where windows are on a signal. */
export interface LineOptions {
  /** Steps from one window to the next: 1 by default. */
  strides?: number;
  /**
   * 'valid' (the default) adds nothing. 'same' makes ⌈steps / stride⌉ outputs; an odd step is added after the signal.
   * Numbers are steps: on both sides, or [before, after]. Keras's 'causal' is [(kernelSize − 1)·dilation, 0].
   */
  padding?: LinePadding;
  /**
   * What to do if the last window does not fit. By default an error without padding ('valid' convolution), and
   * 'floor' in all other cases.
   */
  dimRoundingMode?: Rounding;
}

/** Padding of signals. */
export type LinePadding = 'valid' | 'same' | number | readonly [number, number];

/** The words of `LineOptions`. */
export const lineWords = { strides: whole(1), padding: any, dimRoundingMode: rounding };

/** The shape [batch, 1, steps, channels] of signals [batch, steps, channels] as images. */
export const asImages = ([batch, steps, channels]: Shape): Shape => [batch, 1, steps, channels];

/** The options of the same windows on those images. @throws {ValueError} for options that make no sense */
export function onImages(options: LineOptions): Omit<WindowOptions, 'kernelSize' | 'dilation'> {
  const { strides = 1, padding = 'valid', dimRoundingMode } = options;
  const isWord = padding === 'valid' || padding === 'same';
  return {
    strides: [1, strides],
    padding: isWord ? padding : [[0, 0], sides(padding)],
    dimRoundingMode,
  };
}

/** Steps of padding before and after the signal. */
function sides(padding: number | readonly [number, number]): [number, number] {
  const both: readonly unknown[] = Array.isArray(padding) ? padding : [padding, padding];
  if (both.length === 2 && both.every((side) => Number.isInteger(side) && (side as number) >= 0)) {
    return [...both] as [number, number];
  }
  throw new ValueError(
    `padding must be 'valid', 'same', a whole number ≥ 0 or [before, after], not ${shown(padding)}`,
  );
}
