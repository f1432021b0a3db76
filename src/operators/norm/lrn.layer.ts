// Local response normalisation as a layer.

import { checkChannels, type Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { fullLrn, type LrnOptions, lrnBackward, lrnForward, lrnWords } from './lrn.emit.js';

/** Options of `layers.lrn`. */
export interface LrnLayerOptions extends LayerOptions, LrnOptions {}

class Lrn extends Layer<Value> {
  readonly #norm: Required<LrnOptions>;

  constructor(options: LrnLayerOptions) {
    super('lrn', options, lrnWords);
    this.#norm = fullLrn(options);
  }

  shapeFor(inputShape: Shape): Shape {
    checkChannels(inputShape);
    return inputShape;
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Value> {
    const y = emitter.value(x.shape);
    lrnForward(emitter, y, x, this.#norm);
    return { y, saved: x };
  }

  emitBackward(to: Lowering, dy: Value, x: Value, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = to.into(dy);
    lrnBackward(to.emitter, dx, dy, x, this.#norm);
    return dx;
  }
}

/** Local response normalisation across channels, as in AlexNet: see `LrnOptions` for its numbers. */
export const lrn = (options: LrnLayerOptions = {}): Layer => new Lrn(options);
