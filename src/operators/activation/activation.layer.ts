// Activations as layers of their own.

import { ShapeError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import type { Shape } from '../../base/shape.js';
import { type ActivationName, checkActivation, checkAlpha } from '../../network/activation.js';
import {
  type Forward,
  type Fusion,
  Layer,
  type LayerOptions,
  type Lowering,
} from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';

/** Options of `layers.activation`. */
export interface ActivationOptions extends LayerOptions {
  /** Which, at its default alpha: 'relu', 'gelu', 'softmax', … */
  activation: ActivationName;
}

/** Options of `layers.leakyRelu` and `layers.elu`. */
export interface AlphaOptions extends LayerOptions {
  /** A positive number: for leakyRelu the slope below 0, 0.01 by default; for elu 1. */
  alpha?: number;
}

class Activation extends Layer<Value> {
  declare readonly options: AlphaOptions;
  readonly #activation: ActivationName;

  /** @param name null where the options name it @param own the word of its own option, if it has one */
  constructor(type: string, name: ActivationName | null, options: LayerOptions, ...own: string[]) {
    super(type, options, own);
    const { activation } = this.options as ActivationOptions;
    this.#activation = naming(`layers.${type}`, () => {
      const known = checkActivation(name ?? activation);
      checkAlpha(this.options.alpha);
      return known;
    });
  }

  shapeFor(inputShape: Shape): Shape {
    if (inputShape.length === 0) throw new ShapeError('expected at least one dimension');
    return inputShape;
  }

  override get fusion(): Fusion {
    const isRelu = this.#activation === 'relu';
    return { isRelu, endsInRelu: isRelu, keepsNumbers: this.#activation === 'linear' };
  }

  emitForward(to: Lowering, x: Value): Forward<Value> {
    const y = to.activate(this.#activation, to.emitter.value(x.shape), x, this.options.alpha);
    return { y, saved: y };
  }

  emitBackward(to: Lowering, dy: Value, y: Value): Value {
    return to.activateBackward(this.#activation, dy, y, this.options.alpha);
  }
}

/** An activation by name. */
export const activation = (options: ActivationOptions): Layer =>
  new Activation('activation', null, options, 'activation');
/** x, below 0 alpha·x (Maas et al., ICML 2013). */
export const leakyRelu = (options: AlphaOptions = {}): Layer =>
  new Activation('leakyRelu', 'leakyRelu', options, 'alpha');
/** x, below 0 alpha·(eˣ − 1) (Clevert et al., arXiv 1511.07289). */
export const elu = (options: AlphaOptions = {}): Layer =>
  new Activation('elu', 'elu', options, 'alpha');

/** The factory of an activation that has no options of its own. */
const plain =
  (name: Exclude<ActivationName, 'leakyRelu' | 'elu'>) =>
  (options: LayerOptions = {}): Layer =>
    new Activation(name, name, options);

/** x itself. */
export const linear = plain('linear');
/** max(x, 0). */
export const relu = plain('relu');
/** min(max(x, 0), 6) (MobileNet). */
export const relu6 = plain('relu6');
/** 1.0507·x, below 0 1.7581·(eˣ − 1): keeps mean 0 and variance 1 (Klambauer et al., arXiv 1706.02515). */
export const selu = plain('selu');
/** x·Φ(x), Φ the normal distribution's, by erf and not by tanh (Hendrycks & Gimpel, arXiv 1606.08415). */
export const gelu = plain('gelu');
/** x / (1 + e⁻ˣ), also called swish (arXiv 1710.05941). */
export const silu = plain('silu');
/** min(max(x + 3, 0), 6) / 6. */
export const hardSigmoid = plain('hardSigmoid');
/** x·hardSigmoid(x) (MobileNetV3, arXiv 1905.02244). */
export const hardSwish = plain('hardSwish');
/** ln(1 + eˣ). */
export const softplus = plain('softplus');
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = plain('sigmoid');
/** The hyperbolic tangent. */
export const tanh = plain('tanh');
/** eˣ / Σ eˣ over the last dimension. */
export const softmax = plain('softmax');
