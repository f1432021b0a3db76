// What a page and its training worker say to each other.

import * as errors from '../errors.js';

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
}

export type Message = Call | Word;

/** The end of a call, or what happens before. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: Failure }
  | { readonly id: number; readonly event: string; readonly args: readonly unknown[] };

/** An error on its way: its class goes by its name. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

export const failureOf = (error: unknown): Failure =>
  error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) };

/** The error, of its own class where that is one of ours. */
export function errorOf({ name, message }: Failure): Error {
  const known = (errors as unknown as Record<string, new (message: string) => Error>)[name];
  return known ? new known(message) : Object.assign(new Error(message), { name });
}

/** A tensor on its way: its numbers, and their shape. */
export interface Numbers {
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
  readonly shape: readonly number[];
}

/** Whether a value is a tensor, or what stands for one. */
const isNumbers = (value: unknown): value is Numbers =>
  typeof value === 'object' && value !== null && 'data' in value && 'shape' in value;

/** The value with `change` applied to each tensor in lists and records. */
export function mapNumbers(value: unknown, change: (tensor: Numbers) => unknown): unknown {
  if (isNumbers(value)) return change(value);
  if (Array.isArray(value)) {
    const isOfNumbers = value.length === 0 || typeof value[0] === 'number';
    return isOfNumbers ? value : value.map((one) => mapNumbers(one, change));
  }
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, mapNumbers(one, change)]),
  );
}
