// Padding of NHWC images, with its gradient.

import type { Shape } from '../../base/shape.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as pad from './pad.emit.js';

/**
 * Zeros around an image, or its reflection.
 *
 * @param x [batch, height, width, channels]
 * @returns [batch, top + height + bottom, left + width + right, channels]
 */
export function pad2d(x: Tensor, options: pad.PadOptions): Tensor {
  const [y] = callOp('pad2d', [x, options], () => {
    const value = argument('x', x);
    const g = pad.padGeometry(x.shape, options);
    return recipe([pad.padOutputShape(g)], (e, vy) => pad.padForward(e, vy, value, g));
  });
  return y;
}

/** The gradient of pad2d. @param inputShape that of x */
export function pad2dBackward(dy: Tensor, inputShape: Shape, options: pad.PadOptions): Tensor {
  const [dx] = callOp('pad2dBackward', [dy, inputShape, options], () => {
    const value = argument('dy', dy);
    const g = pad.padGeometry(inputShape, options);
    expectShape('dy', dy, pad.padOutputShape(g));
    return recipe([inputShape], (e, vdx) => pad.padBackward(e, vdx, value, g));
  });
  return dx;
}
