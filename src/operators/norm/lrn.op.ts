// Local response normalisation across channels, with its gradient.

import { checkOptions } from '../../base/options.js';
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
    const value = argument('lrn', 'x', x);
    const own = fullLrn(checkOptions('lrn', options, lrnWords));
    checkChannels('lrn', x.shape);
    return recipe([x.shape], (e, vy) => lrnForward(e, vy, value, own));
  });
  return y;
}

/** The gradient of lrn. @param x the input */
export function lrnBackward(dy: Tensor, x: Tensor, options: LrnOptions = {}): Tensor {
  const where = 'lrnBackward';
  const [dx] = callOp(where, [dy, x, options], () => {
    const [vdy, vx] = [argument(where, 'dy', dy), argument(where, 'x', x)];
    const own = fullLrn(checkOptions(where, options, lrnWords));
    checkChannels(where, x.shape);
    expectShape(where, 'dy', dy, x.shape);
    return recipe([x.shape], (e, vdx) => emitBackward(e, vdx, vdy, vx, own));
  });
  return dx;
}
