// Metrics: what is reported beside the loss. Plain descriptions, so that they can be saved.

import { ValueError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import { checkInteger } from '../base/shape.js';
import { type CountMetric, checkMetric, type Metric } from '../operators/loss/metric.emit.js';

export type { CountMetric, MeanMetric, Metric, MetricName } from '../operators/loss/metric.emit.js';
export { type ConfusionMatrix, type ConfusionOptions, confusionMatrix } from './confusion.js';

/** The share of samples whose best class is the right one. */
export const accuracy = (): Metric => checkMetric('accuracy');

/** The share of samples whose right class is among the `k` best, 5 by default: 'top5Accuracy'. */
export function topK(options: { k?: number } = {}): Metric {
  const { k = 5 } = checkOptions('metrics.topK', options, ['k']);
  checkInteger('metrics.topK', 'k', k);
  return { type: 'topK', name: `top${k}Accuracy`, k };
}

/**
 * The share of outputs that are on the right side of `threshold`, ½ by default: above it where the target,
 * 0 or 1, is above ½. A model whose outputs are logits has its threshold at 0.
 */
export function binaryAccuracy(options: { threshold?: number } = {}): Metric {
  const { threshold = 0.5 } = checkOptions('metrics.binaryAccuracy', options, ['threshold']);
  if (!Number.isFinite(threshold)) {
    throw new ValueError(`metrics.binaryAccuracy: threshold must be a number, not ${threshold}`);
  }
  return { type: 'binaryAccuracy', name: 'binaryAccuracy', threshold };
}

/** The mean of |output − target|. */
export const meanAbsoluteError = (): Metric => checkMetric('meanAbsoluteError');

/** The mean of (output − target)². */
export const meanSquaredError = (): Metric => checkMetric('meanSquaredError');

/** Which class a figure is of. */
export interface ClassOptions {
  /** The mean over the classes that occur, each alike: what is given without options. */
  average?: 'macro';
  /** One class alone; its log is 'precision_3' and so on. */
  class?: number;
}

/**
 * Of the samples predicted to be of a class, the share that are; 0 where there are none. Exact over an epoch,
 * not a mean of batches. An output of one column has two classes, 1 above ½.
 */
export const precision = (options: ClassOptions = {}): Metric => counted('precision', options);

/** Of the samples of a class, the share that were predicted to be; else as `precision`. */
export const recall = (options: ClassOptions = {}): Metric => counted('recall', options);

/** The harmonic mean of precision and recall, class by class; else as `precision`. */
export const f1 = (options: ClassOptions = {}): Metric => counted('f1', options);

function counted(type: CountMetric['type'], options: ClassOptions): Metric {
  const where = `metrics.${type}`;
  const { average, class: own } = checkOptions(where, options, ['average', 'class']);
  if (average !== undefined && (average !== 'macro' || own !== undefined)) {
    throw new ValueError(
      `${where}: give { average: 'macro' } or { class: k }, not ${JSON.stringify(options)}`,
    );
  }
  if (own === undefined) return checkMetric(type);
  checkInteger(where, 'class', own, 0);
  return { type, name: `${type}_${own}`, class: own };
}
