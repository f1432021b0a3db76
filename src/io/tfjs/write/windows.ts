// Windows in TF.js's words.

import { type Pair, pairOf, type Sides } from '../../../base/shape.js';

export const pairs = (value: Pair | undefined, otherwise: Pair): number[] => [
  ...pairOf('size', value ?? otherwise),
];

export const isZero = (sides: Sides): boolean => sides.flat().every((side) => side === 0);

/** The padding of a signal as a word; undefined where there is none: TF.js reads 'causal', but cannot run it. */
export function wordOf(padding: 'valid' | 'same' | number | readonly number[]) {
  if (typeof padding === 'string') return padding;
  return [padding].flat().every((side) => side === 0) ? 'valid' : undefined;
}
