// Optimizers: plain descriptions, so that they can be saved.

import {
  type AdamConfig,
  checkOptimizer,
  type Optimizer,
  type SgdConfig,
} from './emit/optimizer.js';
import { checkOptions } from './options.js';

export type { AdamConfig, Optimizer, SgdConfig } from './emit/optimizer.js';

/** Options whose learning rate may change by a schedule. */
type Options<C> = Partial<Omit<C, 'type'>>;

/**
 * Gradient descent: learningRate 0.01, momentum 0, nesterov false, weightDecay 0 (an L2 penalty,
 * added to the gradient). The velocity is PyTorch's: v = momentum·v + g, p −= learningRate·v.
 */
export function sgd(options: Options<SgdConfig> = {}): Optimizer {
  const defaults = { learningRate: 0.01, momentum: 0, nesterov: false, weightDecay: 0 };
  return make('sgd', defaults, options);
}

/**
 * Adam (arXiv 1412.6980): learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8, weightDecay 0
 * (an L2 penalty, added to the gradient).
 */
export function adam(options: Options<AdamConfig> = {}): Optimizer {
  return make('adam', { ...adamDefaults, weightDecay: 0 }, options);
}

/** AdamW (arXiv 1711.05101): Adam whose weightDecay, 0.01, shrinks the weights themselves. */
export function adamW(options: Options<AdamConfig> = {}): Optimizer {
  return make('adamW', { ...adamDefaults, weightDecay: 0.01 }, options);
}

const adamDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The defaults with the options in their place, checked and frozen. */
function make(type: Optimizer['type'], defaults: object, options: object): Optimizer {
  checkOptions(`optimizers.${type}`, options, Object.keys(defaults));
  return Object.freeze(checkOptimizer({ ...defaults, ...options, type } as Optimizer));
}
