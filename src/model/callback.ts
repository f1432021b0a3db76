// What a training tells while it runs, and to whom.

import { ValueError } from '../errors.js';
import type { Logs } from './means.js';
import type { Weight } from './weights.js';

/** Where a training stands. */
export interface Progress {
  /** This epoch, from 1, and how many there are. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch, and how many there are: Infinity where nobody knows yet. */
  readonly batch: number;
  readonly batches: number;
  readonly samplesPerSecond: number;
  /** Seconds until all epochs are done, as far as can be told: Infinity where it cannot. */
  readonly eta: number;
  /** Means over this epoch so far. */
  readonly logs: Logs;
}

/** A model as callbacks see it. */
export interface TrainedModel {
  readonly name: string;
  readonly weights: readonly Weight[];
  toBytes(): Uint8Array<ArrayBuffer>;
  swapAverage(): void;
}

/** What callbacks know of the training they watch. */
export interface Training {
  readonly model: TrainedModel;
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
  /** After each step. @param batch of this epoch, from 1 */
  onBatchEnd?(batch: number): void | Promise<void>;
  /** Several times a second, and at the end of each epoch. */
  onProgress?(progress: Progress): void | Promise<void>;
  /** Before and after a validation. */
  onTestBegin?(): void | Promise<void>;
  onTestEnd?(): void | Promise<void>;
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  onTrainEnd?(): void | Promise<void>;
}

/** @throws {ValueError} for what is no callback, such as a function of `callbacks` that was not called */
export function checkCallback(callback: Callback, index: number): void {
  if (typeof callback === 'object' && callback !== null) return;
  const hint = typeof callback === 'function' ? ': call it, as in callbacks.progress()' : '';
  throw new ValueError(
    `fit: callback ${index} must be an object with functions such as onEpochEnd, not ${callback === null ? 'null' : typeof callback}${hint}`,
  );
}
