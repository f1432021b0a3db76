// Weights of rows: how much each row counts in the loss, by its sample or place, by its class, or by both.

import { ShapeError, ValueError } from '../base/errors.js';
import { isFloat32 } from '../base/options.js';
import { type Shape, sameShape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { classesOf } from '../operators/loss/metric.emit.js';
import { type Data, numbersOf } from '../tensor/numbers.js';
import { Tensor } from '../tensor/tensor.js';
import type { InputSource, RowSource, TargetSource } from './samples.js';

/** How much each class counts: a list of all classes, or a record by class index of those that do not count 1. */
export type ClassWeight = readonly number[] | Readonly<Record<number, number>>;

/**
 * How much each sample counts: numbers ≥ 0 [n]; or, for outputs [n, height, width, classes], a number for each place
 * [n, height, width]. For several outputs also a record by their names.
 */
export type SampleWeight = Data | Readonly<Record<string, Data>>;

/**
 * Options of `fit` and `trainOnBatch`. Both weights multiply a row's loss; a mean divides by the number of rows, not by
 * the sum of weights.
 */
export interface WeightOptions {
  /** How much each sample, or each place of it, counts: numbers ≥ 0. */
  sampleWeight?: SampleWeight;
  /**
   * How much each class counts in training; targets must be class indices or one-hot. For several outputs a
   * record by their names.
   */
  classWeight?: ClassWeight | Readonly<Record<string, ClassWeight>>;
}

/** What of an output matters for its rows' weights. */
interface Output {
  readonly name: string;
  readonly shape: Shape;
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !ArrayBuffer.isView(value) &&
  !(value instanceof Tensor);

/** The weights that one call was given, with the name of the call, which errors begin with. */
export class RowWeights {
  readonly #options: WeightOptions;

  constructor(options: WeightOptions) {
    this.#options = options;
  }

  #fail(what: string): never {
    throw new ValueError(what);
  }

  /**
   * The weights of all rows, for each output; an empty list if the call was given none.
   *
   * @throws {ShapeError} unless there is a weight for each sample, or each of its rows
   * @throws {ValueError} for weights that are not numbers ≥ 0, for an unknown class or output, and for classWeight if
   *   the targets have no classes
   */
  sources(targets: readonly TargetSource[], outputs: readonly Output[]): RowSource[] {
    const { sampleWeight, classWeight } = this.#options;
    if (sampleWeight === undefined && classWeight === undefined) return [];
    const names = outputs.map(({ name }) => name);
    const bySample = this.#bySample(sampleWeight, names);
    const byClass = this.#byClass(classWeight, names);
    return targets.map((target, i) =>
      this.#source(target, outputs[i].shape, bySample[i], byClass[i]),
    );
  }

  #bySample(given: SampleWeight | undefined, names: readonly string[]): (Data | undefined)[] {
    if (!isPlain(given)) return names.map(() => given as Data | undefined);
    this.#checkNames('sampleWeight', given, names);
    return names.map((name) => given[name]);
  }

  #byClass(
    given: WeightOptions['classWeight'],
    names: readonly string[],
  ): (ClassWeight | undefined)[] {
    const isNamed =
      isPlain(given) && Object.keys(given).length > 0 && Object.values(given).every(isClassWeight);
    if (isNamed) {
      this.#checkNames('classWeight', given, names);
      return names.map((name) => (given as Readonly<Record<string, ClassWeight>>)[name]);
    }
    if (given !== undefined && names.length > 1) {
      this.#fail(
        `there are ${names.length} outputs: classWeight must be a record by their names, such as { '${names[0]}': { 1: 5 } }`,
      );
    }
    return names.map(() => given as ClassWeight | undefined);
  }

  #checkNames(what: string, given: object, names: readonly string[]): void {
    const unknown = Object.keys(given).find((key) => !names.includes(key));
    if (unknown !== undefined)
      this.#fail(`${what} has ${shown(unknown)}, but the outputs are '${names.join("', '")}'`);
  }

  #source(
    target: TargetSource,
    shape: Shape,
    sampleWeight: Data | undefined,
    classWeight: ClassWeight | undefined,
  ): RowSource {
    const { count } = target;
    const rows = shape.slice(0, -1);
    const size = sizeOf(rows);
    const ofSample =
      sampleWeight === undefined ? undefined : this.#samples(sampleWeight, count, rows);
    const columns = shape.at(-1) as number;
    const ofRows =
      classWeight === undefined ? undefined : this.#rows(classWeight, target, size, columns);
    const copy: InputSource['copy'] = (sample, to, at) => {
      to.fill(1, at, at + size);
      ofRows?.(sample, to, at);
      ofSample?.(sample, to, at);
    };
    return { name: 'weights', count, size, copy };
  }

  #checkWeight(what: string, weight: number): void {
    if (Number.isFinite(weight) && weight >= 0 && isFloat32(weight)) return;
    this.#fail(`${what} is ${shown(weight)}: weights must be numbers ≥ 0`);
  }

  /** Multiplies the weights of a sample's rows by its own. */
  #samples(data: Data, count: number, rows: Shape): InputSource['copy'] {
    const numbers = numbersOf('sampleWeight', data);
    const size = sizeOf(rows);
    const { length, shape } = numbers;
    const isShaped = (...expected: number[]) => !shape || sameShape(shape, expected);
    const each = length === count * size && isShaped(count, ...rows) ? size : 1;
    if (each === 1 && !(length === count && isShaped(count))) {
      const places = size > 1 ? `, or ${show([count, ...rows])}, one for each place` : '';
      throw new ShapeError(
        `sampleWeight must have shape [${count}], a number for each sample${places}, not ${show(shape ?? [length])}`,
      );
    }
    const all = numbers.array();
    for (let i = 0; i < length; i++) this.#checkWeight(`sampleWeight ${i}`, all[i]);
    return (sample, to, at) => {
      const now = numbers.array();
      for (let i = 0; i < size; i++) to[at + i] *= now[sample * each + (each > 1 ? i : 0)];
    };
  }

  /** Writes the weights of a sample's rows by their classes. */
  #rows(
    given: ClassWeight,
    targets: TargetSource,
    size: number,
    columns: number,
  ): InputSource['copy'] {
    const weights = this.#classWeights(given, classesOf(columns));
    const target = new Float32Array(targets.size);
    const copy: InputSource['copy'] = (sample, to, at) => {
      targets.copy(sample, target, 0);
      for (let row = 0; row < size; row++) {
        const isLabel = targets.kind === 'labels';
        const k = isLabel ? target[row] : hot(target, row * columns, columns);
        if (k < 0 && !isLabel) {
          this.#fail(
            `classWeight needs class indices or one-hot targets, but those of sample ${sample} are neither: use sampleWeight`,
          );
        }
        to[at + row] = k < 0 ? 0 : weights[k];
      }
    };
    const spare = new Float32Array(size);
    for (let sample = 0; sample < targets.count; sample++) copy(sample, spare, 0);
    return copy;
  }

  #classWeights(given: ClassWeight, classes: number): Float64Array {
    if (!isClassWeight(given)) {
      this.#fail(
        `classWeight must be a list or a record by class, such as { 1: 5 }, not ${shown(given)}`,
      );
    }
    if (Array.isArray(given) && given.length !== classes) {
      this.#fail(
        `classWeight has ${given.length} numbers for ${classes} classes: give a record, such as { 1: 5 }, for some of them`,
      );
    }
    const weights = new Float64Array(classes).fill(1);
    for (const [key, weight] of Object.entries(given)) {
      const k = Number(key);
      if (!(Number.isInteger(k) && k >= 0 && k < classes)) {
        this.#fail(
          `classWeight names class ${key}, but the ${classes} classes are 0 to ${classes - 1}`,
        );
      }
      this.#checkWeight(`classWeight ${key}`, weight as number);
      weights[k] = weight as number;
    }
    return weights;
  }
}

const isClassWeight = (given: unknown): given is ClassWeight =>
  typeof given === 'object' &&
  given !== null &&
  (Array.isArray(given) || Object.getPrototypeOf(given) === Object.prototype);

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
