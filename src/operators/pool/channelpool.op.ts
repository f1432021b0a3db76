// Pooling across channels, with its gradient.

import { optionsOf } from '../../base/options.js';
import { none } from '../../program/emitter.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as pool from './channelpool.emit.js';

function checked(options: pool.ChannelPoolOptions) {
  const { poolSize, mode = 'max' } = optionsOf(options, pool.channelPoolWords);
  return { poolSize, mode } as const;
}

/**
 * Maximum or mean of groups of neighbouring channels.
 *
 * @param x [..., channels]
 * @returns [..., channels / poolSize]
 */
export function channelPool(x: Tensor, options: pool.ChannelPoolOptions): Tensor {
  const [y] = callOp('channelPool', [x, options], () => {
    const value = argument('x', x);
    const own = checked(options);
    const shape = pool.channelPoolShape(x.shape, own.poolSize);
    return recipe([shape], (e, vy) => pool.channelPoolForward(e, vy, none, value, own));
  });
  return y;
}

/** The gradient of channelPool: of equal maxima, the first has it. @param x the input */
export function channelPoolBackward(
  dy: Tensor,
  x: Tensor,
  options: pool.ChannelPoolOptions,
): Tensor {
  const [dx] = callOp('channelPoolBackward', [dy, x, options], () => {
    const [vdy, vx] = [argument('dy', dy), argument('x', x)];
    const own = checked(options);
    expectShape('dy', dy, pool.channelPoolShape(x.shape, own.poolSize));
    return recipe([x.shape], (e, vdx) => {
      if (own.mode === 'average') {
        pool.channelPoolBackward(e, vdx, vdy, none, own.poolSize);
        return;
      }
      const y = e.value(dy.shape);
      const argmax = pool.channelArgmax(e, y, own.poolSize);
      pool.channelPoolForward(e, y, argmax, vx, own);
      pool.channelPoolBackward(e, vdx, vdy, argmax, own.poolSize);
    });
  });
  return dx;
}
