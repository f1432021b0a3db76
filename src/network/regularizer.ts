// What weights may cost by themselves: a plain description, so that it can be saved.

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

/** @throws {ValueError} for anything but what the functions of `regularizers` return */
export function checkRegularizer(where: string, regularizer: Regularizer): Regularizer {
  const { l1, l2 } = checkOptions(where, regularizer, ['l1', 'l2']);
  for (const [name, factor] of Object.entries({ l1, l2 })) {
    if (typeof factor === 'number' && factor >= 0 && Number.isFinite(factor)) continue;
    throw new ValueError(`${where}: ${name} must be a number ≥ 0, not ${shown(factor)}`);
  }
  return Object.freeze({ l1, l2 });
}
