// Pooling across channels as a layer.

import type { Shape } from '../../base/shape.js';
import {
  type Forward,
  type Fusion,
  Layer,
  type LayerOptions,
  type Lowering,
} from '../../network/layer.js';
import { none, type Operand, type Value } from '../../program/emitter.js';
import {
  type ChannelPoolOptions,
  channelArgmax,
  channelPoolBackward,
  channelPoolForward,
  channelPoolShape,
  channelPoolWords,
} from './channelpool.emit.js';

/** Options of `layers.channelPool`. */
export interface ChannelPoolLayerOptions extends LayerOptions, ChannelPoolOptions {}

interface Saved {
  x: Shape;
  argmax: Operand;
}

class ChannelPool extends Layer<Saved> {
  readonly #pool: Required<ChannelPoolOptions>;

  constructor(options: ChannelPoolLayerOptions) {
    super('channelPool', options, channelPoolWords);
    const { poolSize, mode = 'max' } = options;
    this.#pool = { poolSize, mode };
  }

  /** A maximum is one of the x: ReLU gives the same for both, and so does its gradient. */
  override get fusion(): Fusion {
    return { commutesWithRelu: this.#pool.mode === 'max' };
  }

  shapeFor(inputShape: Shape): Shape {
    return channelPoolShape(inputShape, this.#pool.poolSize);
  }

  emitForward({ emitter, hasBackward }: Lowering, x: Value): Forward<Saved> {
    const { poolSize, mode } = this.#pool;
    const y = emitter.value(channelPoolShape(x.shape, poolSize));
    const kept = hasBackward && mode === 'max';
    const argmax = kept ? channelArgmax(emitter, y, poolSize) : none;
    channelPoolForward(emitter, y, argmax, x, this.#pool);
    return { y, saved: { x: x.shape, argmax } };
  }

  emitBackward({ emitter }: Lowering, dy: Value, { x, argmax }: Saved, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = emitter.value(x);
    channelPoolBackward(emitter, dx, dy, argmax, this.#pool.poolSize);
    return dx;
  }
}

/**
 * Maximum or mean of groups of neighbouring channels: [..., channels / poolSize]. After a linear layer,
 * the maximum is maxout (arXiv 1302.4389).
 */
export const channelPool = (options: ChannelPoolLayerOptions): Layer => new ChannelPool(options);
