// Callbacks: functions that a training calls while it runs, and what it passes to them.

import { ValueError } from '../base/errors.js';
import { nearest } from '../base/options.js';
import { shown } from '../base/shown.js';
import type { Weight } from '../network/weight.js';
import type { Logs } from './means.js';

/** How far a training is. */
export interface Progress {
  /** This epoch, from 1 for the first since `compile`, and the last one of this training. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch, and how many it has: Infinity if that is not known yet. */
  readonly batch: number;
  readonly batches: number;
  readonly samplesPerSecond: number;
  /** An estimate of the seconds until all epochs are done: Infinity if the number of batches is not known. */
  readonly eta: number;
  /** Loss and metrics, means over this epoch so far, and the `learningRate` of the last step. */
  readonly logs: Logs;
}

/** A model as callbacks see it. */
export interface TrainedModel {
  readonly name: string;
  /** @throws {StateError} where the model is in a worker */
  readonly weights: readonly Weight[];
  /** Whether the average of the weights is in their place. @throws {StateError} where the model is in a worker */
  readonly averaged: boolean;
  /** Await it, and `swapAverage` too: the model may be in a worker. */
  toBytes(): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  swapAverage(): void | Promise<void>;
}

/** A training as its callbacks see it. Sealed, so that a misspelt property cannot be set. */
export interface Training {
  readonly model: TrainedModel;
  /** The number of the last epoch. */
  readonly epochs: number;
  /** Batches in an epoch: Infinity if that is not known. */
  readonly batches: number;
  /** The factor of the learning rate, on top of its schedule: 1 at first. Saved with the model. */
  learningRateFactor: number;
  /** The learning rate of the next step: the schedule's, times `learningRateFactor`. */
  readonly learningRate: number;
  /** Ends the training after this epoch. */
  stop(): void;
}

/** The next step's rate by the schedule alone. */
export function scheduledRate(training: Training): number {
  const { learningRateFactor } = training;
  training.learningRateFactor = 1;
  const { learningRate } = training;
  training.learningRateFactor = learningRateFactor;
  return learningRate;
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

/** The names of all functions of a callback. */
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

/** The options of `fit` that take callbacks. */
export interface Listening {
  /**
   * Called in this order: those in `callbacks`, or your own. What they make of the learning rate stays for the next
   * `fit`, as in Keras, until `compile`.
   */
  callbacks?: Callback | readonly Callback[];
  /** Called several times a second: short for a callback with this function alone. */
  onProgress?: (progress: Progress) => void;
}

/** All callbacks of some options. @throws {ValueError} for anything but a callback */
export function callbacksOf({ callbacks = [], onProgress }: Listening): Callback[] {
  const given: Callback[] = Array.isArray(callbacks) ? [...callbacks] : [callbacks as Callback];
  given.forEach((callback, i) => {
    check(callback, i);
  });
  if (onProgress === undefined) return given;
  if (typeof onProgress !== 'function')
    throw new ValueError(`onProgress must be a function, not ${shown(onProgress)}`);
  return [...given, { onProgress }];
}

/** @throws {ValueError} for a function that training never calls: its name is misspelt, or another library's */
function check(callback: Callback, index: number): void {
  if (typeof callback !== 'object' || callback === null) {
    const hint = typeof callback === 'function' ? ': call it, as in callbacks.progress()' : '';
    throw new ValueError(
      `callback ${index} must be an object with functions such as onEpochEnd, not ${shown(callback)}${hint}`,
    );
  }
  for (const word of wordsOf(callback)) {
    if (!word.startsWith('on')) continue;
    if (!(events as readonly string[]).includes(word)) {
      throw new ValueError(
        `callback ${index} has ${shown(word)}, which nothing calls${nearest(word, events)}; there are ${events.join(', ')}`,
      );
    }
    const value = callback[word as keyof Callback];
    if (value === undefined || typeof value === 'function') continue;
    throw new ValueError(`${word} of callback ${index} must be a function, not ${shown(value)}`);
  }
}

/** The names of an object's properties, with those that it inherits. */
function wordsOf(object: object): string[] {
  const words: string[] = [];
  for (let at = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at))
    words.push(...Object.getOwnPropertyNames(at));
  return words;
}
