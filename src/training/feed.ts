// Feeds: where a training's batches come from. Here from arrays; datasetfeed.ts iterates a data set, augmentedfeed.ts
// augments images.

import { purpose, Random } from '../base/random.js';
import type { Batch, Samples } from './samples.js';

/** Batches, epoch by epoch. */
export interface Feed {
  /** Batches in an epoch; Infinity if that is not known yet. */
  readonly batches: number;
  /** @param epoch counted from 0 since `compile` */
  each(epoch: number): Iterable<Batch> | AsyncIterable<Batch>;
  close?(): void;
}

/** Which samples are trained on, and how. */
export interface Part {
  readonly samples: Samples;
  /** How many are trained on: the first ones. */
  readonly count: number;
  readonly batchSize: number;
  /** The seed of each epoch's order; undefined for the order of the data. */
  readonly order: number | undefined;
}

/** Writes the order of an epoch to `to`. */
export function arrange(to: Int32Array, seed: number | undefined, epoch: number): void {
  for (let i = 0; i < to.length; i++) to[i] = i;
  if (seed !== undefined) new Random(seed, purpose.shuffle, epoch).shuffle(to);
}

/** The feed of samples that are all in memory. */
export function arrayFeed({ samples, count, batchSize, order: seed }: Part): Feed {
  const order = new Int32Array(count);
  return {
    batches: Math.ceil(count / batchSize),
    *each(epoch) {
      arrange(order, seed, epoch);
      for (let first = 0; first < count; first += batchSize) {
        yield { samples, order, first, size: Math.min(batchSize, count - first) };
      }
    },
  };
}
