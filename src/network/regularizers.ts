// What weights may cost by themselves, Keras's words: plain descriptions, so that they can be saved.

import { ValueError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import { shown } from '../base/shown.js';

/**
 * A penalty of l1·Σ|w| + l2·Σw² for a weight w, part of the loss that is reported and, by its slope, of the
 * gradient that the optimizer is given. Of layers that do not learn there is none.
 */
export interface Regularizer {
  readonly l1: number;
  readonly l2: number;
}

/** The penalty l1·Σ|w|, which makes weights 0. @throws {ValueError} for a number below 0 */
export const l1 = (factor = 0.01): Regularizer =>
  checkRegularizer('regularizers.l1', { l1: factor, l2: 0 });

/** The penalty l2·Σw², which keeps weights small. @throws {ValueError} for a number below 0 */
export const l2 = (factor = 0.01): Regularizer =>
  checkRegularizer('regularizers.l2', { l1: 0, l2: factor });

/** Both: 0.01 each by default. @throws {ValueError} for numbers below 0 */
export function l1l2(options: Partial<Regularizer> = {}): Regularizer {
  const { l1 = 0.01, l2 = 0.01 } = checkOptions('regularizers.l1l2', options, ['l1', 'l2']);
  return checkRegularizer('regularizers.l1l2', { l1, l2 });
}

/** @throws {ValueError} for anything but what the functions of `regularizers` return */
export function checkRegularizer(where: string, regularizer: Regularizer): Regularizer {
  const { l1, l2 } = checkOptions(where, regularizer, ['l1', 'l2']);
  for (const [name, factor] of Object.entries({ l1, l2 })) {
    if (typeof factor === 'number' && factor >= 0 && Number.isFinite(factor)) continue;
    throw new ValueError(`${where}: ${name} must be a number ≥ 0, not ${shown(factor)}`);
  }
  return Object.freeze({ l1, l2 });
}
