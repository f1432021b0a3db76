// Blur pooling of NHWC images, with its gradient.

import { checkOptions } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as blur from './blur.emit.js';

function geometry(where: string, inputShape: Shape, options: blur.BlurPoolOptions) {
  return blur.blurPoolGeometry(where, inputShape, checkOptions(where, options, blur.blurPoolWords));
}

/**
 * Anti-aliased subsampling (Zhang, arXiv 1904.11486): the image, reflected at its border, blurred by a
 * binomial filter, then one pixel out of each stride.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, ⌈height / stride⌉, ⌈width / stride⌉, channels]
 */
export function blurPool2d(x: Tensor, options: blur.BlurPoolOptions = {}): Tensor {
  const [y] = callOp('blurPool2d', [x, options], () => {
    const value = argument('blurPool2d', 'x', x);
    const g = geometry('blurPool2d', x.shape, options);
    return recipe([blur.blurPoolOutputShape(g)], (e, vy) => blur.blurPoolForward(e, vy, value, g));
  });
  return y;
}

/** The gradient of blurPool2d. @param inputShape that of x */
export function blurPool2dBackward(
  dy: Tensor,
  inputShape: Shape,
  options: blur.BlurPoolOptions = {},
): Tensor {
  const where = 'blurPool2dBackward';
  const [dx] = callOp(where, [dy, inputShape, options], () => {
    const value = argument(where, 'dy', dy);
    const g = geometry(where, inputShape, options);
    expectShape(where, 'dy', dy, blur.blurPoolOutputShape(g));
    return recipe([inputShape], (e, vdx) => blur.blurPoolBackward(e, vdx, value, g));
  });
  return dx;
}
