// Losses and the metric as ops: each takes predictions row by row, and gives the mean of the rows.

import { ValueError } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { asValue, type Emitter, none, type Operand, type Value } from './emitter.js';

/** A loss by its name. */
export interface Loss {
  readonly type: 'softmaxCrossEntropy' | 'meanSquaredError';
}

const types: readonly Loss['type'][] = ['softmaxCrossEntropy', 'meanSquaredError'];

/** @throws {ValueError} for a loss that there is not */
export function checkLoss(loss: Loss['type'] | Loss): Loss {
  const type = typeof loss === 'string' ? loss : loss?.type;
  if (types.includes(type)) return { type };
  throw new ValueError(`compile: there is no loss '${type}'; there are ${types.join(' and ')}`);
}

/** What is right: class indices (i32), or numbers shaped like the prediction. One of them is `none`. */
export interface Target {
  readonly labels: Operand;
  readonly targets: Operand;
}

/** Where a loss goes: per row, its gradient, and the mean over rows [1]. */
export interface LossInto {
  readonly losses: Value;
  readonly dx: Value;
  readonly mean: Value;
}

/** A tensor as target. */
export function targetOf(tensor: Tensor, indices: boolean): Target {
  const value = asValue(tensor);
  return indices ? { labels: value, targets: none } : { labels: none, targets: value };
}

/** @throws {ValueError} unless the label is a class; `place` says which label it is */
export function checkLabel(where: string, label: number, place: number, classes: number): void {
  if (Number.isInteger(label) && label >= 0 && label < classes) return;
  throw new ValueError(
    `${where}: label ${place} is ${label}, but the ${classes} classes are 0 to ${classes - 1}`,
  );
}

/** @throws {ValueError} for the first label that is not a class */
export function checkLabels(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) checkLabel(where, labels[i], i, classes);
}

const rowsOf = (x: Value) => {
  const columns = x.shape.at(-1) as number;
  return { rows: x.size / columns, columns };
};

/** Cross-entropy of the softmax of x over its last dimension. dx is multiplied by `weight`. */
export function softmaxCrossEntropy(
  e: Emitter,
  { losses, dx, mean }: LossInto,
  x: Value,
  target: Target,
  weight = 1,
): void {
  const { rows, columns: classes } = rowsOf(x);
  e.emit('softmaxCrossEntropy', { losses, dx, x, ...target, rows, classes, scale: weight / rows });
  e.emit('mean', { y: mean, x: losses, count: rows });
}

/** Mean of (x − target)². dx is multiplied by `weight`. */
export function meanSquaredError(
  e: Emitter,
  { losses, dx, mean }: LossInto,
  x: Value,
  targets: Operand,
  weight = 1,
): void {
  const { rows, columns } = rowsOf(x);
  e.emit('squaredError', { losses, dx, x, targets, rows, columns, scale: weight / rows });
  e.emit('mean', { y: mean, x: losses, count: rows });
}

/** The share of samples whose right class is among the `k` best. */
export interface Metric {
  readonly name: string;
  readonly k: number;
}

/** @throws {ValueError} for a metric that there is not */
export function checkMetric(metric: 'accuracy' | Metric): Metric {
  if (metric === 'accuracy') return { name: 'accuracy', k: 1 };
  if (typeof metric === 'object' && typeof metric?.name === 'string' && metric.k >= 1) {
    return { name: metric.name, k: metric.k };
  }
  throw new ValueError(
    `compile: there is no metric ${JSON.stringify(metric)}; there are 'accuracy', metrics.accuracy() and metrics.topK({ k })`,
  );
}

/** The share of rows whose right class is among the `top` best. */
export function topK(e: Emitter, mean: Value, x: Value, target: Target, top: number): void {
  const { rows, columns: classes } = rowsOf(x);
  const hits = e.value([rows]);
  e.emit('topK', { hits, x, ...target, rows, classes, top });
  e.emit('mean', { y: mean, x: hits, count: rows });
}
