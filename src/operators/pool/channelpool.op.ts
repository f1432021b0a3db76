// Pooling across channels, with its gradient.

import { checkOptions } from '../../base/options.js';
import { none } from '../../program/emitter.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as pool from './channelpool.emit.js';

function checked(where: string, options: pool.ChannelPoolOptions) {
  const { poolSize, mode = 'max' } = checkOptions(where, options, pool.channelPoolWords);
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
    const value = argument('channelPool', 'x', x);
    const own = checked('channelPool', options);
    const shape = pool.channelPoolShape('channelPool', x.shape, own.poolSize);
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
  const where = 'channelPoolBackward';
  const [dx] = callOp(where, [dy, x, options], () => {
    const [vdy, vx] = [argument(where, 'dy', dy), argument(where, 'x', x)];
    const own = checked(where, options);
    expectShape(where, 'dy', dy, pool.channelPoolShape(where, x.shape, own.poolSize));
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
