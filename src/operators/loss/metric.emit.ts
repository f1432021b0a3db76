// Metrics as ops: plain descriptions, and what they emit. A metric is either the mean of a figure of each row, or it is
// computed from counts of right and predicted classes, which JavaScript keeps (confusion.ts).

import { Comparison } from '../../../bindings/constants.js';
import { ValueError } from '../../base/errors.js';
import { hereItIs } from '../../base/names.js';
import { shown } from '../../base/shown.js';
import { type Emitter, none, type Value } from '../../program/emitter.js';
import { rowsOf, type Target } from './loss.emit.js';

/** A metric that is a mean over rows; see `metrics`. */
export type MeanMetric =
  | { readonly type: 'topK'; readonly name: string; readonly k: number }
  | { readonly type: 'binaryAccuracy'; readonly name: string; readonly threshold?: number }
  | { readonly type: 'meanAbsoluteError' | 'meanSquaredError'; readonly name: string };

/** A metric of one class, or the mean of all classes (`average`); see `metrics`. */
export type CountMetric = {
  readonly type: 'precision' | 'recall' | 'f1';
  readonly name: string;
  /** For an output of one column: above it is class 1. */
  readonly threshold?: number;
} & ({ readonly average: 'macro' } | { readonly class: number });

/** A metric with all its numbers. */
export type Metric = MeanMetric | CountMetric;

/** The metrics that have a name of their own. */
const named = {
  accuracy: { type: 'topK', k: 1 },
  binaryAccuracy: { type: 'binaryAccuracy' },
  meanAbsoluteError: { type: 'meanAbsoluteError' },
  meanSquaredError: { type: 'meanSquaredError' },
  precision: { type: 'precision', average: 'macro' },
  recall: { type: 'recall', average: 'macro' },
  f1: { type: 'f1', average: 'macro' },
} as const;

/** What Keras, TF.js and PyTorch call them. */
const foreign = {
  acc: "'accuracy'",
  categoricalaccuracy: "'accuracy'",
  sparsecategoricalaccuracy: "'accuracy'",
  topkcategoricalaccuracy: 'metrics.topK({ k })',
  sparsetopkcategoricalaccuracy: 'metrics.topK({ k })',
  mse: "'meanSquaredError'",
  mae: "'meanAbsoluteError'",
  f1score: "'f1'",
};

/** Metrics that `compile` knows by name. */
export type MetricName = keyof typeof named;

/** The comparisons that metrics use. */
const comparisons = {
  meanSquaredError: Comparison.Squared,
  meanAbsoluteError: Comparison.Absolute,
  binaryAccuracy: Comparison.Agreement,
} as const;

/** @throws {ValueError} for a metric that there is not, or numbers out of range */
export function checkMetric(metric: MetricName | Metric): Metric {
  if (typeof metric === 'string' && Object.hasOwn(named, metric)) {
    return { ...named[metric], name: metric };
  }
  if (typeof metric === 'object' && typeof metric?.name === 'string' && isSound(metric)) {
    return metric;
  }
  const names = Object.keys(named);
  throw new ValueError(
    `compile: there is no metric ${shown(metric)}${hereItIs(metric, names, foreign)}; there are '${names.join("', '")}'; metrics.topK({ k }) makes one`,
  );
}

function isSound(metric: Metric): boolean {
  switch (metric.type) {
    case 'topK':
      return metric.k >= 1;
    case 'binaryAccuracy':
      return isThreshold(metric.threshold);
    case 'precision':
    case 'recall':
    case 'f1':
      if (!isThreshold(metric.threshold)) return false;
      return 'class' in metric
        ? Number.isInteger(metric.class) && metric.class >= 0
        : metric.average === 'macro';
    default:
      return Object.hasOwn(comparisons, metric.type);
  }
}

const isThreshold = (given: number | undefined): boolean =>
  given === undefined || Number.isFinite(given);

/** Whether a metric is computed from counts. */
export const isCounted = (metric: Metric): metric is CountMetric =>
  'average' in metric || 'class' in metric;

/** What metrics look at. */
export interface Scores {
  /** The outputs, or their logits: in the same order. */
  readonly x: Value;
  /** The outputs themselves; emitted when they are first asked for. */
  outputs(): Value;
  readonly target: Target;
  /** An output above it means yes: ½, or 0 where the outputs are logits. */
  readonly middle: number;
}

/** Emits the mean over rows. @throws {ValueError} for outputs or targets that the metric makes no sense of */
export function emitMetric(e: Emitter, metric: MeanMetric, mean: Value, scores: Scores): void {
  const { x, target } = scores;
  const { rows, columns } = rowsOf(x);
  const figures = e.value([rows]);
  if (metric.type === 'topK') {
    if (columns === 1) {
      throw new ValueError(
        `${metric.name}: the output has one column, which is always the best: use 'binaryAccuracy'`,
      );
    }
    const top = metric.k;
    e.emit('topK', { hits: figures, x, ...target, rows, classes: columns, top });
  } else {
    if (target.targets === none) {
      throw new ValueError(
        `${metric.name}: needs targets shaped like the output, not class indices: make y one-hot`,
      );
    }
    e.emit('elementLoss', {
      losses: figures,
      dx: none,
      x: scores.outputs(),
      targets: target.targets,
      weights: none,
      rows,
      columns,
      scale: 0,
      kind: comparisons[metric.type],
      parameter: metric.type === 'binaryAccuracy' ? (metric.threshold ?? scores.middle) : 0,
    });
  }
  e.emit('mean', { y: mean, x: figures, count: rows });
}

/** Right and predicted classes [rows], i32. */
export interface Classes {
  readonly right: Value;
  readonly predicted: Value;
}

/** How many classes there are for so many columns: one column has two, below and above the threshold. */
export const classesOf = (columns: number): number => Math.max(2, columns);

/** The thresholds that metrics count by, each once: undefined for the middle. */
export const thresholdsOf = (metrics: readonly Metric[]): readonly (number | undefined)[] => [
  ...new Set(metrics.filter(isCounted).map(({ threshold }) => threshold)),
];

/**
 * Emits the classes to be counted, for each of `thresholdsOf`.
 *
 * @throws {ValueError} for a class that there is not, and for a threshold where the best column counts
 */
export function emitClasses(
  e: Emitter,
  metrics: readonly CountMetric[],
  { x, outputs, target, middle }: Scores,
): Classes[] {
  const { rows, columns } = rowsOf(x);
  for (const metric of metrics) {
    if ('class' in metric && metric.class >= classesOf(columns)) {
      throw new ValueError(
        `${metric.name}: there is no class ${metric.class}: the ${classesOf(columns)} classes are 0 to ${classesOf(columns) - 1}`,
      );
    }
    if (metric.threshold !== undefined && columns > 1) {
      throw new ValueError(
        `${metric.name}: a threshold is for outputs of one column; of ${columns} columns the best is the class`,
      );
    }
  }
  const best = (of: Value, threshold: number): Value => {
    const classes = e.value([rows], 'int32');
    e.emit('argmax', { classes, x: of, rows, columns, threshold });
    return classes;
  };
  const { labels, targets } = target;
  const right = labels === none ? best(targets as Value, 0.5) : (labels as Value);
  return thresholdsOf(metrics).map((threshold = middle) => ({
    right,
    predicted: best(columns === 1 ? outputs() : x, threshold),
  }));
}
