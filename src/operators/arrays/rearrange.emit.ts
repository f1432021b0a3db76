// The same numbers elsewhere, as ops: in another order of axes, and parts of arrays.

import { ShapeError } from '../../base/errors.js';
import { any, whole as count, required, type Words } from '../../base/options.js';
import { type Shape, sameShape, show } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { anyAxes, axesIn, listOf } from './axes.js';
import { copyStrided, fillWith, offsetOf, type Strided, stridesOf, whole } from './strides.emit.js';

/** Another order of axes. */
export interface Transposition {
  /** Which of the axes each axis of the result is. */
  axes: readonly number[];
}

/** The check of `Transposition`. */
export const transpositionWords: Words = required({ axes: anyAxes });

/** The axes counted from 0. @throws {ShapeError} unless they are all axes of the shape, each once */
export function orderOf(shape: Shape, { axes }: Transposition): number[] {
  if (axes.length !== shape.length)
    throw new ShapeError(
      `axes ${show(axes)} must be an order of all ${shape.length} dimensions: ${show(shape)}`,
    );
  axesIn(shape, axes);
  return axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
}

/** A part of an array: lists with a number for each axis, or for the first of them. */
export interface Slicing {
  /** Where it begins; negative numbers count from the end. */
  begin: readonly number[];
  /** Where it ends, before this place; negative numbers count from the end, and those before the first end there. */
  end: readonly number[];
  /** How far it goes each time, negative to go backwards: 1 by default. */
  step?: readonly number[];
}

/** Any whole number: where there is none such place, the nearest is meant. */
const places = listOf(count(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), 'whole numbers');

/** The check of `Slicing`. */
export const slicingWords: Words = { ...required({ begin: places, end: places }), step: places };

/** What is taken along an axis. */
export interface Range {
  readonly begin: number;
  readonly step: number;
  readonly count: number;
}

/** @throws {ShapeError} for a step of 0 */
export function checkSteps({ step = [] }: Slicing): void {
  if (step.includes(0)) throw new ShapeError(`step ${show(step)} must not have a 0`);
}

/** What is taken along each axis. @throws {ShapeError} where that is nothing, or there are not so many axes */
export function rangesOf(shape: Shape, slicing: Slicing): Range[] {
  const { begin, end, step = [] } = slicing;
  checkSteps(slicing);
  if (Math.max(begin.length, end.length, step.length) > shape.length)
    throw new ShapeError(
      `begin ${show(begin)}, end ${show(end)} and step are for more axes than there are: ${show(shape)}`,
    );
  const ranges = shape.map((side, i) => {
    const by = step[i] ?? 1;
    const [first, last] = by > 0 ? [0, side] : [side - 1, -1];
    const low = Math.min(first, last);
    const high = Math.max(first, last);
    const placed = (at: number | undefined, other: number): number =>
      at === undefined ? other : Math.min(high, Math.max(low, at < 0 ? at + side : at));
    const from = placed(begin[i], first);
    return { begin: from, step: by, count: Math.ceil((placed(end[i], last) - from) / by) };
  });
  if (ranges.every((range) => range.count > 0)) return ranges;
  throw new ShapeError(
    `nothing of ${show(shape)} is left: begin ${show(begin)}, end ${show(end)}, step ${show(step)}`,
  );
}

/** The shape that is left. */
export const rangesShape = (ranges: readonly Range[]): Shape => ranges.map((range) => range.count);

/** The part of an array. */
const partOf = (x: Value, ranges: readonly Range[]): Strided => ({
  value: x,
  strides: stridesOf(x.shape).map((stride, i) => stride * ranges[i].step),
  offset: offsetOf(
    x.shape,
    ranges.map(({ begin }) => begin),
  ),
});

/** y = the part of x. */
export function sliceForward(e: Emitter, y: Value, x: Value, ranges: readonly Range[]): void {
  copyStrided(e, whole(y), partOf(x, ranges), y.shape);
}

/** dx = dy where it was taken from, and 0 elsewhere. */
export function sliceBackward(e: Emitter, dx: Value, dy: Value, ranges: readonly Range[]): void {
  if (!sameShape(dx.shape, dy.shape)) fillWith(e, dx, 0);
  copyStrided(e, partOf(dx, ranges), whole(dy), dy.shape);
}

/** An array repeated along axes of 1, and along axes in front of its own. */
export interface Expansion {
  /** What it is broadcast with, as NumPy does it. */
  shape: Shape;
}

/** The check of `Expansion`; the shape is for `checkShape`. */
export const expansionWords: Words = required({ shape: any });
