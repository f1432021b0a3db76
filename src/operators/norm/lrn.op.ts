// Local response normalisation across channels, with its gradient.

import { optionsOf } from '../../base/options.js';
import { checkChannels } from '../../base/shape.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import {
  lrnBackward as emitBackward,
  fullLrn,
  type LrnOptions,
  lrnForward,
  lrnWords,
} from './lrn.emit.js';

/**
 * y = x / (bias + alpha/size · Σ x²)^beta, the sum over `size` channels around each.
 *
 * @param x [..., channels]
 */
export function lrn(x: Tensor, options: LrnOptions = {}): Tensor {
  const [y] = callOp('lrn', [x, options], () => {
    const value = argument('x', x);
    const own = fullLrn(optionsOf(options, lrnWords));
    checkChannels(x.shape);
    return recipe([x.shape], (e, vy) => lrnForward(e, vy, value, own));
  });
  return y;
}

/** The gradient of lrn. @param x the input */
export function lrnBackward(dy: Tensor, x: Tensor, options: LrnOptions = {}): Tensor {
  const [dx] = callOp('lrnBackward', [dy, x, options], () => {
    const [vdy, vx] = [argument('dy', dy), argument('x', x)];
    const own = fullLrn(optionsOf(options, lrnWords));
    checkChannels(x.shape);
    expectShape('dy', dy, x.shape);
    return recipe([x.shape], (e, vdx) => emitBackward(e, vdx, vdy, vx, own));
  });
  return dx;
}
