// Data on its way into a model: inputs and targets, sample by sample, from tensors or arrays.

import type { Loss } from '../emit/loss.js';
import { checkLabel, checkLabels } from '../emit/loss.js';
import { NumericError, ShapeError, ValueError } from '../errors.js';
import { type Shape, sameShape, show, sizeOf } from '../shape.js';
import { isNumberArray, liveArray, nestedData, Tensor, type TensorData } from '../tensor.js';
import type { TargetForm } from './objective.js';

/** What models take: a tensor, a typed array, or nested arrays. */
export type Data = Tensor | TensorData;

/** Samples that can be copied one by one. */
export interface InputSource {
  readonly count: number;
  /** Copies a sample to `to` from index `at` on. */
  copy(sample: number, to: Float32Array | Int32Array, at: number): void;
}

/** Targets, with how many numbers each takes. */
export interface TargetSource extends InputSource {
  readonly form: TargetForm;
  readonly size: number;
}

/** Numbers in a row, and their shape where the data have one. */
interface Numbers {
  readonly length: number;
  readonly shape: Shape | undefined;
  /** Anew for each use: memory may have moved. */
  array(): ArrayLike<number>;
}

/** @throws {ValueError} for data that are no numbers; `name` says which */
export function numbersOf(where: string, name: string, data: Data): Numbers {
  if (data instanceof Tensor)
    return { length: data.size, shape: data.shape, array: () => data.numbers };
  if (isNumberArray(data)) return { length: data.length, shape: undefined, array: liveArray(data) };
  if (!Array.isArray(data)) {
    const what = (data as unknown)?.constructor?.name ?? typeof data;
    throw new ValueError(
      `${where}: ${name} must be a Tensor, a typed array of numbers or nested arrays, not ${what}`,
    );
  }
  const { shape, numbers } = nestedData(`${where}: ${name}`, data);
  return { length: numbers.length, shape, array: () => numbers };
}

function copier(numbers: Numbers, size: number): InputSource['copy'] {
  return (sample, to, at) => {
    const from = numbers.array();
    const start = sample * size;
    for (let i = 0; i < size; i++) to[at + i] = from[start + i];
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
export function inputSource(where: string, data: Data, sampleShape: Shape): InputSource {
  const numbers = numbersOf(where, 'x', data);
  const size = sizeOf(sampleShape);
  const count = numbers.length / size;
  const expected = `[batch, ${sampleShape.join(', ')}]`;
  if (numbers.shape && !sameShape(numbers.shape.slice(1), sampleShape)) {
    throw new ShapeError(`${where}: x must have shape ${expected}, not ${show(numbers.shape)}`);
  }
  if (!Number.isInteger(count)) {
    throw new ShapeError(
      `${where}: x has ${numbers.length} numbers, which is no whole number of samples ${show(sampleShape)} of ${size}`,
    );
  }
  if (count === 0) {
    throw new ShapeError(
      `${where}: x holds no samples; expected ${expected} with a batch of at least 1`,
    );
  }
  return { count, copy: copier(numbers, size) };
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
  data: Data,
  outputShape: Shape,
  { type }: Loss,
  count: number,
): TargetSource {
  const numbers = numbersOf(where, 'y', data);
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
    return { form: 'labels', size: rows, count, copy: labelCopier(where, numbers, rows, classes) };
  }
  if (isDense) {
    const bad = Array.prototype.findIndex.call(numbers.array(), (value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new NumericError(
        `${where}: y contains ${numbers.array()[bad]} in sample ${Math.floor(bad / dense)} (element ${bad % dense}): clean the data first`,
      );
    }
    return { form: 'targets', size: dense, count, copy: copier(numbers, dense) };
  }
  const received = numbers.shape ? `shape ${show(numbers.shape)}` : `${numbers.length} numbers`;
  const indices = type === 'softmaxCrossEntropy' ? `${count * rows} class indices or ` : '';
  throw new ShapeError(
    `${where}: for ${count} samples of x, y must be ${indices}shape ${show([count, ...outputShape])}, not ${received}`,
  );
}
