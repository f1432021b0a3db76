// Learning rates that change with the step: plain descriptions, so that they can be saved.

import { checkOptions } from './options.js';
import { checkRate, type LearningRate, type Schedule } from './rate.js';

export type { LearningRate, Schedule } from './rate.js';

/** Multiplies the rate by `factor` (0.1 by default) after every `every` steps. */
export function step(options: { initial: number; every: number; factor?: number }): Schedule {
  checkOptions('schedules.step', options, ['initial', 'every', 'factor']);
  return checkRate({ type: 'step', factor: 0.1, ...options });
}

/**
 * Half a cosine from `initial` down to `minimum` (0 by default) over `steps` steps, then `minimum`
 * (Loshchilov & Hutter, arXiv 1608.03983).
 */
export function cosine(options: { initial: number; steps: number; minimum?: number }): Schedule {
  checkOptions('schedules.cosine', options, ['initial', 'steps', 'minimum']);
  return checkRate({ type: 'cosine', minimum: 0, ...options });
}

/** From 0 up to what `to` begins with, in a straight line over `steps` steps; `to` counts from there. */
export function warmup(options: { steps: number; to: LearningRate }): Schedule {
  checkOptions('schedules.warmup', options, ['steps', 'to']);
  return checkRate({ type: 'warmup', ...options });
}
