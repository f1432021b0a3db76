// Merges as ops: differences, means, extremes and dot products, forward and backward.

import type { Emitter, Value } from '../../program/emitter.js';
import { argmaxValue, type Choice, maxPoolBackward, maxPoolForward } from '../pool/pool.emit.js';
import { concatBackward, concatForward } from './concat.emit.js';
import { multiplyBackward, multiplyForward } from './multiply.emit.js';

/** y = alpha·a + beta·b, of one shape; without b alpha·a. y may be a or b. */
export function blendForward(
  e: Emitter,
  y: Value,
  [a, alpha]: readonly [Value, number],
  [b, beta]: readonly [Value, number] = [a, 0],
): void {
  e.emit('blend', { y, a, b, count: y.size, alpha, beta, gamma: 0 });
}

/** y = the mean of the xs, all of one shape. */
export function averageForward(e: Emitter, y: Value, [first, ...others]: readonly Value[]): void {
  const share = 1 / (1 + others.length);
  others.forEach((x, i) => {
    blendForward(e, y, i === 0 ? [first, share] : [y, 1], [x, share]);
  });
}

/**
 * Sizes of several values of one shape [batch, …, channels], stacked as the lines of an image: choosing among them is
 * then pooling over a window of one column.
 */
function stacked(shape: Value['shape'], count: number) {
  const [batch, channels] = [shape[0], shape.length > 1 ? (shape.at(-1) as number) : 1];
  const width = shape.slice(1, -1).reduce((product, side) => product * side, 1);
  return {
    ...{ batch, height: count, width, channels, outputHeight: 1, outputWidth: width },
    ...{ kernelHeight: count, kernelWidth: 1, strideHeight: count, strideWidth: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1, padTop: 0, padLeft: 0 },
  };
}

/** Values as rows, a sample each. */
const rows = (value: Value): Value =>
  value.view([value.shape[0], value.size / Math.max(1, value.shape[0])]);

/** y = the largest of the xs, or the least, element by element; returns which: for `extremeBackward`. */
export function extremeForward(e: Emitter, y: Value, xs: readonly Value[], choice: Choice): Value {
  const g = stacked(y.shape, xs.length);
  const stack = e.value([g.batch, g.height, g.width, g.channels]);
  concatForward(e, rows(stack), xs.map(rows));
  const which = argmaxValue(e, g);
  maxPoolForward(e, y, which, stack, g, choice);
  return which;
}

/** Each dy goes to the x that was taken: of equal ones to the first. */
export function extremeBackward(e: Emitter, dxs: readonly Value[], dy: Value, which: Value): void {
  const g = stacked(dy.shape, dxs.length);
  const stack = e.value([g.batch, g.height, g.width, g.channels]);
  maxPoolBackward(e, stack, dy, which, g);
  concatBackward(e, dxs.map(rows), rows(stack));
}

/** [batch, features] as images of one channel: numbers [batch, 1] are then their gates. */
const column = (x: Value): Value => x.view([x.shape[0], x.shape[1], 1]);

/** y[batch, 1] = Σ a·b over [batch, features]: the gradient that a gate has. */
export function dotForward(e: Emitter, y: Value, a: Value, b: Value): void {
  multiplyBackward(e, { db: y }, column(b), column(a), y);
}

/** da = dy·b; for db with a in the place of b. */
export function dotBackward(e: Emitter, da: Value, dy: Value, b: Value): void {
  multiplyForward(e, column(da), column(b), dy);
}
