// The same numbers elsewhere: axes in another order, parts, repetitions; with their gradients.

import { optionsOf } from '../../base/options.js';
import { checkShape, type Shape } from '../../base/shape.js';
import { expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { array, callArrays } from './call.js';
import { broadcastShape, expandTo, sumTo } from './combine.emit.js';
import {
  type Expansion,
  sliceBackward as emitSliceBackward,
  expansionWords,
  orderOf,
  rangesOf,
  rangesShape,
  type Slicing,
  sliceForward,
  slicingWords,
  type Transposition,
  transpositionWords,
} from './rearrange.emit.js';
import { inverse, permute } from './strides.emit.js';

export type { Expansion, Slicing, Transposition } from './rearrange.emit.js';

/** x, or dy, with its axes in the order that `order` makes of the one in the options. */
function reordered(
  name: string,
  [what, from]: readonly [string, Tensor],
  options: Transposition,
  order: (axes: readonly number[]) => readonly number[],
): Tensor {
  const [to] = callArrays(name, [from, options], () => {
    const value = array(what, from);
    const own = order(orderOf(from.shape, optionsOf(options, transpositionWords)));
    const shape = own.map((axis) => from.shape[axis]);
    return recipe([shape], (e, result) => permute(e, result, value, from.shape, own));
  });
  return to;
}

/** The axes of x in another order: axis i of the result is axis axes[i] of x. `await ops.useArrays()` first. */
export const transpose = (x: Tensor, options: Transposition): Tensor =>
  reordered('transpose', ['x', x], options, (axes) => axes);

/** The gradient of transpose with the same options: dy with the axes where they were. */
export const transposeBackward = (dy: Tensor, options: Transposition): Tensor =>
  reordered('transposeBackward', ['dy', dy], options, inverse);

/**
 * A part of x, as NumPy slices; the first axis is that of the whole shape, the batch's. `await ops.useArrays()` first.
 *
 * @throws {ShapeError} where nothing is left
 */
export function slice(x: Tensor, options: Slicing): Tensor {
  const [y] = callArrays('slice', [x, options], () => {
    const value = array('x', x);
    const ranges = rangesOf(x.shape, optionsOf(options, slicingWords));
    return recipe([rangesShape(ranges)], (e, vy) => sliceForward(e, vy, value, ranges));
  });
  return y;
}

/** The gradient of slice with the same options: 0 where nothing was taken. @param inputShape that of x */
export function sliceBackward(dy: Tensor, inputShape: Shape, options: Slicing): Tensor {
  const [dx] = callArrays('sliceBackward', [dy, inputShape, options], () => {
    const value = array('dy', dy);
    const ranges = rangesOf(checkShape(inputShape, 1), optionsOf(options, slicingWords));
    expectShape('dy', dy, rangesShape(ranges));
    return recipe([inputShape], (e, vdx) => emitSliceBackward(e, vdx, value, ranges));
  });
  return dx;
}

const expandedShape = (shape: Shape, options: Expansion): Shape =>
  broadcastShape(shape, checkShape(optionsOf(options, expansionWords).shape, 1));

/** x repeated along axes of 1, and along new ones in front, as NumPy broadcasts it. `await ops.useArrays()` first. */
export function expand(x: Tensor, options: Expansion): Tensor {
  const [y] = callArrays('expand', [x, options], () => {
    const value = array('x', x);
    return recipe([expandedShape(x.shape, options)], (e, vy) => expandTo(e, vy, value));
  });
  return y;
}

/** The gradient of expand with the same options: sums over what was repeated. @param inputShape that of x */
export function expandBackward(dy: Tensor, inputShape: Shape, options: Expansion): Tensor {
  const [dx] = callArrays('expandBackward', [dy, inputShape, options], () => {
    const value = array('dy', dy);
    expectShape('dy', dy, expandedShape(checkShape(inputShape, 1), options));
    return recipe([inputShape], (e, vdx) => sumTo(e, vdx, value));
  });
  return dx;
}
