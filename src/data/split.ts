// Splits samples into a part for training and one for validation: by a seed, with the same share of each class.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { anySeed, checkOptions, flag, fraction } from '../base/options.js';
import { purpose, Random } from '../base/random.js';
import { show } from '../base/shape.js';
import { isNumberArray, type NumberArray, nestedData, type TensorData } from '../tensor/nested.js';
import { Tensor } from '../tensor/tensor.js';
import type { LabelledImages } from './pixels.js';

/** Options of `split`. */
export interface SplitOptions {
  /** The share of the samples that goes to validation: 0.2 by default. */
  validationSplit?: number;
  /** Whether validation gets the same share of each class, as nearly as whole samples allow: true by default. */
  stratify?: boolean;
  /** The seed that samples are drawn by: 0 by default. */
  seed?: number;
}

/** Samples of a tensor, a typed array or nested arrays; for several inputs or outputs a list of tensors, or a record. */
export type Splittable =
  | Tensor
  | TensorData
  | readonly Tensor[]
  | Readonly<Record<string, Tensor | TensorData>>;

/** Two parts, for `model.fit(...train, { validationData: validation })`. */
export interface Split<X, Y> {
  readonly train: readonly [X, Y];
  readonly validation: readonly [X, Y];
}

const where = 'data.split';
const words = { validationSplit: fraction, stratify: flag, seed: anySeed };

/**
 * Splits samples at random into a part for training and one for validation; the same seed gives the same parts.
 * Validation gets the same share of each class, and at least one sample of each is left for training. The parts are
 * copies of the same kind as the data: parts of tensors are tensors, and yours to dispose of.
 *
 * @param x samples; a flat array has as many as `y`
 * @param y class indices [n], or one-hot rows [n, classes] as a tensor or nested arrays; anything with `stratify:
 *   false`
 * @throws {ShapeError} if x and y have different numbers of samples
 * @throws {ValueError} for options that make no sense, and for y without classes
 */
export function split<X extends Splittable, Y extends Splittable>(
  x: X,
  y: Y,
  options?: SplitOptions,
): Split<X, Y>;
/** Splits what `imageFolder` or `parseCifar10` returns into two parts of the same kind. */
export function split<S extends LabelledImages>(
  set: S,
  options?: SplitOptions,
): { readonly train: S; readonly validation: S };
export function split(x: unknown, y: unknown, options: SplitOptions = {}): unknown {
  return isLabelled(x) ? splitSet(x, (y ?? {}) as SplitOptions) : splitPair(x, y, options);
}

function splitPair(x: unknown, y: unknown, options: SplitOptions): Split<unknown, unknown> {
  const count = countOf(x, y);
  const parts = draw(y, count, options).map((indices) => {
    const [a, b] = [rows(x, count, indices), rows(y, count, indices)];
    return [a, b] as const;
  });
  // Copies all numbers before it makes the first tensor: if linear memory grows, older views become empty.
  const [train, validation] = parts.map(([a, b]) => [a(), b()] as const);
  return { train, validation };
}

const isLabelled = (x: unknown): x is LabelledImages =>
  isRecord(x) && ['images', 'labels', 'shape', 'classes'].every((word) => word in x);

function splitSet(set: LabelledImages, options: SplitOptions) {
  const count = set.labels.length;
  // The lists with an element for each sample: images, labels, and what else a loader returns, such as files.
  const own = Object.entries(set).filter(([name]) => name !== 'shape' && name !== 'classes');
  const [train, validation] = draw(set.labels, count, options).map((indices) => ({
    ...set,
    shape: [indices.length, ...set.shape.slice(1)],
    ...Object.fromEntries(own.map(([name, data]) => [name, rows(data, count, indices)()])),
  }));
  return { train, validation };
}

/** The indices of both parts' samples, in an order drawn by the seed. */
function draw(y: unknown, count: number, options: SplitOptions): readonly [number[], number[]] {
  const { validationSplit = 0.2, stratify = true, seed = 0 } = checkOptions(where, options, words);
  if (count < 2) {
    throw new ValueError(`${where}: ${count} samples cannot be split: two parts take two at least`);
  }
  const classes = stratify ? classesOf(y, count) : new Array<number>(count).fill(0);
  const left = quotas(classes, Math.max(1, Math.round(count * validationSplit)));
  const order = Int32Array.from({ length: count }, (_, i) => i);
  new Random(seed, purpose.split).shuffle(order);
  const [train, validation]: [number[], number[]] = [[], []];
  for (const sample of order) {
    const rest = left.get(classes[sample]) as number;
    left.set(classes[sample], rest - 1);
    (rest > 0 ? validation : train).push(sample);
  }
  return [train, validation];
}

/**
 * How many samples of each class go to validation, `total` in all: each class's share is rounded down, and the samples
 * that are still missing come from the classes that lost most by rounding (Hamilton's method). At least one sample of
 * each class is left for training.
 */
function quotas(classes: readonly number[], total: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const one of classes) counts.set(one, (counts.get(one) ?? 0) + 1);
  const all = [...counts].map(([name, count]) => {
    const share = (count * total) / classes.length;
    const quota = Math.min(Math.floor(share), count - 1);
    return { name, quota, room: count - 1 - quota, lost: share - quota };
  });
  all.sort((a, b) => b.lost - a.lost || a.name - b.name);
  let missing = total - all.reduce((sum, { quota }) => sum + quota, 0);
  // One round is enough, unless some classes have only the sample that is left for training.
  while (missing > 0 && all.some(({ room }) => room > 0)) {
    for (const one of all) {
      if (missing === 0 || one.room === 0) continue;
      one.quota++;
      one.room--;
      missing--;
    }
  }
  if (all.every(({ quota }) => quota === 0)) {
    throw new ValueError(
      `${where}: no class has two samples, so that none is left for validation: give more, or { stratify: false } for y that are no classes`,
    );
  }
  return new Map(all.map(({ name, quota }) => [name, quota]));
}

/** Each sample's class. @throws {ValueError} for y without classes */
function classesOf(y: unknown, count: number): number[] {
  const leaves = leavesOf('y', y);
  const fail = (what: string): never => {
    throw new ValueError(
      `${where}: stratify takes class indices or one-hot rows, but ${what}: give { stratify: false } to draw from all samples alike`,
    );
  };
  if (leaves.length !== 1) fail(`y has ${leaves.length} outputs`);
  const numbers = numbersOf(leaves[0][1]);
  const size = numbers.length / count;
  return Array.from({ length: count }, (_, i) => {
    if (size === 1) {
      const label = numbers[i];
      return Number.isInteger(label) && label >= 0 ? label : fail(`y of sample ${i} is ${label}`);
    }
    const row = Array.from({ length: size }, (_, k) => numbers[i * size + k]);
    const label = row.indexOf(1);
    const isOneHot = label >= 0 && row.every((value, k) => value === (k === label ? 1 : 0));
    return isOneHot ? label : fail(`y of sample ${i} is a row of other numbers`);
  });
}

function numbersOf(data: unknown): ArrayLike<number> {
  if (data instanceof Tensor) return data.numbers;
  return isNumberArray(data)
    ? data
    : naming(`${where}: y`, () => nestedData(data as TensorData)).numbers;
}

const isRecord = (data: unknown): data is Record<string, unknown> =>
  typeof data === 'object' &&
  data !== null &&
  !Array.isArray(data) &&
  !ArrayBuffer.isView(data) &&
  !(data instanceof Tensor);

const isList = (data: unknown): data is readonly Tensor[] =>
  // Spread, because `every` skips the holes of a sparse list.
  Array.isArray(data) && data.length > 0 && [...data].every((one) => one instanceof Tensor);

/** The data of a list or record one by one, each with its name for messages. */
function leavesOf(name: string, data: unknown): [name: string, data: unknown][] {
  if (isList(data)) return data.map((one, i) => [`${name}[${i}]`, one]);
  if (isRecord(data)) return Object.entries(data).map(([key, one]) => [`${name} '${key}'`, one]);
  return [[name, data]];
}

/** Whether data are a flat array, which has no shape and so does not say how many samples it has. */
const isFlat = (data: unknown): data is NumberArray | number[] =>
  isNumberArray(data) || (Array.isArray(data) && typeof data[0] === 'number');

/** How many samples there are. @throws {ShapeError} if x and y, or their parts, have different numbers */
function countOf(x: unknown, y: unknown): number {
  const targets = leavesOf('y', y);
  const leaves = [...leavesOf('x', x), ...targets];
  const known = leaves
    .filter(([, data]) => !isFlat(data))
    .map(([name, data]) => ({ name, count: samplesOf(name, data) }));
  const [first, ...others] = known;
  const other = others.find(({ count }) => count !== first.count);
  if (other)
    throw new ShapeError(
      `${where}: ${first.name} has ${first.count} samples, but ${other.name} has ${other.count}`,
    );
  const count = first?.count ?? (targets[0]?.[1] as NumberArray | undefined)?.length ?? 0;
  for (const [name, data] of leaves) {
    if (!isFlat(data) || data.length % count === 0) continue;
    throw new ShapeError(
      `${where}: ${name} has ${data.length} numbers, which is no whole number for each of ${count} samples: ${first ? `${first.name} has as many` : 'a flat y holds a class index for each; give one-hot rows as nested arrays or a tensor'}`,
    );
  }
  return count;
}

function samplesOf(name: string, data: unknown): number {
  if (data instanceof Tensor && data.shape.length > 0) return data.shape[0];
  if (Array.isArray(data)) return data.length;
  const what = data instanceof Tensor ? `a tensor of shape ${show(data.shape)}` : typeof data;
  throw new ValueError(
    `${where}: ${name} must be a tensor, a typed array of numbers or nested arrays, not ${data === null ? 'null' : what}`,
  );
}

/** Copies some samples now; the function that it returns makes data of the same kind of the copy. */
function rows(data: unknown, count: number, indices: readonly number[]): () => unknown {
  if (isList(data)) {
    const all = data.map((one) => rows(one, count, indices));
    return () => all.map((one) => one());
  }
  if (isRecord(data)) {
    const all = Object.entries(data).map(
      ([name, one]) => [name, rows(one, count, indices)] as const,
    );
    return () => Object.fromEntries(all.map(([name, one]) => [name, one()]));
  }
  if (data instanceof Tensor) {
    const numbers = picked(data.numbers, count, indices) as NumberArray;
    return () => Tensor.from(numbers, [indices.length, ...data.shape.slice(1)]);
  }
  const copy = isFlat(data)
    ? picked(data, count, indices)
    : indices.map((i) => (data as readonly unknown[])[i]);
  return () => copy;
}

/** Some samples of a flat array, in an array of the same type. */
function picked(from: NumberArray | number[], count: number, indices: readonly number[]) {
  const size = from.length / count;
  if (Array.isArray(from)) return indices.flatMap((i) => from.slice(i * size, (i + 1) * size));
  // Node's Buffer cannot be made by its constructor.
  const Kind = (
    from instanceof Uint8Array ? Uint8Array : from.constructor
  ) as Float32ArrayConstructor;
  const to = new Kind(indices.length * size);
  indices.forEach((sample, i) => {
    to.set(from.subarray(sample * size, (sample + 1) * size), i * size);
  });
  return to;
}
