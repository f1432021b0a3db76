// Metrics: what is reported beside the loss. Plain descriptions, so that they can be saved.

import type { Metric } from './emit/loss.js';
import { checkInteger } from './shape.js';

export type { Metric } from './emit/loss.js';

/** The share of samples whose best class is the right one. */
export const accuracy = (): Metric => ({ name: 'accuracy', k: 1 });

/** The share of samples whose right class is among the `k` best, 5 by default: 'top5Accuracy'. */
export function topK({ k = 5 }: { k?: number } = {}): Metric {
  checkInteger('metrics.topK', 'k', k);
  return { name: `top${k}Accuracy`, k };
}
