// Penalties of weights: plain descriptions, so that they can be saved.

import { between, checkOptions, required } from '../base/options.js';

/**
 * A penalty of l1·Σ|w| + l2·Σw² for a weight w. It is added to the reported loss, and its slope to the weight's
 * gradient. Layers that do not learn have no penalty.
 */
export interface Regularizer {
  readonly l1: number;
  readonly l2: number;
}

/** The words of `Regularizer`. */
export const regularizerWords = { l1: between(0), l2: between(0) };

/** @throws {ValueError} for anything but what the functions of `regularizers` return */
export function checkRegularizer(where: string, regularizer: Regularizer): Regularizer {
  const { l1, l2 } = checkOptions<Regularizer>(where, regularizer, required(regularizerWords));
  return Object.freeze({ l1, l2 });
}
