// Where a training's batches come from: arrays, in an order. datasetfeed.ts has what can be iterated, augmentedfeed.ts
// images that are augmented on the way.

import { purpose, Random } from '../base/random.js';
import type { Batch, Samples } from './samples.js';

/** Batches, epoch by epoch. */
export interface Feed {
  /** In an epoch; Infinity where nobody knows yet. */
  readonly batches: number;
  /** @param epoch of all of the model's life, from 0 */
  each(epoch: number): Iterable<Batch> | AsyncIterable<Batch>;
  close?(): void;
}

/** What of some samples is trained on, and how. */
export interface Part {
  readonly samples: Samples;
  /** The first so many. */
  readonly count: number;
  readonly batchSize: number;
  /** The seed of each epoch's order; undefined for that of the data. */
  readonly order: number | undefined;
}

/** The order of an epoch, written to `to`. */
export function arrange(to: Int32Array, seed: number | undefined, epoch: number): void {
  for (let i = 0; i < to.length; i++) to[i] = i;
  if (seed !== undefined) new Random(seed, purpose.shuffle, epoch).shuffle(to);
}

/** Batches of samples that are all there. */
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
