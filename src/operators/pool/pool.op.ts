// Pooling over NHWC images, each with its gradient.

import { objectOf, optionsOf } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { none } from '../../program/emitter.js';
import { argument, callOp, expectShape, recipe, withoutOptions } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as pool from './pool.emit.js';

/** Lays windows on an image, as the options say. */
type Place<O> = (inputShape: Shape, options: O) => pool.PoolGeometry;

const windows: Place<pool.PoolOptions> = (shape, options) =>
  pool.poolGeometry(shape, optionsOf(options, pool.poolWords));

const adaptive: Place<pool.AdaptivePoolOptions> = (shape, options) =>
  pool.adaptivePoolGeometry(shape, optionsOf(options, pool.adaptivePoolWords));

const whole: Place<undefined> = pool.globalGeometry;

function choose<O>(
  name: string,
  choice: pool.Choice,
  x: Tensor,
  place: Place<O>,
  options: O,
): Tensor {
  const [y] = callOp(name, [x, options], () => {
    const value = argument('x', x);
    const g = place(x.shape, options);
    return recipe([pool.poolOutputShape(g)], (e, vy) =>
      pool.maxPoolForward(e, vy, none, value, g, choice),
    );
  });
  return y;
}

function chooseBackward<O>(
  name: string,
  choice: pool.Choice,
  dy: Tensor,
  x: Tensor,
  place: Place<O>,
  options: O,
): Tensor {
  const [dx] = callOp(name, [dy, x, options], () => {
    const [vdy, vx] = [argument('dy', dy), argument('x', x)];
    const g = place(x.shape, options);
    expectShape('dy', dy, pool.poolOutputShape(g));
    return recipe([x.shape], (e, vdx) => {
      const argmax = pool.argmaxValue(e, g);
      pool.maxPoolForward(e, e.value(pool.poolOutputShape(g)), argmax, vx, g, choice);
      pool.maxPoolBackward(e, vdx, vdy, argmax, g);
    });
  });
  return dx;
}

function average<O>(name: string, x: Tensor, place: Place<O>, options: O): Tensor {
  const [y] = callOp(name, [x, options], () => {
    const value = argument('x', x);
    const g = place(x.shape, options);
    return recipe([pool.poolOutputShape(g)], (e, vy) => pool.averagePoolForward(e, vy, value, g));
  });
  return y;
}

function averageBackward<O>(
  name: string,
  dy: Tensor,
  inputShape: Shape,
  place: Place<O>,
  options: O,
): Tensor {
  const [dx] = callOp(name, [dy, inputShape, options], () => {
    const value = argument('dy', dy);
    const g = place(inputShape, options);
    expectShape('dy', dy, pool.poolOutputShape(g));
    return recipe([inputShape], (e, vdx) => pool.averagePoolBackward(e, vdx, value, g));
  });
  return dx;
}

/** Maximum of each window. @param x [batch, height, width, channels] */
export const maxPool2d = (x: Tensor, options: pool.PoolOptions = {}): Tensor =>
  choose('maxPool2d', 'max', x, windows, options);

/** The gradient of maxPool2d: each dy goes to the first maximum of its window. @param x the input */
export const maxPool2dBackward = (dy: Tensor, x: Tensor, options: pool.PoolOptions = {}): Tensor =>
  chooseBackward('maxPool2dBackward', 'max', dy, x, windows, options);

/** Minimum of each window. @param x [batch, height, width, channels] */
export const minPool2d = (x: Tensor, options: pool.PoolOptions = {}): Tensor =>
  choose('minPool2d', 'min', x, windows, options);

/** The gradient of minPool2d: each dy goes to the first minimum of its window. @param x the input */
export const minPool2dBackward = (dy: Tensor, x: Tensor, options: pool.PoolOptions = {}): Tensor =>
  chooseBackward('minPool2dBackward', 'min', dy, x, windows, options);

/** Mean of each window; padding does not count. @param x [batch, height, width, channels] */
export const avgPool2d = (x: Tensor, options: pool.PoolOptions = {}): Tensor =>
  average('avgPool2d', x, windows, options);

/** The gradient of avgPool2d. @param inputShape that of x */
export const avgPool2dBackward = (
  dy: Tensor,
  inputShape: Shape,
  options: pool.PoolOptions = {},
): Tensor => averageBackward('avgPool2dBackward', dy, inputShape, windows, options);

/** Maximum of each channel over the whole image: [batch, height, width, channels] → [batch, channels]. */
export const globalMaxPool2d = withoutOptions(
  'globalMaxPool2d',
  (x: Tensor): Tensor => choose('globalMaxPool2d', 'max', x, whole, undefined),
);

/** The gradient of globalMaxPool2d, for the x that it was given. dy is [batch, channels]. */
export const globalMaxPool2dBackward = withoutOptions(
  'globalMaxPool2dBackward',
  (dy: Tensor, x: Tensor): Tensor =>
    chooseBackward('globalMaxPool2dBackward', 'max', dy, x, whole, undefined),
);

/** Mean of each channel over the whole image: [batch, height, width, channels] → [batch, channels]. */
export const globalAvgPool2d = withoutOptions(
  'globalAvgPool2d',
  (x: Tensor): Tensor => average('globalAvgPool2d', x, whole, undefined),
);

/** The gradient of globalAvgPool2d. dy is [batch, channels]. */
export const globalAvgPool2dBackward = withoutOptions(
  'globalAvgPool2dBackward',
  (dy: Tensor, inputShape: Shape): Tensor =>
    averageBackward('globalAvgPool2dBackward', dy, inputShape, whole, undefined),
);

/**
 * Maximum of each of as many windows as asked for, which share the image among themselves: PyTorch's.
 *
 * @param x [batch, height, width, channels]
 */
export const adaptiveMaxPool2d = (x: Tensor, options: pool.AdaptivePoolOptions): Tensor =>
  choose('adaptiveMaxPool2d', 'max', x, adaptive, options);

/** The gradient of adaptiveMaxPool2d: each dy goes to the first maximum of its window. @param x the input */
export const adaptiveMaxPool2dBackward = (
  dy: Tensor,
  x: Tensor,
  options: pool.AdaptivePoolOptions,
): Tensor => chooseBackward('adaptiveMaxPool2dBackward', 'max', dy, x, adaptive, options);

/**
 * Mean of each of as many windows as asked for, which share the image among themselves: PyTorch's.
 *
 * @param x [batch, height, width, channels]
 */
export const adaptiveAvgPool2d = (x: Tensor, options: pool.AdaptivePoolOptions): Tensor =>
  average('adaptiveAvgPool2d', x, adaptive, options);

/** The gradient of adaptiveAvgPool2d. @param inputShape that of x */
export const adaptiveAvgPool2dBackward = (
  dy: Tensor,
  inputShape: Shape,
  options: pool.AdaptivePoolOptions,
): Tensor => averageBackward('adaptiveAvgPool2dBackward', dy, inputShape, adaptive, options);

/** p-norm pooling: (Σ|x|ᵖ / window)^(1/p), or ONNX's (Σ|x|ᵖ)^(1/p) with `mode: 'sum'`. */
export function lpPool2d(x: Tensor, options: pool.PoolOptions & pool.NormOptions = {}): Tensor {
  const [y] = callOp('lpPool2d', [x, options], () => {
    const value = argument('x', x);
    const { norm, g } = lpGeometry(x.shape, options);
    return recipe([pool.poolOutputShape(g)], (e, vy) => pool.lpPoolForward(e, vy, value, norm, g));
  });
  return y;
}

/** The gradient of lpPool2d. @param x the input */
export function lpPool2dBackward(
  dy: Tensor,
  x: Tensor,
  options: pool.PoolOptions & pool.NormOptions = {},
): Tensor {
  const [dx] = callOp('lpPool2dBackward', [dy, x, options], () => {
    const [vdy, vx] = [argument('dy', dy), argument('x', x)];
    const { norm, g } = lpGeometry(x.shape, options);
    expectShape('dy', dy, pool.poolOutputShape(g));
    return recipe([x.shape], (e, vdx) => {
      const y = e.value(pool.poolOutputShape(g));
      pool.lpPoolForward(e, y, vx, norm, g);
      pool.lpPoolBackward(e, vdx, vdy, vx, y, norm, g);
    });
  });
  return dx;
}

function lpGeometry(shape: Shape, options: pool.PoolOptions & pool.NormOptions) {
  const { p, mode, ...placing } = objectOf(options, 'poolSize');
  return { norm: pool.checkNorm({ p, mode }), g: windows(shape, placing) };
}
