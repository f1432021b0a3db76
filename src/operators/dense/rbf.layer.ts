// Radial basis function units, the output layer of LeNet-5.

import { naming } from '../../base/naming.js';
import { required, whole } from '../../base/options.js';
import { checkRank, type Shape } from '../../base/shape.js';
import {
  type Forward,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
} from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { rbfBackwardInput, rbfBackwardKernel, rbfForward } from './rbf.emit.js';

/** Options of `layers.rbf`. */
export interface RbfOptions extends LayerOptions {
  /** How many outputs. */
  units: number;
}

class Rbf extends Layer<Value> {
  declare readonly options: RbfOptions;

  constructor(options: RbfOptions) {
    super('rbf', options, required({ units: whole(1) }));
  }

  shapeFor(inputShape: Shape): Shape {
    const hint = inputShape.length > 1 ? ' (put layers.flatten() in front)' : '';
    naming(`${this.name}${hint}`, () => checkRank(inputShape, ['features']));
    return [this.options.units];
  }

  protected override parametersFor([features]: Shape): ParameterSpec[] {
    const shape = [features, this.options.units];
    return [{ name: 'kernel', shape, initializer: 'signs', trainable: true, decay: true }];
  }

  emitForward(to: Lowering, x: Value): Forward<Value> {
    const y = to.emitter.value([x.shape[0], this.options.units]);
    rbfForward(to.emitter, y, x, to.weight(this, 'kernel'));
    return { y, saved: x };
  }

  emitBackward(to: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    const { emitter } = to;
    const kernel = to.weight(this, 'kernel');
    if (this.trainable) rbfBackwardKernel(emitter, to.gradient(this, 'kernel'), dy, x, kernel);
    if (!wanted) return undefined;
    const dx = emitter.value(x.shape);
    rbfBackwardInput(emitter, dx, dy, x, kernel);
    return dx;
  }

  override multiplyAdds([features]: Shape): number {
    return features * this.options.units;
  }
}

/**
 * Over [features]: [units] of y = −Σ (x − kernel)², the squared distance of x from each unit's centre (LeCun
 * et al., "Gradient-based learning applied to document recognition", Proc. IEEE 1998). The paper has no
 * minus, and its smallest output wins; with the minus the largest wins, as softmax, losses and argmax take it. The
 * centres, columns of the kernel, begin as ±1 at random: put tanh, or another activation from −1 to 1, in front.
 */
export const rbf = (options: RbfOptions): Layer => new Rbf(options);
