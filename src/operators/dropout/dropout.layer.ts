// Dropout (Srivastava et al., JMLR 2014), of numbers or of whole channels, scaled while training so that
// inference does nothing.

import { required, share } from '../../base/options.js';
import { checkRank, type Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';

/** Options of `layers.dropout` and `layers.spatialDropout2d`. */
export interface DropoutOptions extends LayerOptions {
  /** The share of inputs, or of channels, set to zero: 0 to less than 1. */
  rate: number;
}

class Dropout extends Layer<null> {
  declare readonly options: DropoutOptions;

  constructor(type: string, options: DropoutOptions) {
    super(type, options, required({ rate: share }));
  }

  shapeFor(inputShape: Shape): Shape {
    return inputShape;
  }

  emitForward(to: Lowering, x: Value): Forward<null> {
    if (!to.training || this.options.rate === 0) return { y: x, saved: null };
    const y = to.emitter.value(x.shape);
    this.drop(to, y, x);
    return { y, saved: null };
  }

  emitBackward(to: Lowering, dy: Value): Value {
    // The mask depends on place and step alone: the same op drops the same gradients.
    if (!to.training || this.options.rate === 0) return dy;
    const dx = to.into(dy);
    this.drop(to, dx, dy);
    return dx;
  }

  protected drop(to: Lowering, y: Value, x: Value): void {
    to.emitter.emit('dropout', { y, x, count: x.size, ...this.draws(to) });
  }

  /** The kernel's fields for drawing: the random state, the probability to keep a number, and its scale then. */
  protected draws(to: Lowering) {
    const keep = 1 - this.options.rate;
    return {
      state: to.randomState,
      stream: to.stream,
      keep: Math.min(2 ** 32 - 1, Math.round(keep * 2 ** 32)),
      scale: 1 / keep,
    };
  }
}

class SpatialDropout2d extends Dropout {
  override shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, ['height', 'width', 'channels']);
    return inputShape;
  }

  protected override drop(to: Lowering, y: Value, x: Value): void {
    const [batch, height, width, channels] = x.shape;
    const size = { batch, pixels: height * width, channels };
    to.emitter.emit('spatialDropout', { y, x, ...size, ...this.draws(to) });
  }
}

/** Sets a random share of its inputs to zero while training. */
export const dropout = (options: DropoutOptions): Layer => new Dropout('dropout', options);

/**
 * Sets a random share of the channels of each image [height, width, channels] to zero while training:
 * neighbouring pixels are so alike that dropping single ones would change little (Tompson et al.,
 * arXiv 1411.4280).
 */
export const spatialDropout2d = (options: DropoutOptions): Layer =>
  new SpatialDropout2d('spatialDropout2d', options);
