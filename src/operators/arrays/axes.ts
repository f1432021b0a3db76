// Axes in options: they count from 0, and from the last where they are negative; those of a layer within a sample, those
// of an op in the whole shape.

import { ShapeError } from '../../base/errors.js';
import { type Check, whole } from '../../base/options.js';
import { type Shape, show } from '../../base/shape.js';

/** As many dimensions as a shape may have. */
const MOST_AXES = 64;

const axis = whole(-MOST_AXES, MOST_AXES);

/** A list of what another check wants. */
export const listOf =
  (one: Check, what: string): Check =>
  (value) =>
    Array.isArray(value) && value.length <= MOST_AXES && [...value].every((each) => !one(each))
      ? undefined
      : `a list of ${what}`;

/** One axis. */
export const anyAxis: Check = axis;
/** A list of axes. */
export const anyAxes: Check = listOf(axis, 'axes, such as [0, 1]');

/** The axes of a shape, counted from 0, in ascending order. @throws {ShapeError} for one that there is not, or twice */
export function axesIn(shape: Shape, axes: readonly number[]): number[] {
  const own = axes.map((each) => (each < 0 ? each + shape.length : each)).sort((a, b) => a - b);
  const wrong = own.some((each, i) => each < 0 || each >= shape.length || each === own[i - 1]);
  if (!wrong) return own;
  throw new ShapeError(
    `axes ${show(axes)} must be different ones of the ${shape.length} dimensions: ${show(shape)}`,
  );
}

/** A shape without some axes, or with 1 in their place. */
export const withoutAxes = (shape: Shape, axes: readonly number[], keepDims = false): Shape =>
  shape.flatMap((side, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [side]));
