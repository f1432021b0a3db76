// Rows by their numbers, running sums, and images in another size, as ops.

import type { Shape } from '../../base/shape.js';
import { sizeOf } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { emitOf } from './strides.emit.js';

/** What `gatherRows` takes rows from: x[batch, outer, n, slice], by indices[batch, count]. */
export interface GatherSizes {
  readonly batch: number;
  readonly outer: number;
  readonly n: number;
  readonly count: number;
  readonly slice: number;
}

/** y[batch, outer, count, slice] = the rows of x with these indices, which must be whole numbers, 0 to n − 1. */
export function gatherRows(
  e: Emitter,
  y: Value,
  x: Value,
  indices: Value,
  sizes: GatherSizes,
): void {
  emitOf(e, 'gather', { y, x, indices, ...sizes });
}

/** y[segments, …] = for each segment the sum of the rows of x that have its number. */
export function sumSegments(e: Emitter, y: Value, x: Value, indices: Value): void {
  const [segments] = y.shape;
  const inner = y.size / segments;
  emitOf(e, 'segmentSum', { y, x, indices, segments, count: x.size / inner, inner });
}

/** y = the sum of x along an axis up to each element; without itself where it `excludes`; from the last in `reverse`. */
export function cumulate(
  e: Emitter,
  y: Value,
  x: Value,
  axis: number,
  { excludes, reverse }: { readonly excludes: boolean; readonly reverse: boolean },
): void {
  const { shape } = x;
  emitOf(e, 'cumulate', {
    ...{ y, x, outer: sizeOf(shape.slice(0, axis)), n: shape[axis] },
    inner: sizeOf(shape.slice(axis + 1)),
    ...{ excludes: excludes ? 1 : 0, reverse: reverse ? 1 : 0 },
  });
}

/** How an image is resized. */
export interface ResizeMode {
  readonly nearest: boolean;
  readonly alignCorners: boolean;
  readonly halfPixel: boolean;
}

const resizeFields = (
  [batch, height, width, channels]: Shape,
  [, outputHeight, outputWidth]: Shape,
  { nearest, alignCorners, halfPixel }: ResizeMode,
) => ({
  ...{ batch, height, width, channels, outputHeight, outputWidth, nearest: nearest ? 1 : 0 },
  ...{ alignCorners: alignCorners ? 1 : 0, halfPixel: halfPixel ? 1 : 0 },
});

/** y[batch, height, width, channels] = x in the size of y. */
export function resizeImage(e: Emitter, y: Value, x: Value, mode: ResizeMode): void {
  emitOf(e, 'resize', { y, x, ...resizeFields(x.shape, y.shape, mode) });
}

/** Its gradient. */
export function resizeImageBackward(e: Emitter, dx: Value, dy: Value, mode: ResizeMode): void {
  emitOf(e, 'resizeBackward', { dx, dy, ...resizeFields(dx.shape, dy.shape, mode) });
}

/** y = softmax of x over its last dimension. y may be x. */
export function softmaxRows(e: Emitter, y: Value, x: Value): void {
  const n = x.shape.at(-1) as number;
  emitOf(e, 'rowSoftmax', { y, x, rows: x.size / n, n });
}

/** y = for each row along the axis the index of its largest number, as a float; of the least, where it is `least`. */
export function argumentOf(e: Emitter, y: Value, x: Value, axis: number, least: boolean): void {
  const { shape } = x;
  emitOf(e, 'argument', {
    ...{ y, x, outer: sizeOf(shape.slice(0, axis)), n: shape[axis] },
    ...{ inner: sizeOf(shape.slice(axis + 1)), sign: least ? 0x80000000 : 0, last: 0, skipsNaN: 1 },
  });
}
