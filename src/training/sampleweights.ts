// How much each row counts in the loss: by its sample, by its class, or by both.

import { ShapeError, ValueError } from '../base/errors.js';
import { show } from '../base/shape.js';
import { classesOf } from '../operators/loss/metric.emit.js';
import { type Data, numbersOf } from '../tensor/numbers.js';
import type { InputSource, RowSource, TargetSource } from './samples.js';

/** How much classes count, by index: a list of all of them, or a record of those that do not count 1. */
export type ClassWeight = readonly number[] | Readonly<Record<number, number>>;

/** Options of `fit` and `trainOnBatch`. Both multiply a row's loss; means are over rows, not over weights. */
export interface WeightOptions {
  /** How much each sample counts: numbers ≥ 0. */
  sampleWeight?: Data;
  /** How much each class counts; targets must be class indices or one-hot. */
  classWeight?: ClassWeight;
}

/**
 * The weights of all rows, or undefined where none are given.
 *
 * @param columns the last dimension of the output
 * @throws {ShapeError} unless there is a weight for each sample
 * @throws {ValueError} for weights that are no numbers ≥ 0, for a class that there is not, and for
 *   classWeight where targets name no class
 */
export function weightSource(
  where: string,
  { sampleWeight, classWeight }: WeightOptions,
  targets: TargetSource,
  columns: number,
): RowSource | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const { count } = targets;
  const size = targets.form === 'labels' ? targets.size : targets.size / columns;
  const ofSample = sampleWeight === undefined ? () => 1 : samples(where, sampleWeight, count);
  const ofRows =
    classWeight === undefined ? undefined : rows(where, classWeight, targets, size, columns);
  const copy: InputSource['copy'] = (sample, to, at) => {
    to.fill(1, at, at + size);
    ofRows?.(sample, to, at);
    const own = ofSample(sample);
    for (let i = at; i < at + size; i++) to[i] *= own;
  };
  return { name: 'weights', count, size, copy };
}

function checkWeight(where: string, what: string, weight: number): void {
  if (weight >= 0 && weight < Number.POSITIVE_INFINITY) return;
  throw new ValueError(`${where}: ${what} is ${weight}: weights must be numbers ≥ 0`);
}

function samples(where: string, data: Data, count: number): (sample: number) => number {
  const numbers = numbersOf(where, 'sampleWeight', data);
  const { length, shape = [length] } = numbers;
  if (length !== count || shape[0] !== count) {
    throw new ShapeError(
      `${where}: sampleWeight must have shape [${count}], a number for each sample, not ${show(shape)}`,
    );
  }
  const all = numbers.array();
  for (let i = 0; i < count; i++) checkWeight(where, `sampleWeight ${i}`, all[i]);
  return (sample) => numbers.array()[sample];
}

/** Writes the weights of a sample's rows by their classes. */
function rows(
  where: string,
  given: ClassWeight,
  targets: TargetSource,
  size: number,
  columns: number,
): InputSource['copy'] {
  const weights = classWeights(where, given, classesOf(columns));
  const target = new Float32Array(targets.size);
  const copy: InputSource['copy'] = (sample, to, at) => {
    targets.copy(sample, target, 0);
    for (let row = 0; row < size; row++) {
      const k = targets.form === 'labels' ? target[row] : hot(target, row * columns, columns);
      if (k < 0) {
        throw new ValueError(
          `${where}: classWeight needs class indices or one-hot targets, but those of sample ${sample} are neither: use sampleWeight`,
        );
      }
      to[at + row] = weights[k];
    }
  };
  const spare = new Float32Array(size);
  for (let sample = 0; sample < targets.count; sample++) copy(sample, spare, 0);
  return copy;
}

/** The class of a one-hot row, or of a single 0 or 1; −1 for any other row. */
function hot(target: Float32Array, at: number, columns: number): number {
  if (columns === 1) return target[at] === 0 || target[at] === 1 ? target[at] : -1;
  let found = -1;
  for (let c = 0; c < columns; c++) {
    if (target[at + c] === 0) continue;
    if (target[at + c] !== 1 || found >= 0) return -1;
    found = c;
  }
  return found;
}

function classWeights(where: string, given: ClassWeight, classes: number): Float64Array {
  if (typeof given !== 'object' || given === null || given instanceof Map) {
    throw new ValueError(
      `${where}: classWeight must be a list or a record by class, such as { 1: 5 }, not ${given instanceof Map ? 'a Map' : given}`,
    );
  }
  if (Array.isArray(given) && given.length !== classes) {
    throw new ValueError(
      `${where}: classWeight has ${given.length} numbers for ${classes} classes: give a record, such as { 1: 5 }, for some of them`,
    );
  }
  const weights = new Float64Array(classes).fill(1);
  for (const [key, weight] of Object.entries(given)) {
    const k = Number(key);
    if (!(Number.isInteger(k) && k >= 0 && k < classes)) {
      throw new ValueError(
        `${where}: classWeight names class ${key}, but the ${classes} classes are 0 to ${classes - 1}`,
      );
    }
    checkWeight(where, `classWeight ${key}`, weight);
    weights[k] = weight;
  }
  return weights;
}
