// Blur pooling of NHWC images, with its gradient.

import { optionsOf } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as blur from './blur.emit.js';

function geometry(inputShape: Shape, options: blur.BlurPoolOptions) {
  return blur.blurPoolGeometry(inputShape, optionsOf(options, blur.blurPoolWords));
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
    const value = argument('x', x);
    const g = geometry(x.shape, options);
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
  const [dx] = callOp('blurPool2dBackward', [dy, inputShape, options], () => {
    const value = argument('dy', dy);
    const g = geometry(inputShape, options);
    expectShape('dy', dy, blur.blurPoolOutputShape(g));
    return recipe([inputShape], (e, vdx) => blur.blurPoolBackward(e, vdx, value, g));
  });
  return dx;
}
