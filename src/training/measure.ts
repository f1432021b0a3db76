// Evaluation: loss and metrics over samples that are not trained on, batch by batch.

import { abortSignal, any, checkOptions, whole } from '../base/options.js';
import type { Engine } from './engine.js';
import { type Logs, Means } from './means.js';
import type { Samples } from './samples.js';
import type { SampleWeight } from './sampleweights.js';
import { type DataSet, Intake } from './source.js';

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Samples at a time: 32 by default. */
  batchSize?: number;
  /** How much each sample counts: see `WeightOptions`. */
  sampleWeight?: SampleWeight;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

/** The samples from index `from` to `to` − 1, `batchSize` at a time. */
export interface Range {
  readonly samples: Samples;
  readonly from: number;
  readonly to: number;
  readonly batchSize: number;
}

/** Milliseconds of work after which the event loop gets its turn. */
export const SLICE = 50;

/** A turn of the event loop: timers, messages and aborts come through. */
export const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Loss and metrics over a range. @throws the signal's reason once it is aborted */
export async function measure(
  engine: Engine,
  intake: Intake,
  { samples, from, to, batchSize }: Range,
  signal: AbortSignal | undefined,
): Promise<Means> {
  const means = new Means(intake.objective, engine.network.graph);
  let turn = performance.now();
  for (let first = from; first < to; first += batchSize) {
    signal?.throwIfAborted();
    const size = Math.min(batchSize, to - first);
    means.add(engine.evaluate({ samples, order: null, first, size }));
    if (performance.now() - turn > SLICE) {
      await breathe();
      engine.check(samples.where);
      turn = performance.now();
    }
  }
  return means;
}

/** Loss and metrics over all samples, by name. See `Model.evaluate`. */
export async function evaluate(
  engine: Engine,
  x: DataSet,
  y: DataSet,
  options: EvaluateOptions,
): Promise<Logs> {
  const words = { batchSize: whole(1), sampleWeight: any, signal: abortSignal };
  const { batchSize = 32, sampleWeight, signal } = checkOptions('evaluate', options, words);
  const intake = new Intake(engine, 'evaluate');
  const samples = intake.samples(x, y, { sampleWeight });
  const all = { samples, from: 0, to: samples.count, batchSize };
  return (await measure(engine, intake, all, signal)).logs();
}
