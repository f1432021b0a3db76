// Optimizers as ops: plain descriptions, the update they emit and the numbers of each step.

import { power } from '../arithmetic.js';
import { ValueError } from '../errors.js';
import { checkRate, type LearningRate, rateAt } from '../rate.js';
import { type Emitter, none, type Value } from './emitter.js';

/** Stochastic gradient descent; see `optimizers.sgd`. */
export interface SgdConfig {
  readonly type: 'sgd';
  readonly learningRate: LearningRate;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** Adam and AdamW; see `optimizers.adam`. */
export interface AdamConfig {
  readonly type: 'adam' | 'adamW';
  readonly learningRate: LearningRate;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** An optimizer with all its numbers. */
export type Optimizer = SgdConfig | AdamConfig;

/** Floats of settings that an optimizer may have in linear memory. */
export const SETTINGS = 16;

/** @throws {ValueError} for numbers out of range, and for optimizers that there are not */
export function checkOptimizer(config: Optimizer): Optimizer {
  const range = (
    name: string,
    value: number,
    from: number,
    below = Number.POSITIVE_INFINITY,
  ): void => {
    if (value >= from && value < below) return;
    const upper = below === Number.POSITIVE_INFINITY ? '' : ` and less than ${below}`;
    throw new ValueError(
      `optimizers.${config.type}: ${name} must be at least ${from}${upper}, not ${value}`,
    );
  };
  switch (config?.type) {
    case 'sgd':
      range('momentum', config.momentum, 0, 1);
      break;
    case 'adam':
    case 'adamW':
      range('beta1', config.beta1, 0, 1);
      range('beta2', config.beta2, 0, 1);
      range('epsilon', config.epsilon, 0);
      break;
    default:
      throw new ValueError(
        `compile: there is no optimizer ${JSON.stringify(config)}; there are optimizers.sgd, optimizers.adam and optimizers.adamW`,
      );
  }
  range('weightDecay', config.weightDecay, 0);
  checkRate(config.learningRate);
  return config;
}

/** The names of the vectors that an optimizer keeps, each as long as the parameters. */
export function optimizerState(config: Optimizer): readonly string[] {
  if (config.type === 'sgd') return config.momentum > 0 ? ['velocity'] : [];
  return ['m', 'v'];
}

/** The flat vectors of an update. */
export interface FlatVectors {
  readonly parameters: Value;
  readonly gradients: Value;
  /** In the order of `optimizerState`. */
  readonly state: readonly Value[];
  readonly settings: Value;
}

/** Emits the update of all parameters. */
export function emitUpdate(e: Emitter, config: Optimizer, flat: FlatVectors): void {
  const { parameters, gradients, state, settings } = flat;
  const count = parameters.size;
  if (config.type === 'sgd') {
    e.emit('sgd', { parameters, gradients, velocity: state[0] ?? none, settings, count });
  } else {
    e.emit('adam', { parameters, gradients, m: state[0], v: state[1], settings, count });
  }
}

/** Writes a step's numbers, counted from 0, where the kernels read them (assembly/optim.ts). */
export function writeSettings(config: Optimizer, step: number, to: Float32Array, at: number): void {
  const rate = rateAt(config.learningRate, step);
  if (config.type === 'sgd') {
    to[at] = rate;
    to[at + 1] = config.momentum;
    to[at + 2] = config.weightDecay;
    to[at + 3] = config.nesterov ? 1 : 0;
    return;
  }
  const { beta1, beta2, epsilon, weightDecay } = config;
  const decoupled = config.type === 'adamW';
  to[at] = rate / (1 - power(beta1, step + 1));
  to[at + 1] = beta1;
  to[at + 2] = beta2;
  to[at + 3] = epsilon;
  to[at + 4] = decoupled ? 0 : weightDecay;
  to[at + 5] = decoupled ? rate * weightDecay : 0;
  to[at + 6] = 1 / Math.sqrt(1 - power(beta2, step + 1));
  to[at + 7] = 1 - beta1;
  to[at + 8] = 1 - beta2;
}
