// Sums, means, extremes and norms over axes as ops, and their gradients.

import { flag, oneOf, required, type Words } from '../../base/options.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { anyAxes } from './axes.js';
import { combineArrays, expandTo } from './combine.emit.js';
import { mapForward } from './map.emit.js';
import { reduceAxes } from './reduce.emit.js';
import { fillWith } from './strides.emit.js';

const kernels = {
  sum: 'Sum',
  mean: 'Sum',
  max: 'Maximum',
  min: 'Minimum',
  prod: 'Product',
  l1: 'Absolute',
  l2: 'Square',
  sumSquare: 'Square',
} as const satisfies { readonly [F in Exclude<ReduceFn, 'logSumExp'>]: string };

/** What a reduction makes of the numbers along its axes: l1 is Σ|x|, l2 √Σx², logSumExp ln Σeˣ. */
export type ReduceFn =
  | 'sum'
  | 'mean'
  | 'max'
  | 'min'
  | 'prod'
  | 'l1'
  | 'l2'
  | 'sumSquare'
  | 'logSumExp';

/** What is made of which numbers. */
export interface Reduction {
  fn: ReduceFn;
  /** From 0 on, and from the last where they are negative. All by default. */
  axes?: readonly number[];
  /** Whether the axes stay, with a size of 1: false by default. */
  keepDims?: boolean;
}

/** The check of `Reduction`. */
export const reductionWords: Words = {
  ...required({ fn: oneOf(...Object.keys(kernels), 'logSumExp') }),
  ...{ axes: anyAxes, keepDims: flag },
};

/** x and y, which has the axes of x with a size of 1. */
interface Reduced {
  readonly x: Value;
  readonly y: Value;
}

/** Along which axes y is made of several numbers of x. */
const axesOf = ({ x, y }: Reduced): number[] =>
  x.shape.flatMap((side, i) => (side === y.shape[i] ? [] : [i]));

/** y = f of the numbers of x along the axes that have a size of 1 in y. */
export function reduceForward(e: Emitter, fn: ReduceFn, y: Value, x: Value): void {
  const axes = axesOf({ x, y });
  if (fn === 'logSumExp') {
    // Less the largest, so that nothing overflows.
    reduceAxes(e, 'Maximum', y, x, axes);
    const [shares, sum] = [e.value(x.shape), e.value(y.shape)];
    combineArrays(e, 'Subtract', shares, x, y);
    mapForward(e, shares, shares, { fn: 'Exp' });
    reduceAxes(e, 'Sum', sum, shares, axes);
    mapForward(e, sum, sum, { fn: 'Log' });
    combineArrays(e, 'Add', y, y, sum);
    return;
  }
  reduceAxes(e, kernels[fn], y, x, axes, fn === 'mean' ? y.size / x.size : 1);
  if (fn === 'l2') mapForward(e, y, y, { fn: 'Sqrt' });
}

/** dx, for a dy of the shape of y. The numbers of y are read for extremes, l2 and logSumExp alone. */
export function reduceBackward(
  e: Emitter,
  fn: ReduceFn,
  dx: Value,
  dy: Value,
  reduced: Reduced,
): void {
  const { x, y } = reduced;
  switch (fn) {
    case 'sum':
      expandTo(e, dx, dy);
      break;
    case 'mean':
      expandTo(e, dx, dy, y.size / x.size);
      break;
    case 'max':
    case 'min':
      shareOut(e, dx, dy, reduced);
      break;
    case 'prod':
      productOfOthers(e, dx, dy, reduced);
      break;
    case 'l1':
      combineArrays(e, 'Signed', dx, x, x, { c: dy });
      break;
    case 'l2':
      combineArrays(e, 'Ratio', dx, x, y, { c: dy });
      break;
    case 'sumSquare':
      combineArrays(e, 'Multiply', dx, x, dy, { scale: 2 });
      break;
    default:
      combineArrays(e, 'Share', dx, x, y, { c: dy });
  }
}

/**
 * The product less the own factor, which may be 0. Zeros count as 1 in the product, and then it is that of all others for
 * each number only where there is no zero, and for the zero where there is one: where there are as many as it is itself.
 */
function productOfOthers(e: Emitter, dx: Value, dy: Value, { x, y }: Reduced): void {
  const axes = axesOf({ x, y });
  const zero = e.value(x.shape.map(() => 1));
  const [isZero, factors, count, product] = [x, x, y, y].map(({ shape }) => e.value(shape));
  fillWith(e, zero, 0);
  combineArrays(e, 'Equal', isZero, x, zero);
  combineArrays(e, 'Add', factors, x, isZero);
  reduceAxes(e, 'Sum', count, isZero, axes);
  reduceAxes(e, 'Product', product, factors, axes);
  combineArrays(e, 'Where', isZero, isZero, count, { c: dy });
  combineArrays(e, 'Ratio', dx, product, factors, { c: isZero });
}

/** Equal extremes have even shares. */
function shareOut(e: Emitter, dx: Value, dy: Value, { x, y }: Reduced): void {
  combineArrays(e, 'Equal', dx, x, y);
  const share = e.value(y.shape);
  reduceAxes(e, 'Sum', share, dx, axesOf({ x, y }));
  combineArrays(e, 'Divide', share, dy, share);
  combineArrays(e, 'Where', dx, x, y, { c: share });
}
