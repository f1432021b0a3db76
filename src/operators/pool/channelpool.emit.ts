// Pooling across channels as ops, forward and backward.

import { ShapeError } from '../../base/errors.js';
import { oneOf, required, whole } from '../../base/options.js';
import { checkChannels, type Shape, show } from '../../base/shape.js';
import type { Emitter, Operand, Value } from '../../program/emitter.js';
import { choiceType } from './pool.emit.js';

/** Options of pooling across channels. */
export interface ChannelPoolOptions {
  /** Channels of a group: neighbours. For maxout, the channels of one unit. */
  poolSize: number;
  /** 'max' by default. */
  mode?: 'max' | 'average';
}

/** The words of `ChannelPoolOptions`. */
export const channelPoolWords = {
  ...required({ poolSize: whole(1) }),
  mode: oneOf('max', 'average'),
};

/** [..., channels / poolSize]. @throws {ShapeError} unless the channels are whole groups */
export function channelPoolShape(inputShape: Shape, poolSize: number): Shape {
  const channels = checkChannels(inputShape);
  if (channels % poolSize === 0) return [...inputShape.slice(0, -1), channels / poolSize];
  throw new ShapeError(
    `${channels} channels, of ${show(inputShape)}, are no whole number of groups of ${poolSize}`,
  );
}

/** A value for which channel of its group each maximum is. */
export function channelArgmax(e: Emitter, y: Value, poolSize: number): Value {
  return e.value(y.shape, choiceType(poolSize));
}

/** y = the maximum or mean of each group; `argmax`, where given, keeps which. */
export function channelPoolForward(
  e: Emitter,
  y: Value,
  argmax: Operand,
  x: Value,
  { poolSize, mode }: Required<ChannelPoolOptions>,
): void {
  const average = mode === 'average' ? 1 : 0;
  e.emit('channelPool', { y, argmax, x, count: y.size, size: poolSize, average });
}

/** dx: each dy goes to its group's maximum; without an argmax it is shared out evenly over the group. */
export function channelPoolBackward(
  e: Emitter,
  dx: Value,
  dy: Value,
  argmax: Operand,
  poolSize: number,
): void {
  e.emit('channelPoolBackward', { dx, dy, argmax, count: dy.size, size: poolSize });
}
