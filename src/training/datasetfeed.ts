// The feed of a data set that is iterated: batches are pulled before they are needed.

import { ValueError } from '../base/errors.js';
import { prefetch, type Source } from '../data/stream.js';
import { warnOfRawPixels } from './doubts.js';
import type { Engine } from './engine.js';
import type { Feed } from './feed.js';
import { type Batch, wholeOf } from './samples.js';
import type { SampleWeight } from './sampleweights.js';
import type { DataSet, Intake } from './source.js';

/** A batch as users give it: [x, y], or with a weight for each sample. */
export type DatasetBatch = readonly [DataSet, DataSet] | readonly [DataSet, DataSet, SampleWeight];

/**
 * Batches one after another: something to iterate, or a function that returns it for each epoch, counted from 0,
 * because a generator can be iterated only once. Two batches are pulled ahead, so each needs arrays of its own.
 */
export type Dataset = Source<DatasetBatch> | ((epoch: number) => Source<DatasetBatch>);

/** The feed of a data set; two batches are pulled ahead. */
export function datasetFeed(
  engine: Engine,
  dataset: Dataset,
  intake: Intake,
  batchesPerEpoch: number | undefined,
  signal: AbortSignal | undefined,
): Feed {
  // With `batchesPerEpoch`, an epoch goes on where the one before stopped: the source may be endless.
  let running: AsyncGenerator<DatasetBatch> | undefined;
  let isKnown = false;
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
          // The epoch before took the source's last batch: this epoch begins with a new iteration.
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
        const samples = intake.samples(x, y, { sampleWeight });
        if (!isKnown) warnOfRawPixels(engine, samples);
        isKnown = true;
        yield wholeOf(samples);
      }
      // Known after the first epoch.
      feed.batches = batchesPerEpoch ?? batch;
    },
    close() {
      // Not awaited, as the source may hang; and its errors no longer matter.
      running?.return(undefined).catch(() => {});
    },
  };
  return feed;
}
