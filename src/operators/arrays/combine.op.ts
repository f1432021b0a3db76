// Functions of two arrays with broadcasting, with their gradients.

import { oneOf, optionsOf, required } from '../../base/options.js';
import { argument, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { array, callArrays } from './call.js';
import {
  broadcastShape,
  type CombineFunction,
  combineForward,
  combineFunctions,
  combineBackward as emitBackward,
} from './combine.emit.js';

export type { CombineFunction } from './combine.emit.js';

/** What is computed of two arrays. */
export interface Combination {
  /** A function of two numbers. Those that compare give 1 or 0, and have no gradients. */
  fn: CombineFunction;
}

const words = required({ fn: oneOf(...combineFunctions) });

/**
 * f(a, b), number by number; the shapes are broadcast to one as NumPy does it: counted from the last, dimensions are
 * equal, or one of them is 1 or not there. `await ops.useArrays()` first.
 */
export function combine(a: Tensor, b: Tensor, options: Combination): Tensor {
  const [y] = callArrays('combine', [a, b, options], () => {
    const pair = { a: array('a', a), b: array('b', b) };
    const { fn } = optionsOf(options, words);
    return recipe([broadcastShape(a.shape, b.shape)], (e, vy) => combineForward(e, fn, vy, pair));
  });
  return y;
}

/**
 * The gradients of combine with the same options, each of the shape of its array: summed where that was repeated. Two
 * equal numbers have half of the gradient of their maximum or minimum each; functions that compare have a gradient of 0.
 */
export function combineBackward(
  dy: Tensor,
  a: Tensor,
  b: Tensor,
  options: Combination,
): { da: Tensor; db: Tensor } {
  const [da, db] = callArrays('combineBackward', [dy, a, b, options], () => {
    const vdy = argument('dy', dy);
    const pair = { a: array('a', a), b: array('b', b) };
    const { fn } = optionsOf(options, words);
    expectShape('dy', dy, broadcastShape(a.shape, b.shape));
    return recipe([a.shape, b.shape], (e, vda, vdb) => {
      emitBackward(e, fn, 'a', vda, vdy, pair);
      emitBackward(e, fn, 'b', vdb, vdy, pair);
    });
  });
  return { da, db };
}
