// What a page and its training worker say to each other.

import * as errors from '../base/errors.js';
import type { Training } from '../training/callback.js';

/** What can be asked of the worker: init and load, then functions of a model. */
export interface Call {
  readonly id: number;
  readonly call:
    | 'init'
    | 'load'
    | 'fit'
    | 'evaluate'
    | 'predict'
    | 'trainOnBatch'
    | 'toBytes'
    | 'swapAverage'
    | 'dispose';
  /** The number that load has given. */
  readonly model?: number;
  readonly args: readonly unknown[];
  /** Of a fit: names of the functions that its callbacks have. */
  readonly events?: readonly string[];
}

/** What is said of a call while it runs. */
interface Word {
  readonly about: number;
  readonly abort?: { readonly reason: unknown };
  readonly stop?: true;
  readonly learningRateFactor?: number;
  /** Its callbacks have heard what they were told last; false where one threw. */
  readonly heard?: boolean;
}

export type Message = Call | Word;

/** The end of a call, or what happens before. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: Failure }
  | { readonly id: number; readonly event: string; readonly args: readonly unknown[] };

/** What a page's callbacks learn of a training when it begins. */
export interface Begun extends Pick<Training, 'epochs' | 'batches' | 'learningRateFactor'> {
  readonly name: string;
}

/** Ends a training in the worker: the page knows better what was thrown. */
export const CALLBACK_THREW = 'a callback threw';

/** An error on its way: its class goes by its name. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly cause?: Failure;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, cause } = error;
  return { name, message, ...(cause === undefined ? {} : { cause: failureOf(cause) }) };
}

/** The error, of its own class where that is one of ours. */
export function errorOf({ name, message, cause }: Failure): Error {
  const options = cause && { cause: errorOf(cause) };
  const known = (errors as unknown as Record<string, ErrorConstructor>)[name];
  return known ? new known(message, options) : Object.assign(new Error(message, options), { name });
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
