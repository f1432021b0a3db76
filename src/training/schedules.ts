// `schedules`: learning rates that change with the step. Plain descriptions, so that they can be saved.

import { checkObject } from '../base/options.js';
import { checkRate, type LearningRate, type Schedule } from '../operators/optimizer/rate.js';

export type { LearningRate, Schedule } from '../operators/optimizer/rate.js';

/** Multiplies the rate by `factor` (0.1 by default) after each `every` steps. */
export function step(options: { initial: number; every: number; factor?: number }): Schedule {
  return make('step', { factor: 0.1 }, options);
}

/**
 * Falls smoothly: initial · factor^(step / every), with factor 0.96 by default. Keras's ExponentialDecay.
 */
export function exponential(options: {
  initial: number;
  every: number;
  factor?: number;
}): Schedule {
  return make('exponential', { factor: 0.96 }, options);
}

/**
 * Half a cosine from `initial` down to `minimum` (0 by default) over `steps` steps, then `minimum`
 * (Loshchilov & Hutter, arXiv 1608.03983).
 */
export function cosine(options: { initial: number; steps: number; minimum?: number }): Schedule {
  return make('cosine', { minimum: 0 }, options);
}

/**
 * One cycle (Smith & Topin, arXiv 1708.07120) as in PyTorch. In the first warmupShare · steps steps the rate rises from
 * maximum / divide to maximum; then it falls to maximum / divide / finalDivide. Both are half a cosine. By default
 * warmupShare is 0.3, divide 25 and finalDivide 1e4. After the last step the rate stays.
 */
export function oneCycle(options: {
  maximum: number;
  steps: number;
  warmupShare?: number;
  divide?: number;
  finalDivide?: number;
}): Schedule {
  return make('oneCycle', { warmupShare: 0.3, divide: 25, finalDivide: 1e4 }, options);
}

/** Rises in a straight line from 0 to the first rate of `to` over `steps` steps; then `to` begins. */
export function warmup(options: { steps: number; to: LearningRate }): Schedule {
  return make('warmup', {}, options);
}

function make(type: Schedule['type'], defaults: object, options: object): Schedule {
  const given = checkObject(`schedules.${type}`, options, 'initial');
  return checkRate(`schedules.${type}`, { ...defaults, ...given, type } as Schedule);
}
