// Batches of whatever can be iterated, pulled ahead.

import { ValueError } from '../base/errors.js';
import { prefetch, type Source } from '../data/stream.js';
import type { Feed } from './feed.js';
import { type Batch, wholeOf } from './samples.js';
import type { SampleWeight } from './sampleweights.js';
import type { DataSet, Intake } from './source.js';

/** A batch as users give it: [x, y], or with a weight for each sample. */
export type DatasetBatch = readonly [DataSet, DataSet] | readonly [DataSet, DataSet, SampleWeight];

/**
 * Batches one after another: something to iterate, or a function that makes it for each epoch, from 0,
 * as a generator can be gone through only once. They are pulled two ahead: each needs arrays of its own.
 */
export type Dataset = Source<DatasetBatch> | ((epoch: number) => Source<DatasetBatch>);

/** Batches of a data set, pulled two ahead. */
export function datasetFeed(
  dataset: Dataset,
  intake: Intake,
  batchesPerEpoch: number | undefined,
  signal: AbortSignal | undefined,
): Feed {
  // Where epochs have a length of their own, an endless source goes on from one to the next.
  let running: AsyncGenerator<DatasetBatch> | undefined;
  const begin = (epoch: number): AsyncGenerator<DatasetBatch> =>
    prefetch(typeof dataset === 'function' ? dataset(epoch) : dataset, { signal });
  const feed = {
    batches: batchesPerEpoch ?? Number.POSITIVE_INFINITY,
    async *each(epoch: number): AsyncGenerator<Batch> {
      let isGoingOn = running !== undefined;
      running ??= begin(epoch);
      let batch = 0;
      while (batch < (batchesPerEpoch ?? Number.POSITIVE_INFINITY)) {
        const { done, value } = await running.next();
        if (done && isGoingOn && batch === 0) {
          // The epoch before took the last batch that there was: this one begins anew.
          isGoingOn = false;
          running = begin(epoch);
          continue;
        }
        if (done) {
          running = undefined;
          break;
        }
        if (!Array.isArray(value) || value.length < 2)
          throw new ValueError(`${intake.call}: the data set must give batches [x, y]`);
        const [x, y, sampleWeight] = value;
        batch++;
        yield wholeOf(intake.samples(x, y, { sampleWeight }));
      }
      // Known from the first epoch on.
      feed.batches = batchesPerEpoch ?? batch;
    },
    close() {
      // Nobody waits for a source that hangs, or listens to one that fails when it is not wanted any more.
      running?.return(undefined).catch(() => {});
    },
  };
  return feed;
}
