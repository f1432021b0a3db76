// Dropout (Srivastava et al., JMLR 2014), scaled while training so that inference does nothing.

import type { Value } from '../emit/emitter.js';
import { ValueError } from '../errors.js';
import type { Shape } from '../shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from './layer.js';

/** Options of `layers.dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** The share of inputs set to zero, 0 to less than 1. */
  rate: number;
}

class Dropout extends Layer<null> {
  declare readonly options: DropoutOptions;

  constructor(options: DropoutOptions) {
    super('dropout', options, ['rate']);
    if (!(options.rate >= 0 && options.rate < 1)) {
      throw new ValueError(
        `layers.dropout: rate must be from 0 to less than 1, not ${options.rate}`,
      );
    }
  }

  shapeFor(inputShape: Shape): Shape {
    return inputShape;
  }

  emitForward(to: Lowering, x: Value): Forward<null> {
    if (!to.training || this.options.rate === 0) return { y: x, saved: null };
    const y = to.emitter.value(x.shape);
    this.#drop(to, y, x);
    return { y, saved: null };
  }

  emitBackward(to: Lowering, dy: Value): Value {
    // The mask depends on place and step alone: the same op drops the same gradients.
    if (this.options.rate === 0) return dy;
    const dx = to.into(dy);
    this.#drop(to, dx, dy);
    return dx;
  }

  #drop(to: Lowering, y: Value, x: Value): void {
    const keep = 1 - this.options.rate;
    to.emitter.emit('dropout', {
      y,
      x,
      state: to.randomState,
      count: x.size,
      stream: to.stream,
      keep: Math.min(2 ** 32 - 1, Math.round(keep * 2 ** 32)),
      scale: 1 / keep,
    });
  }
}

/** Sets a random share of its inputs to zero while training. */
export const dropout = (options: DropoutOptions): Layer => new Dropout(options);
