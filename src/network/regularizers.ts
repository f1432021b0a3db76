// `regularizers`: penalties of weights, in Keras's words.

import { naming } from '../base/naming.js';
import { checkOptions } from '../base/options.js';
import { checkRegularizer, type Regularizer, regularizerWords } from './regularizer.js';

export type { Regularizer } from './regularizer.js';

/** The penalty l1·Σ|w|, which makes many weights 0. @throws {ValueError} for a number below 0 */
export const l1 = (factor = 0.01): Regularizer =>
  naming('regularizers.l1', () => checkRegularizer({ l1: factor, l2: 0 }));

/** The penalty l2·Σw², which keeps weights small. @throws {ValueError} for a number below 0 */
export const l2 = (factor = 0.01): Regularizer =>
  naming('regularizers.l2', () => checkRegularizer({ l1: 0, l2: factor }));

/** Both penalties: l1 and l2 are 0.01 by default. @throws {ValueError} for numbers below 0 */
export function l1l2(options: Partial<Regularizer> = {}): Regularizer {
  const { l1 = 0.01, l2 = 0.01 } = checkOptions('regularizers.l1l2', options, regularizerWords);
  return naming('regularizers.l1l2', () => checkRegularizer({ l1, l2 }));
}
