// Reductions over any axes, with their gradients.

import { optionsOf } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { argument, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { axesIn, withoutAxes } from './axes.js';
import { array, callArrays } from './call.js';
import {
  reduceBackward as emitBackward,
  type ReduceFn,
  type Reduction,
  reduceForward,
  reductionWords,
} from './reduction.emit.js';

export type { ReduceFn, Reduction } from './reduction.emit.js';

/** Those whose gradient is computed of the result, too. */
const ofResult: readonly ReduceFn[] = ['max', 'min', 'l2', 'logSumExp'];

/** The result's shape, and the same with the axes as 1. */
function shapes(x: Shape, options: Reduction) {
  const { fn, axes, keepDims } = optionsOf(options, reductionWords);
  const own = axesIn(x, axes ?? [...x.keys()]);
  return { fn, kept: withoutAxes(x, own, true), result: withoutAxes(x, own, keepDims) };
}

/**
 * The numbers along some axes as one: their sum, mean, largest or least, product, Σ|x|, √Σx², Σx² or ln Σeˣ. Axes are
 * those of the whole shape, the batch's too. `await ops.useArrays()` first.
 */
export function reduce(x: Tensor, options: Reduction): Tensor {
  const [y] = callArrays('reduce', [x, options], () => {
    const value = array('x', x);
    const { fn, kept, result } = shapes(x.shape, options);
    return recipe([result], (e, vy) => reduceForward(e, fn, vy.view(kept), value));
  });
  return y;
}

/** The gradient of reduce with the same options, for the x that it was given. Equal extremes share it evenly. */
export function reduceBackward(dy: Tensor, x: Tensor, options: Reduction): Tensor {
  const [dx] = callArrays('reduceBackward', [dy, x, options], () => {
    const [vdy, vx] = [argument('dy', dy), array('x', x)];
    const { fn, kept, result } = shapes(x.shape, options);
    expectShape('dy', dy, result);
    return recipe([x.shape], (e, vdx) => {
      const y = e.value(kept);
      if (ofResult.includes(fn)) reduceForward(e, fn, y, vx);
      emitBackward(e, fn, vdx, vdy.view(kept), { x: vx, y });
    });
  });
  return dx;
}
