// `optimizers`: plain descriptions, so that they can be saved.
//
// All take these options beside their own:
// learningRate   a number or one of `schedules`
// weightDecay    how much weights shrink: 0 by default (AdamW: 0.01). Added to the gradient as an L2
//                penalty; AdamW shrinks the weights themselves
// decay          which weights shrink: 'kernels' (by default) leaves out biases, and the scales and shifts of
//                norms; 'all' is PyTorch's default
// clipValue      holds each gradient between −clipValue and clipValue
// clipNorm       scales all gradients down if the norm of all together is larger (PyTorch's
//                clip_grad_norm_). `gradient` of the weights then has the clipped numbers
// averageDecay   keeps average = averageDecay·average + (1 − averageDecay)·weights after each step; the
//                first average is the weights after the first step

import { checkObject } from '../base/options.js';
import {
  type AdagradConfig,
  type AdamConfig,
  checkOptimizer,
  type Optimizer,
  type RmspropConfig,
  type SgdConfig,
} from '../operators/optimizer/optimizer.emit.js';

export type {
  AdagradConfig,
  AdamConfig,
  CommonConfig,
  Optimizer,
  RmspropConfig,
  SgdConfig,
} from '../operators/optimizer/optimizer.emit.js';

/** An optimizer's options. */
export type Options<C> = Partial<Omit<C, 'type'>>;

/**
 * Gradient descent: learningRate 0.01, momentum 0, nesterov false. The velocity is PyTorch's:
 * v = momentum·v + g, p −= learningRate·v.
 */
export function sgd(options: Options<SgdConfig> = {}): Optimizer {
  return make('sgd', { learningRate: 0.01, momentum: 0, nesterov: false }, options);
}

/** Adam (arXiv 1412.6980): learningRate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-8. */
export function adam(options: Options<AdamConfig> = {}): Optimizer {
  return make('adam', adamDefaults, options);
}

/** AdamW (arXiv 1711.05101): Adam, but weightDecay, 0.01 by default, shrinks the weights themselves. */
export function adamW(options: Options<AdamConfig> = {}): Optimizer {
  return make('adamW', { ...adamDefaults, weightDecay: 0.01 }, options);
}

/**
 * RMSprop (Tieleman & Hinton, 2012): learningRate 0.001, rho 0.9, momentum 0, epsilon 1e-7. As in
 * PyTorch, p −= learningRate·v with v = momentum·v + g / (√square + epsilon); Keras has epsilon inside the
 * root.
 */
export function rmsprop(options: Options<RmspropConfig> = {}): Optimizer {
  const defaults = { learningRate: 0.001, rho: 0.9, momentum: 0, epsilon: 1e-7 };
  return make('rmsprop', defaults, options);
}

/**
 * Adagrad (Duchi et al., 2011): learningRate 0.01, initialAccumulator 0.1, epsilon 1e-7.
 * p −= learningRate·g / (√(initialAccumulator + Σ g²) + epsilon).
 */
export function adagrad(options: Options<AdagradConfig> = {}): Optimizer {
  const defaults = { learningRate: 0.01, initialAccumulator: 0.1, epsilon: 1e-7 };
  return make('adagrad', defaults, options);
}

const adamDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The options with defaults filled in, checked and frozen. */
function make(type: Optimizer['type'], own: object, options: object): Optimizer {
  const given = checkObject(`optimizers.${type}`, options, 'learningRate');
  const all = { weightDecay: 0, decay: 'kernels', ...own, ...given, type } as Optimizer;
  return Object.freeze(checkOptimizer(all));
}
