// `metrics.confusionMatrix`: counts which classes a model mistakes for which.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { any, optionsOf } from '../base/options.js';
import { checkInteger, show } from '../base/shape.js';
import { layout } from '../base/table.js';
import { Confusion, type Figure } from '../operators/loss/confusion.js';
import { type Data, numbersOf } from '../tensor/numbers.js';

/** What `metrics.confusionMatrix` returns. */
export interface ConfusionMatrix {
  /** matrix[right][predicted]: how many samples. */
  readonly matrix: number[][];
  readonly accuracy: number;
  /** For each class: the share of its predictions that are right; 0 if it was never predicted. */
  readonly precision: number[];
  /** For each class: the share of its samples that were predicted; 0 if it has no samples. */
  readonly recall: number[];
  /** For each class: the harmonic mean of precision and recall. */
  readonly f1: number[];
  /** The matrix as a table of text. */
  toString(): string;
}

/** Options of `metrics.confusionMatrix`. */
export interface ConfusionOptions {
  /** The number of classes, or their names; by default as many as occur in the data. */
  classes?: number | readonly string[];
}

/**
 * Counts which classes are mistaken for which.
 *
 * @param labels the right class indices [n], or one-hot rows [n, classes]
 * @param predictions class indices [n]; or scores [n, classes], such as `predict` returns: the class of the best score
 *   counts. Scores [n, 1] mean class 1 if they are above ½, else class 0
 * @throws {ShapeError} unless there are as many predictions as labels
 * @throws {ValueError} for an index that is not a class
 */
export function confusionMatrix(
  labels: Data,
  predictions: Data,
  options: ConfusionOptions = {},
): ConfusionMatrix {
  return naming('metrics.confusionMatrix', () => matrixOf(labels, predictions, options));
}

function matrixOf(labels: Data, predictions: Data, options: ConfusionOptions): ConfusionMatrix {
  const { classes } = optionsOf(options, { classes: any });
  const names = typeof classes === 'number' ? undefined : classes;
  const known = typeof classes === 'number' ? classes : names?.length;
  if (known !== undefined) checkInteger('classes', known);
  const right = classesFrom('labels', labels, undefined, known);
  const predicted = classesFrom('predictions', predictions, right.length, known);
  if (predicted.length !== right.length) {
    throw new ShapeError(`there are ${right.length} labels but ${predicted.length} predictions`);
  }
  const most = [...right, ...predicted].reduce((most, k) => Math.max(most, k), 0);
  const confusion = new Confusion(known ?? most + 1);
  confusion.add(right, predicted);
  return described(confusion, names);
}

/** Class indices from indices, or from rows of scores. */
function classesFrom(
  name: string,
  data: Data,
  count: number | undefined,
  known: number | undefined,
): Int32Array {
  const source = numbersOf(name, data);
  const numbers = source.array();
  const [rows, columns = 1] = source.shape ?? rowsLike(source.length, count, known);
  if (source.shape && source.shape.length > 2) {
    throw new ShapeError(
      `${name} must be [n] or [n, classes], not ${show(source.shape)}: of places reshape it to ${show([-1, source.shape.at(-1) as number])}`,
    );
  }
  const single = source.shape?.length === 2 && columns === 1 && name === 'predictions';
  return Int32Array.from({ length: rows }, (_, row) => {
    if (single) return Number(numbers[row] > 0.5);
    const k = columns > 1 ? best(numbers, row * columns, columns) : numbers[row];
    if (Number.isInteger(k) && k >= 0 && k < (known ?? Number.POSITIVE_INFINITY)) return k;
    const range = known === undefined ? '' : ` from 0 to ${known - 1}`;
    throw new ValueError(`${name}: sample ${row} is ${k}, which is no class index${range}`);
  });
}

/** The shape of flat data: one number per sample, or one per sample and class. */
function rowsLike(length: number, count: number | undefined, classes: number | undefined) {
  if (count !== undefined && classes && length === count * classes) return [count, classes];
  return [length];
}

/** The column of the largest number; the first one of several equal ones. */
function best(numbers: ArrayLike<number>, at: number, columns: number): number {
  let most = 0;
  for (let c = 1; c < columns; c++) if (numbers[at + c] > numbers[at + most]) most = c;
  return most;
}

function described(confusion: Confusion, names: readonly string[] | undefined): ConfusionMatrix {
  const all = Array.from({ length: confusion.classes }, (_, k) => k);
  const figures = (name: Figure) => all.map((k) => confusion.figure(name, k));
  const result = {
    matrix: all.map((right) => all.map((predicted) => confusion.at(right, predicted))),
    accuracy: confusion.accuracy,
    precision: figures('precision'),
    recall: figures('recall'),
    f1: figures('f1'),
    toString: () => drawn(result, names ?? all.map(String), confusion.total),
  };
  return result;
}

/** A line for each right class, a column for each predicted one; recall and precision at the edges. */
function drawn(
  { matrix, accuracy, precision, recall, f1 }: ConfusionMatrix,
  names: readonly string[],
  total: number,
): string {
  const digits = (value: number) => value.toFixed(3);
  return layout(
    `${total} samples, accuracy ${digits(accuracy)}`,
    [
      ['right ╲ predicted', ...names, 'recall', 'F1'],
      ...matrix.map((row, k) => [names[k], ...row.map(String), digits(recall[k]), digits(f1[k])]),
      ['precision', ...precision.map(digits), '', ''],
    ],
    1,
  );
}
