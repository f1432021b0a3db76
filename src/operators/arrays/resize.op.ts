// Other sizes of axes, and borders around them, with their gradients.

import { ValueError } from '../../base/errors.js';
import { optionsOf } from '../../base/options.js';
import { checkShape, type Shape, show } from '../../base/shape.js';
import { expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import { axesIn } from './axes.js';
import { type AxisMap, mapAxesBackwardTo, mapAxesTo, mappedShape } from './axis.emit.js';
import {
  type Borders,
  borderedShape,
  bordersWords,
  padBackward as emitPadBackward,
  padForward,
} from './borders.emit.js';
import { array, callArrays } from './call.js';
import { checkResizing, type Resizing, resizingMaps, resizingWords } from './resize.emit.js';

export type { Borders } from './borders.emit.js';
export type { Resizing } from './resize.emit.js';

/** The maps for checked options. Sizes and scales are those of the axes in ascending order. */
function maps(shape: Shape, options: Resizing): AxisMap[] {
  checkResizing(optionsOf(options, resizingWords));
  const { axes } = options;
  const own = axesIn(shape, axes);
  if (own.some((axis, i) => axis !== axes[i] && axis !== axes[i] + shape.length))
    throw new ValueError(
      `axes ${show(axes)} must be in ascending order, and what is said of each with them`,
    );
  return resizingMaps(shape, options);
}

/**
 * Other sizes of some axes of x, as ONNX's Resize (opset 19) has it: nearest, linear or cubic, one axis after another.
 * Axes are those of the whole shape: of images [batch, height, width, channels] 1 and 2. `await ops.useArrays()` first.
 */
export function resize(x: Tensor, options: Resizing): Tensor {
  const [y] = callArrays('resize', [x, options], () => {
    const value = array('x', x);
    const own = maps(x.shape, options);
    return recipe([own.reduce(mappedShape, x.shape)], (e, vy) => mapAxesTo(e, vy, value, own));
  });
  return y;
}

/** The gradient of resize with the same options. @param inputShape that of x */
export function resizeBackward(dy: Tensor, inputShape: Shape, options: Resizing): Tensor {
  const [dx] = callArrays('resizeBackward', [dy, inputShape, options], () => {
    const value = array('dy', dy);
    const own = maps(checkShape(inputShape, 1), options);
    expectShape('dy', dy, own.reduce(mappedShape, inputShape));
    return recipe([inputShape], (e, vdx) => mapAxesBackwardTo(e, vdx, value, own));
  });
  return dx;
}

/**
 * More numbers before and after each axis of x, or fewer; the first axis is that of the whole shape, the batch's. For
 * images there is `pad2d`, too, which needs no `await ops.useArrays()` first.
 */
export function pad(x: Tensor, options: Borders): Tensor {
  const [y] = callArrays('pad', [x, options], () => {
    const value = array('x', x);
    const shape = borderedShape(x.shape, optionsOf(options, bordersWords));
    return recipe([shape], (e, vy) => padForward(e, vy, value, options));
  });
  return y;
}

/** The gradient of pad with the same options. @param inputShape that of x */
export function padBackward(dy: Tensor, inputShape: Shape, options: Borders): Tensor {
  const [dx] = callArrays('padBackward', [dy, inputShape, options], () => {
    const value = array('dy', dy);
    const own = optionsOf(options, bordersWords);
    expectShape('dy', dy, borderedShape(checkShape(inputShape, 1), own));
    return recipe([inputShape], (e, vdx) => emitPadBackward(e, vdx, value, own));
  });
  return dx;
}
