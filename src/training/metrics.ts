// `metrics`: what is reported beside the loss. Plain descriptions, so that they can be saved.

import { ValueError } from '../base/errors.js';
import { checkOptions, finite, oneOf, text, whole } from '../base/options.js';
import { shown } from '../base/shown.js';
import {
  type CountMetric,
  checkMetric,
  type Metric,
  type MetricName,
} from '../operators/loss/metric.emit.js';

export type { CountMetric, MeanMetric, Metric, MetricName } from '../operators/loss/metric.emit.js';
export { type ConfusionMatrix, type ConfusionOptions, confusionMatrix } from './confusion.js';

/** Options of metrics. */
export interface NameOptions {
  /** The name of the metric's log; two metrics of one kind need different names. By default the metric's own. */
  name?: string;
}

/** The factory of a metric that has no options but its name. */
const plain =
  (type: MetricName) =>
  (options: NameOptions = {}): Metric => {
    const { name = type } = checkOptions(`metrics.${type}`, options, { name: text });
    return { ...checkMetric(type), name };
  };

/** The share of samples whose best class is the right one. */
export const accuracy = plain('accuracy');

/** Options of `topK`. */
export interface TopKOptions extends NameOptions {
  /** How many of the best classes count: 5 by default. */
  k?: number;
}

/** The share of samples whose right class is among the `k` best. Its log is 'top5Accuracy' by default. */
export function topK(options: TopKOptions = {}): Metric {
  const words = { k: whole(1), name: text };
  const { k = 5, name = `top${k}Accuracy` } = checkOptions('metrics.topK', options, words);
  return { type: 'topK', name, k };
}

/** Options of `binaryAccuracy`. */
export interface ThresholdOptions extends NameOptions {
  /**
   * Outputs above it mean yes. ½ by default; 0 if the loss is `hinge`, or `binaryCrossEntropy` and the outputs are its
   * logits.
   */
  threshold?: number;
}

/** The share of outputs on the right side of `threshold`: above it if the target, 0 or 1, is above ½; else not. */
export function binaryAccuracy(options: ThresholdOptions = {}): Metric {
  const type = 'binaryAccuracy';
  const words = { threshold: finite, name: text };
  const { threshold, name = type } = checkOptions(`metrics.${type}`, options, words);
  return { type, name, ...(threshold === undefined ? {} : { threshold }) };
}

/** The mean of |output − target|. */
export const meanAbsoluteError = plain('meanAbsoluteError');

/** The mean of (output − target)². */
export const meanSquaredError = plain('meanSquaredError');

/** Options of `precision`, `recall` and `f1`. */
export interface ClassOptions extends ThresholdOptions {
  /** The mean over the classes that occur, with equal weights: the default. */
  average?: 'macro';
  /** Only this class: its log is 'precision_3' and so on. */
  class?: number;
}

/**
 * The share of the samples predicted as a class that are of that class; 0 if there are none. Exact over an epoch, not a
 * mean of batches. An output of one column has two classes: 1 above `threshold`, else 0.
 */
export const precision = (options: ClassOptions = {}): Metric => counted('precision', options);

/** The share of a class's samples that were predicted as that class; otherwise as `precision`. */
export const recall = (options: ClassOptions = {}): Metric => counted('recall', options);

/** The harmonic mean of precision and recall, class by class; otherwise as `precision`. */
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
