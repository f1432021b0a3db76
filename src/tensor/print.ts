// Tensors as text, as NumPy prints arrays: shape and numbers, long ones shortened.

import { type Shape, show, sizeOf } from '../base/shape.js';

/** Tensors of more numbers are printed with EDGE numbers at both ends of each dimension: NumPy's rule. */
const WHOLE = 1000;
const EDGE = 3;
const DIGITS = 5;

/**
 * Such as
 *
 *     Tensor float32 [2, 3]
 *     [[1, 2, 3],
 *      [4, 5, 6]]
 */
export function printed(name: string, shape: Shape, numbers: ArrayLike<number>): string {
  const size = sizeOf(shape);
  const title = `Tensor ${name} ${show(shape)}`;
  if (size === 0) return `${title} of no numbers`;
  const isLong = size > WHOLE;
  const texts = new Map<number, string>();
  const visit = (dimension: number, at: number): void => {
    if (dimension === shape.length) {
      texts.set(at, text(numbers[at]));
      return;
    }
    const stride = sizeOf(shape.slice(dimension + 1));
    for (const i of places(shape[dimension], isLong))
      if (i >= 0) visit(dimension + 1, at + i * stride);
  };
  visit(0, 0);
  const width = Math.max(...[...texts.values()].map(({ length }) => length));
  const lines = (dimension: number, at: number, indent: string): string => {
    if (dimension === shape.length) return (texts.get(at) as string).padStart(width);
    const stride = sizeOf(shape.slice(dimension + 1));
    const parts = places(shape[dimension], isLong).map((i) =>
      i < 0 ? '…' : lines(dimension + 1, at + i * stride, `${indent} `),
    );
    const below = shape.length - 1 - dimension;
    return `[${parts.join(below ? `,${'\n'.repeat(below)}${indent} ` : ', ')}]`;
  };
  return `${title}\n${lines(0, 0, '')}`;
}

/** The indices of a dimension that are shown; −1 stands for what is left out. */
function places(side: number, isLong: boolean): number[] {
  if (!isLong || side <= 2 * EDGE) return Array.from({ length: side }, (_, i) => i);
  const ends = Array.from({ length: EDGE }, (_, i) => i);
  return [...ends, -1, ...ends.map((i) => side - EDGE + i)];
}

/** A number with five digits: enough for the eye. */
const text = (number: number): string => String(Number(number.toPrecision(DIGITS)));
