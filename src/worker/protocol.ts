// What a page and its training worker say to each other.

import type { InitOptions } from '../../bindings/backend.js';
import type { Training } from '../training/callback.js';
import type { Logs } from '../training/means.js';
import type { History } from '../training/train.js';

/** What a function of a model is given: the number that load got, and arguments. */
export interface OfModel {
  readonly model: number;
  readonly args: readonly unknown[];
}

/** What can be asked of the worker: init and load, then functions of a model. */
export interface Calls {
  init: { given: InitOptions; got: unknown };
  load: { given: Uint8Array<ArrayBuffer> | ArrayBuffer; got: number };
  /** Last of its arguments are the names of the functions that its callbacks have. */
  fit: { given: OfModel; got: History };
  evaluate: { given: OfModel; got: Logs };
  /** Last of its arguments is whether it may be aborted. */
  predict: { given: OfModel; got: Numbers | readonly Numbers[] };
  trainOnBatch: { given: OfModel; got: Logs };
  toBytes: { given: OfModel; got: Uint8Array<ArrayBuffer> };
  swapAverage: { given: OfModel; got: undefined };
  dispose: { given: OfModel; got: undefined };
}

/** What a fit reports: a function of its callbacks that is to be called, and with what. */
export interface Event {
  readonly event: string;
  readonly args: readonly unknown[];
  /** The next step's learning rate by the schedule alone. */
  readonly scheduledRate: number;
}

/** What is sent to a fit. */
export type Order = { readonly stop: true } | { readonly learningRateFactor: number };

/** What a page's callbacks learn of a training when it begins. */
export interface Begun extends Pick<Training, 'epochs' | 'batches' | 'learningRateFactor'> {
  readonly name: string;
}

/** A tensor on its way: its numbers, and their shape. */
export interface Numbers {
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Whether a value is a tensor, or what stands for one: a model's inputs may have these names too. */
const isNumbers = (value: object): value is Numbers =>
  'data' in value &&
  'shape' in value &&
  Array.isArray(value.shape) &&
  ArrayBuffer.isView(value.data);

/** Arrays of numbers, as they are given to a model. */
export type View = ArrayBufferView & { slice(): ArrayBufferView };

/** The value with `change` applied to each tensor, and to each typed array, in lists and records. */
export function mapNumbers(value: unknown, change: (numbers: Numbers | View) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isNumbers(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView)))
    return change(value as Numbers | View);
  if (Array.isArray(value)) {
    const isOfNumbers = value.length === 0 || typeof value[0] === 'number';
    return isOfNumbers ? value : value.map((one) => mapNumbers(one, change));
  }
  // A file's bytes, a compiled module and the like are sent as they are.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, mapNumbers(one, change)]),
  );
}
