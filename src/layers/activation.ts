// Activations as layers of their own.

import { type ActivationName, checkActivation } from '../emit/activation.js';
import type { Value } from '../emit/emitter.js';
import { ShapeError } from '../errors.js';
import type { Shape } from '../shape.js';
import { type Forward, type Fusion, Layer, type LayerOptions, type Lowering } from './layer.js';

/** Options of `layers.activation`. */
export interface ActivationOptions extends LayerOptions {
  /** Which: 'relu', 'sigmoid', 'tanh', 'softmax' or 'linear'. */
  activation: ActivationName;
}

class Activation extends Layer<Value> {
  declare readonly options: ActivationOptions;
  readonly #activation: ActivationName;

  constructor(type: string, activation: ActivationName, options: LayerOptions) {
    super(type, options, type === 'activation' ? ['activation'] : []);
    this.#activation = checkActivation(`layers.${type}`, activation);
  }

  shapeFor(inputShape: Shape): Shape {
    if (inputShape.length === 0)
      throw new ShapeError(`${this.name}: expected at least one dimension`);
    return inputShape;
  }

  override get fusion(): Fusion {
    const isRelu = this.#activation === 'relu';
    return { isRelu, endsInRelu: isRelu };
  }

  emitForward(to: Lowering, x: Value): Forward<Value> {
    const y = to.activate(this.#activation, to.emitter.value(x.shape), x);
    return { y, saved: y };
  }

  emitBackward(to: Lowering, dy: Value, y: Value): Value {
    return to.activateBackward(this.#activation, dy, y);
  }
}

/** An activation by name. */
export const activation = (options: ActivationOptions): Layer =>
  new Activation('activation', options.activation, options);
/** max(x, 0). */
export const relu = (options: LayerOptions = {}): Layer => new Activation('relu', 'relu', options);
/** eˣ / Σ eˣ over the last dimension. */
export const softmax = (options: LayerOptions = {}): Layer =>
  new Activation('softmax', 'softmax', options);
