// Penalties of weights: plain descriptions, so that they can be saved.

import { ValueError } from '../base/errors.js';
import { between, optionsOf, required } from '../base/options.js';
import { shown } from '../base/shown.js';

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
export function checkRegularizer(regularizer: Regularizer): Regularizer {
  if (typeof regularizer !== 'object' || regularizer === null) {
    throw new ValueError(
      `expected what regularizers make, such as regularizers.l2(0.01), not ${shown(regularizer)}`,
    );
  }
  const { l1, l2 } = optionsOf<Regularizer>(regularizer, required(regularizerWords));
  return Object.freeze({ l1, l2 });
}
