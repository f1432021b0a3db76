// Upsampling of NHWC images, with its gradient.

import { checkOptions } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as up from './upsample.emit.js';

function geometry(where: string, inputShape: Shape, options: up.UpsamplingOptions) {
  return up.upsamplingGeometry(where, inputShape, checkOptions(where, options, up.upsamplingWords));
}

/**
 * More pixels: each repeated, or straight lines between them.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, size·height, size·width, channels]
 */
export function upsampling2d(x: Tensor, options: up.UpsamplingOptions = {}): Tensor {
  const [y] = callOp('upsampling2d', [x, options], () => {
    const value = argument('upsampling2d', 'x', x);
    const g = geometry('upsampling2d', x.shape, options);
    return recipe([up.upsamplingOutputShape(g)], (e, vy) => up.upsamplingForward(e, vy, value, g));
  });
  return y;
}

/** The gradient of upsampling2d. @param inputShape that of x */
export function upsampling2dBackward(
  dy: Tensor,
  inputShape: Shape,
  options: up.UpsamplingOptions = {},
): Tensor {
  const where = 'upsampling2dBackward';
  const [dx] = callOp(where, [dy, inputShape, options], () => {
    const value = argument(where, 'dy', dy);
    const g = geometry(where, inputShape, options);
    expectShape(where, 'dy', dy, up.upsamplingOutputShape(g));
    return recipe([inputShape], (e, vdx) => up.upsamplingBackward(e, vdx, value, g));
  });
  return dx;
}
