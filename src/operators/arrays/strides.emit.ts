// Arrays of any rank as the kernels take them: their dimensions with a step for each operand, as few as say the same.

import type { ArraysArguments } from '../../../bindings/arrays.js';
import { checkArrays } from '../../../bindings/usearrays.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import type { Emitter, Operand, Value } from '../../program/emitter.js';

/** Emits an op of the module arrays. @throws {StateError} where that is not loaded */
export function emitOf<K extends keyof ArraysArguments<unknown>>(
  e: Emitter,
  kernel: K,
  args: ArraysArguments<Operand>[K],
): void {
  checkArrays('a layer for arrays of any rank');
  e.emit(kernel, args as never);
}

/** How far apart the neighbours along each dimension of a whole array are. */
export function stridesOf(shape: Shape): number[] {
  return shape.map((_, i) => sizeOf(shape.slice(i + 1)));
}

/** Where the element at `at` is. */
export const offsetOf = (shape: Shape, at: readonly number[]): number =>
  stridesOf(shape).reduce((sum, stride, i) => sum + stride * at[i], 0);

/** A dimension, and the steps of all operands along it. */
interface Dimension {
  readonly size: number;
  readonly steps: readonly number[];
}

/** The dimensions without those of size 1, and as one where all operands go on from one to the next. */
function collapse(shape: Shape, strides: readonly (readonly number[])[]): Dimension[] {
  const all: Dimension[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const steps = strides.map((each) => each[i]);
    const last = all.at(-1);
    const goesOn = last?.steps.every((step, k) => step === steps[k] * size);
    if (last && goesOn) all[all.length - 1] = { size: last.size * size, steps };
    else all.push({ size, steps });
  });
  return all;
}

/**
 * Calls `use` with `rank` dimensions, the last of which is a row, and where each operand begins; several times where there
 * are more.
 */
export function eachPart(
  shape: Shape,
  strides: readonly (readonly number[])[],
  rank: number,
  use: (dimensions: readonly Dimension[], offsets: readonly number[]) => void,
): void {
  const none: Dimension = { size: 1, steps: strides.map(() => 0) };
  const walk = (rest: readonly Dimension[], offsets: readonly number[]): void => {
    if (rest.length <= rank) {
      const missing = Array<Dimension>(rank - rest.length).fill(none);
      use([...missing, ...rest], offsets);
      return;
    }
    const [{ size, steps }, ...others] = rest;
    for (let i = 0; i < size; i++)
      walk(
        others,
        offsets.map((offset, k) => offset + i * steps[k]),
      );
  };
  walk(
    collapse(shape, strides),
    strides.map(() => 0),
  );
}

/** An array, or a part of it: `offset` and `strides` are in elements. */
export interface Strided {
  readonly value: Value;
  readonly strides: readonly number[];
  readonly offset?: number;
}

/** A whole value. */
export const whole = (value: Value): Strided => ({ value, strides: stridesOf(value.shape) });

/** Copies x to y, which both have `shape` at their strides; or adds it. */
export function copyStrided(e: Emitter, y: Strided, x: Strided, shape: Shape, adds = false): void {
  if (shape.includes(0)) return;
  eachPart(shape, [x.strides, y.strides], 6, (all, [xAt, yAt]) => {
    const [d0, d1, d2, d3, d4, n] = all.map(({ size }) => size);
    const [x0, x1, x2, x3, x4, xStep] = all.map(({ steps }) => steps[0]);
    const [y0, y1, y2, y3, y4, yStep] = all.map(({ steps }) => steps[1]);
    emitOf(e, 'stridedCopy', {
      y: y.value.view(y.value.shape, (y.offset ?? 0) + yAt),
      x: x.value.view(x.value.shape, (x.offset ?? 0) + xAt),
      ...{ d0, d1, d2, d3, d4, n, x0, x1, x2, x3, x4, xStep, y0, y1, y2, y3, y4, yStep },
      adds: adds ? 1 : 0,
    });
  });
}

/** y = x, whose dimensions come in another order: dimension i of y is permutation[i] of x, which has `shape`. */
export function permute(
  e: Emitter,
  y: Value,
  x: Value,
  shape: Shape,
  permutation: readonly number[],
): void {
  const strides = stridesOf(shape);
  const result = permutation.map((axis) => shape[axis]);
  const from = { value: x, strides: permutation.map((axis) => strides[axis]) };
  copyStrided(e, { value: y, strides: stridesOf(result) }, from, result);
}

/** The permutation that undoes another. */
export const inverse = (permutation: readonly number[]): number[] =>
  permutation.map((_, i) => permutation.indexOf(i));

/** y = value, everywhere. */
export function fillWith(e: Emitter, y: Value, value: number): void {
  emitOf(e, 'fill', { y, count: y.size, value });
}
