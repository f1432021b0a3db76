// Pooling over NHWC images, each with its gradient.

import { argument, compute, expectShape } from '../eager.js';
import { none } from '../emit/emitter.js';
import * as pool from '../emit/pool.js';
import { checkOptions } from '../options.js';
import { checkRank, type Shape } from '../shape.js';
import type { Tensor } from '../tensor.js';

function geometry(where: string, inputShape: Shape, options: pool.PoolOptions): pool.PoolGeometry {
  return pool.poolGeometry(where, inputShape, checkOptions(where, options, pool.poolWords));
}

/** Maximum of each window. @param x [batch, height, width, channels] */
export function maxPool2d(x: Tensor, options: pool.PoolOptions = {}): Tensor {
  const value = argument('maxPool2d', 'x', x);
  const g = geometry('maxPool2d', x.shape, options);
  const [y] = compute([pool.poolOutputShape(g)], (e, vy) =>
    pool.maxPoolForward(e, vy, none, value, g),
  );
  return y;
}

/** The gradient of maxPool2d: each dy goes to the first maximum of its window. @param x the input */
export function maxPool2dBackward(dy: Tensor, x: Tensor, options: pool.PoolOptions = {}): Tensor {
  const where = 'maxPool2dBackward';
  const [vdy, vx] = [argument(where, 'dy', dy), argument(where, 'x', x)];
  const g = geometry(where, x.shape, options);
  expectShape(where, 'dy', dy, pool.poolOutputShape(g));
  const [dx] = compute([x.shape], (e, vdx) => {
    const argmax = pool.argmaxValue(where, e, g);
    pool.maxPoolForward(e, e.value(pool.poolOutputShape(g)), argmax, vx, g);
    pool.maxPoolBackward(e, vdx, vdy, argmax, g);
  });
  return dx;
}

/** Mean of each window; padding does not count. @param x [batch, height, width, channels] */
export function avgPool2d(x: Tensor, options: pool.PoolOptions = {}): Tensor {
  const value = argument('avgPool2d', 'x', x);
  const g = geometry('avgPool2d', x.shape, options);
  const [y] = compute([pool.poolOutputShape(g)], (e, vy) =>
    pool.averagePoolForward(e, vy, value, g),
  );
  return y;
}

/** The gradient of avgPool2d. @param inputShape that of x */
export function avgPool2dBackward(
  dy: Tensor,
  inputShape: Shape,
  options: pool.PoolOptions = {},
): Tensor {
  const value = argument('avgPool2dBackward', 'dy', dy);
  const g = geometry('avgPool2dBackward', inputShape, options);
  expectShape('avgPool2dBackward', 'dy', dy, pool.poolOutputShape(g));
  const [dx] = compute([inputShape], (e, vdx) => pool.averagePoolBackward(e, vdx, value, g));
  return dx;
}

/** Mean of each channel over the whole image: [batch, channels]. @param x [batch, height, width, channels] */
export function globalAvgPool2d(x: Tensor): Tensor {
  argument('globalAvgPool2d', 'x', x);
  checkRank('globalAvgPool2d', x.shape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = x.shape;
  const pooled = avgPool2d(x, { poolSize: [height, width] });
  const y = pooled.reshape([batch, channels]);
  pooled.dispose();
  return y;
}

/** The gradient of globalAvgPool2d. @param dy [batch, channels] */
export function globalAvgPool2dBackward(dy: Tensor, inputShape: Shape): Tensor {
  checkRank('globalAvgPool2dBackward', inputShape, ['batch', 'height', 'width', 'channels']);
  const [batch, height, width, channels] = inputShape;
  argument('globalAvgPool2dBackward', 'dy', dy);
  expectShape('globalAvgPool2dBackward', 'dy', dy, [batch, channels]);
  const spread = dy.reshape([batch, 1, 1, channels]);
  const dx = avgPool2dBackward(spread, inputShape, { poolSize: [height, width] });
  spread.dispose();
  return dx;
}

/** p-norm pooling: (Σ|x|ᵖ / window)^(1/p). @param p 2 by default */
export function lpPool2d(
  x: Tensor,
  { p = 2, ...options }: pool.PoolOptions & { p?: number } = {},
): Tensor {
  const value = argument('lpPool2d', 'x', x);
  pool.checkNorm('lpPool2d', p);
  const g = geometry('lpPool2d', x.shape, options);
  const [y] = compute([pool.poolOutputShape(g)], (e, vy) => pool.lpPoolForward(e, vy, value, p, g));
  return y;
}

/** The gradient of lpPool2d. @param x the input */
export function lpPool2dBackward(
  dy: Tensor,
  x: Tensor,
  { p = 2, ...options }: pool.PoolOptions & { p?: number } = {},
): Tensor {
  const where = 'lpPool2dBackward';
  const [vdy, vx] = [argument(where, 'dy', dy), argument(where, 'x', x)];
  pool.checkNorm(where, p);
  const g = geometry(where, x.shape, options);
  expectShape(where, 'dy', dy, pool.poolOutputShape(g));
  const [dx] = compute([x.shape], (e, vdx) => {
    const y = e.value(pool.poolOutputShape(g));
    pool.lpPoolForward(e, y, vx, p, g);
    pool.lpPoolBackward(e, vdx, vdy, vx, y, p, g);
  });
  return dx;
}
