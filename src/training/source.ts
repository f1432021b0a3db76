// Data on its way into a model: inputs and targets, sample by sample, from tensors or arrays.

import { NumericError, ShapeError, ValueError } from '../base/errors.js';
import { type Shape, sameShape, show, sizeOf } from '../base/shape.js';
import type { Objective } from '../lowering/objective.js';
import type { Graph } from '../network/graph.js';
import {
  checkLabel,
  checkLabels,
  type Loss,
  type TargetForm,
} from '../operators/loss/loss.emit.js';
import { type Data, type Numbers, numbersOf } from '../tensor/numbers.js';
import { isNumberArray, Tensor } from '../tensor/tensor.js';

/** What models take: for several inputs or outputs a list in their order, or a record by their names. */
export type DataSet = Data | readonly Data[] | Readonly<Record<string, Data>>;

/** Samples that can be copied one by one. */
export interface InputSource {
  /** For messages. */
  readonly name: string;
  readonly count: number;
  /** Copies a sample to `to` from index `at` on. */
  copy(sample: number, to: Float32Array | Int32Array, at: number): void;
}

/** Numbers for rows, with how many a sample has. */
export interface RowSource extends InputSource {
  readonly size: number;
}

/** Targets. */
export interface TargetSource extends RowSource {
  readonly form: TargetForm;
}

/** Samples for all inputs and outputs. */
export interface Samples {
  readonly x: readonly InputSource[];
  readonly y: readonly TargetSource[];
  /** For each output, where rows have weights; else none. */
  readonly weights: readonly RowSource[];
  readonly count: number;
}

function copier(numbers: Numbers, size: number): InputSource['copy'] {
  return (sample, to, at) => {
    const from = numbers.array();
    const start = sample * size;
    if (isNumberArray(from)) to.set(from.subarray(start, start + size), at);
    else for (let i = 0; i < size; i++) to[at + i] = from[start + i];
  };
}

/** Kernels index by labels without looking: each is checked again, should the data have changed. */
function labelCopier(
  where: string,
  numbers: Numbers,
  size: number,
  classes: number,
): InputSource['copy'] {
  return (sample, to, at) => {
    const from = numbers.array();
    const start = sample * size;
    for (let i = 0; i < size; i++) {
      checkLabel(where, from[start + i], start + i, classes);
      to[at + i] = from[start + i];
    }
  };
}

/**
 * Inputs for a model whose samples have the given shape.
 *
 * @throws {ShapeError} where the data are shaped otherwise, or hold no sample
 */
function inputSource(where: string, name: string, data: Data, sampleShape: Shape): InputSource {
  const numbers = numbersOf(where, name, data);
  const size = sizeOf(sampleShape);
  const count = numbers.length / size;
  const expected = `[batch, ${sampleShape.join(', ')}]`;
  if (numbers.shape && !sameShape(numbers.shape.slice(1), sampleShape)) {
    throw new ShapeError(
      `${where}: ${name} must have shape ${expected}, not ${show(numbers.shape)}`,
    );
  }
  if (!Number.isInteger(count)) {
    throw new ShapeError(
      `${where}: ${name} has ${numbers.length} numbers, which is no whole number of samples ${show(sampleShape)} of ${size}`,
    );
  }
  if (count === 0) {
    throw new ShapeError(
      `${where}: ${name} holds no samples; expected ${expected} with a batch of at least 1`,
    );
  }
  return { name, count, copy: copier(numbers, size) };
}

/**
 * Targets for a model's outputs: one class index per row of the output, or numbers like the output.
 *
 * @throws {ShapeError} where there are not as many as inputs, or they are shaped otherwise
 * @throws {ValueError} for a class index out of range
 * @throws {NumericError} for targets that are not finite
 */
export function targetSource(
  where: string,
  name: string,
  data: Data,
  outputShape: Shape,
  { type }: Loss,
  count: number,
): TargetSource {
  const numbers = numbersOf(where, name, data);
  const dense = sizeOf(outputShape);
  const classes = outputShape.at(-1) as number;
  const rows = dense / classes;
  const shaped = (...shape: number[]): boolean => !numbers.shape || sameShape(numbers.shape, shape);
  const isDense =
    numbers.length === count * dense &&
    (shaped(count, ...outputShape) || (dense === 1 && shaped(count)));
  const isLabels =
    type === 'softmaxCrossEntropy' &&
    numbers.length === count * rows &&
    (shaped(count, ...outputShape.slice(0, -1)) || shaped(count, ...outputShape.slice(0, -1), 1));
  if (isLabels) {
    checkLabels(where, numbers.array(), classes);
    const copy = labelCopier(where, numbers, rows, classes);
    return { name, form: 'labels', size: rows, count, copy };
  }
  if (isDense) {
    const bad = Array.prototype.findIndex.call(numbers.array(), (value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new NumericError(
        `${where}: ${name} contains ${numbers.array()[bad]} in sample ${Math.floor(bad / dense)} (element ${bad % dense}): clean the data first`,
      );
    }
    return { name, form: 'targets', size: dense, count, copy: copier(numbers, dense) };
  }
  const received = numbers.shape ? `shape ${show(numbers.shape)}` : `${numbers.length} numbers`;
  const indices = type === 'softmaxCrossEntropy' ? `${count * rows} class indices or ` : '';
  throw new ShapeError(
    `${where}: for ${count} samples, ${name} must be ${indices}shape ${show([count, ...outputShape])}, not ${received}`,
  );
}

const isRecord = (data: DataSet): data is Readonly<Record<string, Data>> =>
  typeof data === 'object' &&
  data !== null &&
  !Array.isArray(data) &&
  !ArrayBuffer.isView(data) &&
  !(data instanceof Tensor);

/** Whether data are a list of such, one for each tensor, rather than one in nested arrays. */
function isList(data: DataSet, count: number): data is readonly Data[] {
  if (!Array.isArray(data) || data.length !== count) return false;
  return count === 1
    ? data[0] instanceof Tensor
    : data.every((one) => typeof one === 'object' && one !== null);
}

/** The data of each of a model's inputs or outputs. */
function dataOf(
  where: string,
  what: 'x' | 'y',
  data: DataSet,
  names: readonly string[],
): { name: string; data: Data }[] {
  const named = (name: string): string => (names.length === 1 ? what : `${what} '${name}'`);
  const all = names.map((name) => `'${name}'`).join(', ');
  if (isRecord(data)) {
    const unknown = Object.keys(data).find((key) => !names.includes(key));
    if (unknown !== undefined)
      throw new ValueError(`${where}: ${what} has '${unknown}', but there are ${all}`);
    return names.map((name) => {
      if (Object.hasOwn(data, name)) return { name: named(name), data: data[name] };
      throw new ValueError(`${where}: ${what} lacks '${name}'; there must be ${all}`);
    });
  }
  if (isList(data, names.length))
    return names.map((name, i) => ({ name: named(name), data: data[i] }));
  // The heads of one network learn the same targets; its inputs differ.
  if (names.length === 1 || what === 'y')
    return names.map((name) => ({ name: named(name), data: data as Data }));
  throw new ValueError(
    `${where}: the model has ${names.length} inputs: ${what} must be a list of as many, or a record of ${all}`,
  );
}

/**
 * A model's inputs.
 *
 * @throws {ShapeError} {@link ValueError} for data that do not fit, or differ in their number of samples
 */
export function inputsOf(
  where: string,
  { inputs, inputNames }: Graph,
  x: DataSet,
): { x: InputSource[]; count: number } {
  const sources = dataOf(where, 'x', x, inputNames).map(({ name, data }, i) =>
    inputSource(where, name, data, inputs[i].shape),
  );
  const [{ count }] = sources;
  const other = sources.find((source) => source.count !== count);
  if (other) {
    throw new ShapeError(
      `${where}: ${sources[0].name} has ${count} samples, but ${other.name} has ${other.count}`,
    );
  }
  return { x: sources, count };
}

/** Inputs and targets, rows without weights. @throws {ShapeError} {@link ValueError} {@link NumericError} */
export function samplesOf(
  where: string,
  graph: Graph,
  { goals }: Objective,
  x: DataSet,
  y: DataSet,
): Samples {
  const inputs = inputsOf(where, graph, x);
  const { outputs, outputNames } = graph;
  const targets = dataOf(where, 'y', y, outputNames).map(({ name, data }, i) =>
    targetSource(where, name, data, outputs[i].shape, goals[i].loss, inputs.count),
  );
  return { ...inputs, y: targets, weights: [] };
}
