// Checks the data that a call was given, and makes samples of them, which can be copied one by one.

import { NumericError, ShapeError, StateError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { isFloat32, notFloat32 } from '../base/options.js';
import { type Shape, sameShape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Objective } from '../lowering/objective.js';
import type { Graph } from '../network/graph.js';
import {
  checkLabel,
  checkLabels,
  IGNORED,
  ignoredBy,
  type Loss,
} from '../operators/loss/loss.emit.js';
import { isNumberArray } from '../tensor/nested.js';
import { type Data, type Numbers, numbersOf } from '../tensor/numbers.js';
import { Tensor } from '../tensor/tensor.js';
import { isPicture, otherChannels, wayOut } from './hints.js';
import { type InputSource, keyed, type Samples, type TargetSource } from './samples.js';
import { RowWeights, type WeightOptions } from './sampleweights.js';

/** Data for a model: for several inputs or outputs a list in their order, or a record by their names. */
export type DataSet = Data | readonly Data[] | Readonly<Record<string, Data>>;

/** The model that data are checked against. */
interface Receiver {
  readonly network: { readonly name: string; readonly graph: Graph };
  /** Undefined before `compile`. */
  readonly objective: Objective | undefined;
}

/** Takes the data of one call of a model's method, whose name errors begin with. */
export class Intake {
  /** 'fit', or 'fit: validationData'. */
  readonly call: string;
  readonly #receiver: Receiver;

  constructor(receiver: Receiver, call: string) {
    this.#receiver = receiver;
    this.call = call;
  }

  /** 'model.fit'. */
  get where(): string {
    return `${this.#receiver.network.name}.${this.call}`;
  }

  /** An intake for one option of the call, such as 'validationData'. */
  part(name: string): Intake {
    return new Intake(this.#receiver, `${this.call}: ${name}`);
  }

  /** What `compile` fixed. @throws {StateError} before `compile` */
  get objective(): Objective {
    const { objective } = this.#receiver;
    if (objective) return objective;
    throw new StateError(`${this.call}: call compile({ optimizer, loss, metrics }) first`);
  }

  /**
   * Inputs without targets.
   *
   * @throws {ShapeError} {@link ValueError} for data that do not fit, or differ in their number of samples
   */
  inputs(x: DataSet): Samples {
    return naming(this.where, () => this.#inputs(x));
  }

  #inputs(x: DataSet): Samples {
    const { inputs, inputNames } = this.#receiver.network.graph;
    const sources = this.#dataOf('x', x, inputNames).map(({ name, data }, i) =>
      this.#input(name, data, inputs[i].shape),
    );
    const [{ count }] = sources;
    const other = sources.find((source) => source.count !== count);
    if (other) {
      throw new ShapeError(
        `${sources[0].name} has ${count} samples, but ${other.name} has ${other.count}`,
      );
    }
    return keyed({ where: this.where, x: sources, y: [], weights: [], count });
  }

  /** Inputs with targets and weights. @throws {ShapeError} {@link ValueError} {@link NumericError} */
  samples(x: DataSet, y: DataSet, weights: WeightOptions = {}): Samples {
    return naming(this.where, () => this.#samples(x, y, weights));
  }

  #samples(x: DataSet, y: DataSet, weights: WeightOptions): Samples {
    const { goals } = this.objective;
    this.#checkPair(x, y);
    const inputs = this.#inputs(x);
    const { inputs: first, outputs, outputNames } = this.#receiver.network.graph;
    // A flat array of pixels does not say how many channels it has.
    const [{ shape }] = first;
    const isFlat = isNumberArray(x);
    const hint = (count: number): string =>
      isFlat ? otherChannels('x', inputs.count * sizeOf(shape), shape, count) : '';
    const targets = this.#dataOf('y', y, outputNames).map(({ name, data }, i) =>
      this.target(name, data, outputs[i].shape, goals[i].loss, inputs.count, hint),
    );
    const named = outputs.map(({ shape }, i) => ({ name: outputNames[i], shape }));
    const rows = new RowWeights(weights).sources(targets, named);
    return keyed({ ...inputs, y: targets, weights: rows });
  }

  /** @throws {ValueError} where x holds x and y, and y is what should come after them */
  #checkPair(x: DataSet, y: DataSet | undefined): void {
    const { inputNames, outputNames } = this.#receiver.network.graph;
    const isOptions =
      y === undefined || (isRecord(y) && Object.keys(y).every((key) => !outputNames.includes(key)));
    if (!isOptions) return;
    const call = this.call.split(':')[0];
    if (Array.isArray(x) && x.length === 2 && inputNames.length === 1)
      throw new ValueError(
        `x is a list of two, and y is ${shown(y)}: of a pair [x, y] it is ${call}(...pair, options)`,
      );
    if (isRecord(x) && 'x' in x && 'y' in x && !inputNames.includes('x'))
      throw new ValueError(`x and y are arguments, not options: ${call}(x, y, options)`);
  }

  /** @throws {ShapeError} for data of another shape than samples have, or without samples */
  #input(name: string, data: Data, sampleShape: Shape): InputSource {
    const numbers = numbersOf(name, data);
    const size = sizeOf(sampleShape);
    const count = numbers.length / size;
    const expected = () => `[batch, ${sampleShape.join(', ')}]`;
    const fail = (what: string): never => {
      throw new ShapeError(`${name} ${what}`);
    };
    if (numbers.shape && !sameShape(numbers.shape.slice(1), sampleShape))
      fail(
        `must have shape ${expected()}, not ${show(numbers.shape)}${wayOut(numbers.shape, sampleShape, data instanceof Tensor)}`,
      );
    if (!Number.isInteger(count)) {
      fail(
        `has ${numbers.length} numbers, which is no whole number of samples ${show(sampleShape)} of ${size}${otherChannels(name, numbers.length, sampleShape)}`,
      );
    }
    if (count === 0) fail(`holds no samples; expected ${expected()} with a batch of at least 1`);
    const bytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
    return { name, count, bytes, copy: copier(numbers, size) };
  }

  /**
   * Targets for a model's outputs: one class index per row of the output, or numbers like the output.
   *
   * @param hint for the message if inputs and targets differ in number: what the inputs may be instead
   * @throws {ShapeError} for another number of samples than the inputs have, or another shape
   * @throws {ValueError} for a class index out of range
   * @throws {NumericError} for targets that are not finite
   */
  target(
    name: string,
    data: Data,
    outputShape: Shape,
    loss: Loss,
    count: number,
    hint: (count: number) => string = () => '',
  ): TargetSource {
    const numbers = numbersOf(name, data);
    const dense = sizeOf(outputShape);
    const classes = outputShape.at(-1) as number;
    const rows = dense / classes;
    const shaped = (...shape: number[]): boolean =>
      !numbers.shape || sameShape(numbers.shape, shape);
    const isDense =
      numbers.length === count * dense &&
      (shaped(count, ...outputShape) || (dense === 1 && shaped(count)));
    const isLabels =
      loss.type === 'softmaxCrossEntropy' &&
      numbers.length === count * rows &&
      (shaped(count, ...outputShape.slice(0, -1)) || shaped(count, ...outputShape.slice(0, -1), 1));
    const ignored = ignoredBy(loss);
    if (isLabels) {
      checkLabels(numbers.array(), classes, ignored);
      const copy = labelCopier(numbers, rows, classes, ignored);
      return { name, kind: 'labels', size: rows, count, copy };
    }
    if (isDense && ignored !== undefined)
      throw new ValueError(
        `the loss has an ignoreClass, so ${name} must be class indices: ${show([count, ...outputShape.slice(0, -1)])}`,
      );
    if (isDense) {
      checkFinite(name, numbers.array(), dense);
      checkTargets(name, numbers.array(), loss);
      return { name, kind: 'targets', size: dense, count, copy: copier(numbers, dense) };
    }
    const received = numbers.shape ? `shape ${show(numbers.shape)}` : `${numbers.length} numbers`;
    const takesLabels = loss.type === 'softmaxCrossEntropy';
    const indices = takesLabels ? `${count * rows} class indices or ` : '';
    const looksLikeLabels = !takesLabels && classes > 1 && numbers.length === count * rows;
    const way = looksLikeLabels
      ? `: of class indices the loss is 'softmaxCrossEntropy'; ${loss.type} takes rows such as one-hot ones`
      : (takesLabels && hint(numbers.length / rows)) || hint(numbers.length / dense);
    throw new ShapeError(
      `for ${count} samples, ${name} must be ${indices}shape ${show([count, ...outputShape])}, not ${received}${way}`,
    );
  }

  /** The data of each of a model's inputs or outputs. */
  #dataOf(
    what: 'x' | 'y',
    data: DataSet,
    names: readonly string[],
  ): { name: string; data: Data }[] {
    const named = (name: string): string => (names.length === 1 ? what : `${what} '${name}'`);
    const all = names.map((name) => `'${name}'`).join(', ');
    if (isPicture(data) && !names.includes('data')) {
      throw new ValueError(
        `${what} is a picture { data, width, height }: give its numbers, as in data.normalize(${what}.data); model.classify takes pictures`,
      );
    }
    if (isRecord(data)) {
      const unknown = Object.keys(data).find((key) => !names.includes(key));
      if (unknown !== undefined)
        throw new ValueError(`${what} has ${shown(unknown)}, but there are ${all}`);
      return names.map((name) => {
        if (Object.hasOwn(data, name)) return { name: named(name), data: data[name] };
        throw new ValueError(`${what} lacks '${name}'; there must be ${all}`);
      });
    }
    if (isList(data, names.length))
      return names.map((name, i) => ({ name: named(name), data: data[i] }));
    // Several outputs may learn the same targets; several inputs never get the same data.
    if (names.length === 1 || what === 'y')
      return names.map((name) => ({ name: named(name), data: data as Data }));
    throw new ValueError(
      `the model has ${names.length} inputs: ${what} must be a list of as many, or a record of ${all}`,
    );
  }
}

function copier(numbers: Numbers, size: number): InputSource['copy'] {
  return (sample, to, at) => {
    const from = numbers.array();
    const start = sample * size;
    // A view of all costs more than to copy a small sample.
    if (isNumberArray(from))
      to.set(from.length === size ? from : from.subarray(start, start + size), at);
    else for (let i = 0; i < size; i++) to[at + i] = from[start + i];
  };
}

/**
 * Kernels use labels as indices without checks: so each label is checked again when it is copied, as data may change.
 */
function labelCopier(
  numbers: Numbers,
  size: number,
  classes: number,
  ignored: number | undefined,
): InputSource['copy'] {
  return (sample, to, at) => {
    const from = numbers.array();
    const start = sample * size;
    for (let i = 0; i < size; i++) {
      const label = from[start + i];
      if (label !== ignored) checkLabel(label, start + i, classes);
      to[at + i] = label === ignored ? IGNORED : label;
    }
  };
}

/** @throws {NumericError} for the first number that is not finite in float32, of samples with `size` numbers each */
export function checkFinite(name: string, numbers: ArrayLike<number>, size: number): void {
  const bad = Array.prototype.findIndex.call(numbers, (value) => !isFloat32(value));
  if (bad < 0) return;
  throw new NumericError(
    `${name} contains ${notFloat32(numbers[bad])} in sample ${Math.floor(bad / size)} (element ${bad % size}): clean the data first`,
  );
}

/** What targets of some losses must be, in words, and whether a number is not. */
const ranges: { readonly [T in Loss['type']]?: readonly [string, (target: number) => boolean] } = {
  softmaxCrossEntropy: ['shares of classes, at least 0', (target) => target < 0],
  binaryCrossEntropy: ['probabilities from 0 to 1', (target) => target < 0 || target > 1],
  hinge: ['−1 and 1, or 0 for −1', (target) => target ** 3 !== target],
};

/** @throws {ValueError} for targets that make no sense for the loss */
function checkTargets(name: string, numbers: ArrayLike<number>, { type }: Loss): void {
  const [range, isOut] = ranges[type] ?? [];
  const bad = isOut && Array.prototype.find.call(numbers, isOut);
  if (bad === undefined) return;
  throw new ValueError(`${name} contains ${bad}, but targets of ${type} are ${range}`);
}

const isRecord = (data: DataSet): data is Readonly<Record<string, Data>> =>
  typeof data === 'object' &&
  data !== null &&
  !Array.isArray(data) &&
  !ArrayBuffer.isView(data) &&
  !(data instanceof Tensor);

/** Whether data are a list with data for each input or output, rather than one nested array. */
function isList(data: DataSet, count: number): data is readonly Data[] {
  if (!Array.isArray(data) || data.length !== count) return false;
  return count === 1
    ? data[0] instanceof Tensor
    : data.every((one) => typeof one === 'object' && one !== null);
}
