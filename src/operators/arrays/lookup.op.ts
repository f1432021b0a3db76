// Rows by their numbers, and running sums, with their gradients.

import { ShapeError, ValueError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { flag, optionsOf, required } from '../../base/options.js';
import { checkShape, type Shape, show } from '../../base/shape.js';
import { shown } from '../../base/shown.js';
import { asValue } from '../../program/emitter.js';
import { expectShape, recipe } from '../../tensor/eager.js';
import { Tensor } from '../../tensor/tensor.js';
import { anyAxis, axesIn } from './axes.js';
import { array, callArrays } from './call.js';
import { gatherRowsBackward, gatherSizes } from './gather.emit.js';
import { cumulate, gatherRows } from './lookup.emit.js';

/** Where `gather` takes from. */
export interface Gathering {
  /** Along which axis: from 0 on, and from the last where it is negative. */
  axis: number;
}

const gatheringWords = required({ axis: anyAxis });

/** @throws {ValueError} unless there are indices, all whole numbers from 0 to n − 1 */
function checkIndices(indices: Tensor, n: number): void {
  if (!(indices instanceof Tensor))
    throw new ValueError(`indices must be a Tensor, not ${shown(indices)}`);
  if (indices.size === 0)
    throw new ShapeError(`indices has no numbers: its shape is ${show(indices.shape)}`);
  const at = indices.numbers.findIndex((i) => !Number.isInteger(i) || i < 0 || i >= n);
  if (at >= 0)
    throw new ValueError(
      `indices must be whole numbers from 0 to ${n - 1}, but number ${at} of them is ${indices.numbers[at]}`,
    );
}

/** Checks the numbers of indices, which no kept program does, and calls `use` with them as int32. */
function withIndices(
  name: string,
  indices: Tensor,
  shape: Shape,
  options: Gathering,
  use: (own: Tensor, axis: number) => Tensor,
): Tensor {
  const axis = naming(name, () => {
    const [own] = axesIn(checkShape(shape, 1), [optionsOf(options, gatheringWords).axis]);
    checkIndices(indices, shape[own]);
    return own;
  });
  if (indices.dtype === 'int32') return use(indices, axis);
  const whole = Tensor.from(Int32Array.from(indices.numbers), indices.shape);
  try {
    return use(whole, axis);
  } finally {
    whole.dispose();
  }
}

/** The shape of the rows that the indices take. */
const gatheredShape = (shape: Shape, axis: number, indices: Shape): Shape => [
  ...shape.slice(0, axis),
  ...indices,
  ...shape.slice(axis + 1),
];

/**
 * Those parts of x that have the indices' numbers along an axis, in their order: NumPy's `take`. The axis is one of the
 * whole shape, the batch's 0. `await ops.useArrays()` first.
 *
 * @param indices of any shape, int32 or whole floats, from 0 to the axis' size − 1
 * @returns x's shape, with that of the indices in place of the axis
 * @throws {ValueError} for an index that there is not
 */
export function gather(x: Tensor, indices: Tensor, options: Gathering): Tensor {
  const value = naming('gather', () => array('x', x));
  return withIndices('gather', indices, x.shape, options, (own, axis) => {
    const [y] = callArrays('gather', [x, own, options], () => {
      const sizes = gatherSizes(x.shape, axis, own.size);
      return recipe([gatheredShape(x.shape, axis, own.shape)], (e, vy) =>
        gatherRows(e, vy, value, asValue(own), sizes),
      );
    });
    return y;
  });
}

/**
 * The gradient of gather with the same indices and options: what was taken twice gets the sum of both.
 *
 * @param inputShape that of x
 */
export function gatherBackward(
  dy: Tensor,
  indices: Tensor,
  inputShape: Shape,
  options: Gathering,
): Tensor {
  const name = 'gatherBackward';
  const value = naming(name, () => array('dy', dy));
  return withIndices(name, indices, inputShape, options, (own, axis) => {
    const [dx] = callArrays(name, [dy, own, inputShape, options], () => {
      expectShape('dy', dy, gatheredShape(inputShape, axis, own.shape));
      const sizes = gatherSizes(inputShape, axis, own.size);
      return recipe([inputShape], (e, vdx) =>
        gatherRowsBackward(e, vdx, value, asValue(own), sizes),
      );
    });
    return dx;
  });
}

/** How `cumSum` adds up. */
export interface Accumulation {
  /** Along which axis: from 0 on, and from the last where it is negative. */
  axis: number;
  /** Whether each sum is that of the numbers before, without the one itself: false by default. */
  exclusive?: boolean;
  /** Whether it begins with the last: false by default. */
  reverse?: boolean;
}

const accumulationWords = { ...required({ axis: anyAxis }), exclusive: flag, reverse: flag };

/** Running sums; backward they go the other way. */
function runningSum(
  name: string,
  what: 'x' | 'dy',
  from: Tensor,
  options: Accumulation,
  isBackward: boolean,
): Tensor {
  const [sums] = callArrays(name, [from, options], () => {
    const value = array(what, from);
    const { axis, exclusive = false, reverse = false } = optionsOf(options, accumulationWords);
    const [own] = axesIn(from.shape, [axis]);
    const how = { excludes: exclusive, reverse: reverse !== isBackward };
    return recipe([from.shape], (e, y) => cumulate(e, y, value, own, how));
  });
  return sums;
}

/** The sum of the numbers along an axis up to each of them. The axis is one of the whole shape. `await ops.useArrays()` first. */
export const cumSum = (x: Tensor, options: Accumulation): Tensor =>
  runningSum('cumSum', 'x', x, options, false);

/** The gradient of cumSum with the same options: the running sum the other way. */
export const cumSumBackward = (dy: Tensor, options: Accumulation): Tensor =>
  runningSum('cumSumBackward', 'dy', dy, options, true);
