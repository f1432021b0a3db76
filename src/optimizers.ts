// Optimizers: plain descriptions, so that they can be saved.

import {
  type AdamConfig,
  checkOptimizer,
  type Optimizer,
  type SgdConfig,
} from './emit/optimizer.js';

export type { AdamConfig, Optimizer, SgdConfig } from './emit/optimizer.js';

/** Options whose learning rate may change by a schedule. */
type Options<C> = Partial<Omit<C, 'type'>>;

/**
 * Gradient descent: learningRate 0.01, momentum 0, nesterov false, weightDecay 0 (an L2 penalty,
 * added to the gradient). The velocity is PyTorch's: v = momentum·v + g, p −= learningRate·v.
 */
export function sgd(options: Options<SgdConfig> = {}): Optimizer {
  return checkOptimizer({
    learningRate: 0.01,
    momentum: 0,
    nesterov: false,
    weightDecay: 0,
    ...options,
    type: 'sgd',
  });
}

/**
 * Adam (arXiv 1412.6980): learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8, weightDecay 0
 * (an L2 penalty, added to the gradient).
 */
export function adam(options: Options<AdamConfig> = {}): Optimizer {
  return checkOptimizer({ ...adamDefaults, weightDecay: 0, ...options, type: 'adam' });
}

/** AdamW (arXiv 1711.05101): Adam whose weightDecay, 0.01, shrinks the weights themselves. */
export function adamW(options: Options<AdamConfig> = {}): Optimizer {
  return checkOptimizer({ ...adamDefaults, weightDecay: 0.01, ...options, type: 'adamW' });
}

const adamDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
