// Metrics: what is reported beside the loss. Plain descriptions, so that they can be saved.

import { ValueError } from '../base/errors.js';
import { checkOptions, finite, oneOf, text, whole } from '../base/options.js';
import { shown } from '../base/shown.js';
import { type CountMetric, checkMetric, type Metric } from '../operators/loss/metric.emit.js';

export type { CountMetric, MeanMetric, Metric, MetricName } from '../operators/loss/metric.emit.js';
export { type ConfusionMatrix, type ConfusionOptions, confusionMatrix } from './confusion.js';

/** The share of samples whose best class is the right one. */
export const accuracy = (): Metric => checkMetric('accuracy');

/** What a metric's log is called. */
export interface NameOptions {
  /** By default the metric's own name: two of one kind need names to be told apart by. */
  name?: string;
}

/** Options of `topK`. */
export interface TopKOptions extends NameOptions {
  /** How many classes count as found: 5 by default. */
  k?: number;
}

/** The share of samples whose right class is among the `k` best, 5 by default: 'top5Accuracy'. */
export function topK(options: TopKOptions = {}): Metric {
  const words = { k: whole(1), name: text };
  const { k = 5, name = `top${k}Accuracy` } = checkOptions('metrics.topK', options, words);
  return { type: 'topK', name, k };
}

/** What counts as yes. */
export interface ThresholdOptions extends NameOptions {
  /**
   * Outputs above it are yes: ½ by default; 0 where the outputs are logits of `binaryCrossEntropy`, or `hinge`
   * is the loss.
   */
  threshold?: number;
}

/** The share of outputs that are on the right side of `threshold`: above it where the target, 0 or 1, is above ½. */
export function binaryAccuracy(options: ThresholdOptions = {}): Metric {
  const type = 'binaryAccuracy';
  const words = { threshold: finite, name: text };
  const { threshold, name = type } = checkOptions(`metrics.${type}`, options, words);
  return { type, name, ...(threshold === undefined ? {} : { threshold }) };
}

/** The mean of |output − target|. */
export const meanAbsoluteError = (): Metric => checkMetric('meanAbsoluteError');

/** The mean of (output − target)². */
export const meanSquaredError = (): Metric => checkMetric('meanSquaredError');

/** Which class a figure is of, and what counts as class 1 of an output of one column. */
export interface ClassOptions extends ThresholdOptions {
  /** The mean over the classes that occur, each alike: what is given without options. */
  average?: 'macro';
  /** One class alone; its log is 'precision_3' and so on. */
  class?: number;
}

/**
 * Of the samples predicted to be of a class, the share that are; 0 where there are none. Exact over an epoch,
 * not a mean of batches. An output of one column has two classes, 1 above `threshold`.
 */
export const precision = (options: ClassOptions = {}): Metric => counted('precision', options);

/** Of the samples of a class, the share that were predicted to be; else as `precision`. */
export const recall = (options: ClassOptions = {}): Metric => counted('recall', options);

/** The harmonic mean of precision and recall, class by class; else as `precision`. */
export const f1 = (options: ClassOptions = {}): Metric => counted('f1', options);

function counted(type: CountMetric['type'], options: ClassOptions): Metric {
  const where = `metrics.${type}`;
  const words = { average: oneOf('macro'), class: whole(0), threshold: finite, name: text };
  const { average, class: own, threshold, name } = checkOptions(where, options, words);
  if (average !== undefined && own !== undefined) {
    throw new ValueError(
      `${where}: give { average: 'macro' } or { class: k }, not ${shown(options)}`,
    );
  }
  const more = threshold === undefined ? {} : { threshold };
  if (own === undefined) return { type, name: name ?? type, average: 'macro', ...more };
  return { type, name: name ?? `${type}_${own}`, class: own, ...more };
}
