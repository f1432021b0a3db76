// Upsampling of NHWC images, with its gradient.

import { optionsOf } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as up from './upsample.emit.js';

function geometry(inputShape: Shape, options: up.UpsamplingOptions) {
  return up.upsamplingGeometry(inputShape, optionsOf(options, up.upsamplingWords));
}

/**
 * More pixels: each repeated, or straight lines between them.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, size·height, size·width, channels]
 */
export function upsampling2d(x: Tensor, options: up.UpsamplingOptions = {}): Tensor {
  const [y] = callOp('upsampling2d', [x, options], () => {
    const value = argument('x', x);
    const g = geometry(x.shape, options);
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
  const [dx] = callOp('upsampling2dBackward', [dy, inputShape, options], () => {
    const value = argument('dy', dy);
    const g = geometry(inputShape, options);
    expectShape('dy', dy, up.upsamplingOutputShape(g));
    return recipe([inputShape], (e, vdx) => up.upsamplingBackward(e, vdx, value, g));
  });
  return dx;
}
