// Batch normalisation per channel (the last dimension), for inference and training, with its gradient.

import { ShapeError } from '../../base/errors.js';
import { forwarded, optionsOf, positive } from '../../base/options.js';
import { show } from '../../base/shape.js';
import { asValue } from '../../program/emitter.js';
import { argument, callOp, expectShape, recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';
import * as norm from './batchnorm.emit.js';

/** [channels] each; epsilon is 1e-3 by default, as Keras has it. */
export interface BatchNormOptions {
  gamma: Tensor;
  beta: Tensor;
  epsilon?: number;
}

function normSize(x: Tensor, vectors: Record<string, Tensor>, epsilon = 1e-3): norm.NormSize {
  const channels = x.shape.at(-1);
  if (!channels || x.size === 0)
    throw new ShapeError(`x must be [..., channels] and not empty, not ${show(x.shape)}`);
  for (const [name, vector] of Object.entries(vectors)) {
    argument(name, vector);
    expectShape(name, vector, [channels]);
  }
  return { rows: x.size / channels, channels, epsilon };
}

const words = (...tensors: string[]) => ({ ...forwarded(...tensors), epsilon: positive });

/** (x − mean)/√(variance + ε)·gamma + beta, each per channel. @param x [..., channels] */
export function batchNorm(
  x: Tensor,
  options: BatchNormOptions & { mean: Tensor; variance: Tensor },
): Tensor {
  const [y] = callOp('batchNorm', [x, options], () => {
    const value = argument('x', x);
    optionsOf(options, words('gamma', 'beta', 'mean', 'variance'));
    const { gamma, beta, mean, variance, epsilon } = options;
    const size = normSize(x, { gamma, beta, mean, variance }, epsilon);
    const from = {
      x: value,
      gamma: asValue(gamma),
      beta: asValue(beta),
      mean: asValue(mean),
      variance: asValue(variance),
    };
    return recipe([x.shape], (e, vy) => norm.normInference(e, vy, from, size));
  });
  return y;
}

/** The same with the mean and the (biased) variance of x itself, which are returned. */
export function batchNormTraining(
  x: Tensor,
  options: BatchNormOptions,
): { y: Tensor; mean: Tensor; variance: Tensor } {
  const [y, mean, variance] = callOp('batchNormTraining', [x, options], () => {
    const value = argument('x', x);
    const { gamma, beta, epsilon } = optionsOf(options, words('gamma', 'beta'));
    const size = normSize(x, { gamma, beta }, epsilon);
    const vector = [size.channels];
    const from = { x: value, gamma: asValue(gamma), beta: asValue(beta) };
    return recipe([x.shape, vector, vector], (e, vy, vm, vv) =>
      norm.normTraining(e, { y: vy, mean: vm, variance: vv }, from, size),
    );
  });
  return { y, mean, variance };
}

/** The gradients of batchNormTraining. @param options with the mean and variance it returned */
export function batchNormBackward(
  dy: Tensor,
  x: Tensor,
  options: { gamma: Tensor; mean: Tensor; variance: Tensor; epsilon?: number },
): { dx: Tensor; dgamma: Tensor; dbeta: Tensor } {
  const [dx, dgamma, dbeta] = callOp('batchNormBackward', [dy, x, options], () => {
    const [vdy, vx] = [argument('dy', dy), argument('x', x)];
    optionsOf(options, words('gamma', 'mean', 'variance'));
    const { gamma, mean, variance, epsilon } = options;
    const size = normSize(x, { gamma, mean, variance }, epsilon);
    expectShape('dy', dy, x.shape);
    const vector = [size.channels];
    const from = { x: vx, gamma: asValue(gamma), mean: asValue(mean), variance: asValue(variance) };
    return recipe([x.shape, vector, vector], (e, vdx, vdg, vdb) =>
      norm.normBackward(e, { dx: vdx, dgamma: vdg, dbeta: vdb }, vdy, from, size),
    );
  });
  return { dx, dgamma, dbeta };
}
