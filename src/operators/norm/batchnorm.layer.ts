// Batch normalisation as a layer (Ioffe & Szegedy, arXiv 1502.03167).

import { ShapeError } from '../../base/errors.js';
import { between, positive } from '../../base/options.js';
import { type Shape, show } from '../../base/shape.js';
import type { InitializerName } from '../../network/initializers.js';
import {
  type Forward,
  type Fusion,
  type Gradients,
  type KernelAndBias,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
  type WeightReader,
} from '../../network/layer.js';
import { none, type Value } from '../../program/emitter.js';
import {
  type NormSize,
  normBackward,
  normFolded,
  normInference,
  normInferenceBackward,
  normRunning,
  normTraining,
} from './batchnorm.emit.js';

/** Options of `layers.batchNorm`, Keras's words and defaults. */
export interface BatchNormLayerOptions extends LayerOptions {
  /** How much of the running statistics a step keeps: 0.99 by default. */
  momentum?: number;
  /** Added to the variance: 1e-3 by default. */
  epsilon?: number;
}

interface Saved {
  x: Value;
  y: Value;
  gamma: Value;
  beta: Value;
  mean: Value;
  variance: Value;
  size: NormSize;
  /** Whether mean and variance are the batch's own: gradients then flow through them too. */
  ofBatch: boolean;
}

class BatchNorm extends Layer<Saved> {
  readonly #momentum: number;
  readonly #epsilon: number;

  constructor(options: BatchNormLayerOptions) {
    super('batchNorm', options, { momentum: between(0, 1), epsilon: positive });
    const { momentum = 0.99, epsilon = 1e-3 } = options;
    this.#momentum = momentum;
    this.#epsilon = epsilon;
  }

  shapeFor(inputShape: Shape): Shape {
    if (inputShape.length === 0) {
      throw new ShapeError(`expected [..., channels], received ${show(inputShape)}`);
    }
    return inputShape;
  }

  protected override parametersFor(inputShape: Shape): ParameterSpec[] {
    const shape = inputShape.slice(-1);
    const parameter = (name: string, initializer: InitializerName, trainable: boolean) => ({
      name,
      shape,
      initializer,
      trainable,
    });
    return [
      parameter('gamma', 'ones', true),
      parameter('beta', 'zeros', true),
      parameter('movingMean', 'zeros', false),
      parameter('movingVariance', 'ones', false),
    ];
  }

  override get fusion(): Fusion {
    return { absorbsRelu: true, absorbsAdd: true };
  }

  override fold(to: WeightReader, { kernel, bias }: KernelAndBias): KernelAndBias {
    const [gamma, beta, mean, variance] = this.parameters.map(({ name }) => to.weight(this, name));
    const from = { gamma, beta, mean, variance };
    return normFolded(to.emitter, kernel, bias, from, this.#epsilon);
  }

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const { emitter, fused } = to;
    const { rectify, residual } = fused;
    const channels = x.shape.at(-1) as number;
    const size = { rows: x.size / channels, channels, epsilon: this.#epsilon, rectify };
    const [gamma, beta, movingMean, movingVariance] = this.parameters.map(({ name }) =>
      to.weight(this, name),
    );
    const y = emitter.value(x.shape);
    if (!to.training || !this.trainable) {
      const from = { x, gamma, beta, mean: movingMean, variance: movingVariance };
      normInference(emitter, y, from, { ...size, residual });
      return { y, saved: { ...from, y, size, ofBatch: false } };
    }
    const moments = { mean: emitter.value([channels]), variance: emitter.value([channels]) };
    normTraining(emitter, { y, ...moments }, { x, gamma, beta }, { ...size, residual });
    to.afterwards(() =>
      normRunning(emitter, movingMean, movingVariance, moments, this.#momentum, size),
    );
    // After a sum, ReLU's backward has been done already, as the other summand needs it too.
    const own = { ...size, rectify: rectify && !residual };
    return { y, saved: { x, y, gamma, beta, ...moments, size: own, ofBatch: true } };
  }

  emitBackward(
    to: Lowering,
    dy: Value,
    { size, y, ofBatch, ...from }: Saved,
    wanted: boolean,
  ): Gradients {
    if (!ofBatch) {
      if (!wanted) return undefined;
      const dz = size.rectify ? to.activateBackward('relu', dy, y) : dy;
      const dx = to.into(dz);
      normInferenceBackward(to.emitter, dx, dz, from, size);
      return dx;
    }
    const dx = wanted ? to.into(dy) : none;
    const [dgamma, dbeta] = [to.gradient(this, 'gamma'), to.gradient(this, 'beta')];
    normBackward(to.emitter, { dx, dgamma, dbeta }, dy, from, size);
    return dx || undefined;
  }
}

/** Each channel (the last dimension) brought to mean 0 and variance 1, then scaled and shifted. */
export const batchNorm = (options: BatchNormLayerOptions = {}): Layer => new BatchNorm(options);
