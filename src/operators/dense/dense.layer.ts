// A fully connected layer.

import { naming } from '../../base/naming.js';
import { required, whole } from '../../base/options.js';
import { checkRank, type Shape } from '../../base/shape.js';
import type { ActivationName } from '../../network/activation.js';
import {
  checkKernelOptions,
  type KernelOptions,
  kernelAt,
  kernelParameters,
  kernelWords,
} from '../../network/kernel.js';
import {
  type Forward,
  type Fusion,
  Layer,
  type Lowering,
  type ParameterSpec,
} from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { matMul, sumRows } from './matrix.emit.js';

/** Options of `layers.dense`, Keras's words. */
export interface DenseOptions extends KernelOptions {
  /** How many outputs. */
  units: number;
}

interface Saved {
  x: Value;
  y: Value;
  activation: ActivationName;
}

class Dense extends Layer<Saved> {
  declare readonly options: DenseOptions;

  constructor(options: DenseOptions) {
    super('dense', options, { ...required({ units: whole(1) }), ...kernelWords });
    naming(this.title, () => checkKernelOptions(options));
  }

  get #useBias(): boolean {
    return this.options.useBias ?? true;
  }

  get #activation(): ActivationName {
    return this.options.activation ?? 'linear';
  }

  shapeFor(inputShape: Shape): Shape {
    const hint = inputShape.length > 1 ? ' (put layers.flatten() in front)' : '';
    naming(`${this.name}${hint}`, () => checkRank(inputShape, ['features']));
    return [this.options.units];
  }

  protected override parametersFor([features]: Shape): ParameterSpec[] {
    return kernelParameters(this.options, [features, this.options.units]);
  }

  override get fusion(): Fusion {
    const linear = this.#activation === 'linear';
    return { absorbsRelu: linear, absorbsNorm: linear, endsInRelu: this.#activation === 'relu' };
  }

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const [m, k] = x.shape;
    const n = this.options.units;
    const z = to.emitter.value([m, n]);
    const activation = to.fused.rectify ? 'relu' : this.#activation;
    const isRelu = activation === 'relu';
    const { kernel, bias } = kernelAt(to, this);
    matMul(to.emitter, z, x, kernel, { m, n, k }, bias, isRelu);
    const y = isRelu ? z : to.activate(activation, z, z);
    return { y, saved: { x, y, activation } };
  }

  emitBackward(
    to: Lowering,
    dy: Value,
    { x, y, activation }: Saved,
    wanted: boolean,
  ): Value | undefined {
    const { emitter } = to;
    const [batch, features] = x.shape;
    const { units } = this.options;
    const dz = to.activateBackward(activation, dy, y);
    if (this.trainable) {
      if (this.#useBias) sumRows(emitter, to.gradient(this, 'bias'), dz, batch, units);
      const dwSize = { m: features, n: units, k: batch, transposeA: true };
      matMul(emitter, to.gradient(this, 'kernel'), x, dz, dwSize);
    }
    if (!wanted) return undefined;
    const dx = emitter.value(x.shape);
    const dxSize = { m: batch, n: features, k: units, transposeB: true };
    matMul(emitter, dx, dz, to.weight(this, 'kernel'), dxSize);
    return dx;
  }

  override multiplyAdds([features]: Shape): number {
    return features * this.options.units;
  }
}

/** y = activation(x·kernel + bias) over [features]: [units]. */
export const dense = (options: DenseOptions): Layer => new Dense(options);
