// What a training tells while it runs, and to whom.

import { ValueError } from '../base/errors.js';
import { shown } from '../base/shown.js';
import type { Weight } from '../network/weight.js';
import type { Logs } from './means.js';

/** Where a training stands. */
export interface Progress {
  /** This epoch, from 1 for the first since `compile`, and the last one of this training. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch, and how many there are: Infinity where nobody knows yet. */
  readonly batch: number;
  readonly batches: number;
  readonly samplesPerSecond: number;
  /** Seconds until all epochs are done, as far as can be told: Infinity where it cannot. */
  readonly eta: number;
  /** Means over this epoch so far, and the `learningRate` of the last step. */
  readonly logs: Logs;
}

/** A model as callbacks see it. */
export interface TrainedModel {
  readonly name: string;
  /** @throws {StateError} where the model is in a worker */
  readonly weights: readonly Weight[];
  /** To be awaited, as `swapAverage` is: the model may be in a worker. */
  /** Whether the average of the weights is in their place. @throws {StateError} where the model is in a worker */
  readonly averaged: boolean;
  toBytes(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  swapAverage(): void | Promise<void>;
}

/** What callbacks know of the training they watch. */
export interface Training {
  readonly model: TrainedModel;
  /** The number of the last epoch. */
  readonly epochs: number;
  /** Infinity where nobody knows. */
  readonly batches: number;
  /** What the learning rate is multiplied by, whatever its schedule: 1 at first. Saved with the model. */
  learningRateFactor: number;
  /** Ends the training after this epoch. */
  stop(): void;
}

/** Functions that training calls; each may return a promise, which is awaited. */
export interface Callback {
  onTrainBegin?(training: Training): void | Promise<void>;
  /** @param epoch from 1 */
  onEpochBegin?(epoch: number): void | Promise<void>;
  /** After each step. @param batch of this epoch, from 1 @param logs of this batch alone */
  onBatchEnd?(batch: number, logs: Logs): void | Promise<void>;
  /** Several times a second, and at the end of each epoch. */
  onProgress?(progress: Progress): void | Promise<void>;
  /** Before and after a validation. */
  onTestBegin?(): void | Promise<void>;
  onTestEnd?(): void | Promise<void>;
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  onTrainEnd?(): void | Promise<void>;
}

/** All functions that there are. */
export const events = [
  'onTrainBegin',
  'onEpochBegin',
  'onBatchEnd',
  'onProgress',
  'onTestBegin',
  'onTestEnd',
  'onEpochEnd',
  'onTrainEnd',
] as const satisfies readonly (keyof Callback)[];

/** Who wants to be told. */
export interface Listening {
  /** Called in this order: those in `callbacks`, or your own. */
  callbacks?: Callback | readonly Callback[];
  /** Several times a second: shorthand for a callback that has only this. */
  onProgress?: (progress: Progress) => void;
}

/** All callbacks of some options. @throws {ValueError} for what is none */
export function callbacksOf(where: string, { callbacks = [], onProgress }: Listening): Callback[] {
  const given: Callback[] = Array.isArray(callbacks) ? [...callbacks] : [callbacks as Callback];
  given.forEach((callback, i) => {
    check(where, callback, i);
  });
  if (onProgress === undefined) return given;
  if (typeof onProgress !== 'function')
    throw new ValueError(`${where}: onProgress must be a function, not ${shown(onProgress)}`);
  return [...given, { onProgress }];
}

/** Names of functions that nothing calls are misspelt, or another library's. */
function check(where: string, callback: Callback, index: number): void {
  if (typeof callback !== 'object' || callback === null) {
    const hint = typeof callback === 'function' ? ': call it, as in callbacks.progress()' : '';
    throw new ValueError(
      `${where}: callback ${index} must be an object with functions such as onEpochEnd, not ${shown(callback)}${hint}`,
    );
  }
  for (const word of wordsOf(callback)) {
    if (!word.startsWith('on')) continue;
    if (!(events as readonly string[]).includes(word)) {
      throw new ValueError(
        `${where}: callback ${index} has '${word}', which nothing calls; there are ${events.join(', ')}`,
      );
    }
    const value = callback[word as keyof Callback];
    if (value === undefined || typeof value === 'function') continue;
    throw new ValueError(
      `${where}: ${word} of callback ${index} must be a function, not ${shown(value)}`,
    );
  }
}

/** The names of an object's properties, its classes' included. */
function wordsOf(object: object): string[] {
  const words: string[] = [];
  for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    words.push(...Object.getOwnPropertyNames(at));
  return words;
}
