// Checks all that `fit` and `fitDataset` are given before anything is trained, and returns a session.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { abortSignal, any, checkOptions, flag, forwarded, share, whole } from '../base/options.js';
import type { Augmentation } from '../data/augment.js';
import { type Callback, callbacksOf, type Listening } from './callback.js';
import type { Dataset } from './datasetfeed.js';
import { warnOfRawPixels } from './doubts.js';
import type { Engine } from './engine.js';
import { arrayFeed, type Feed } from './feed.js';
import { augmenting, comparing, iterating } from './later.js';
import type { Range } from './measure.js';
import type { SampleWeight, WeightOptions } from './sampleweights.js';
import { type DataSet, Intake } from './source.js';
import { checkStatistics } from './statistics.js';

/** Options of every training. */
interface TrainingOptions extends Listening {
  /** Times through the data: 1 by default. */
  epochs?: number;
  /** Measured after each epoch: [x, y], or [x, y, sampleWeight]; not with a validationSplit. */
  validationData?: readonly [DataSet, DataSet, SampleWeight?];
  /** Aborts the training at the next step; the steps taken stay. */
  signal?: AbortSignal;
}

/** Options of `fit`. */
export interface FitOptions extends TrainingOptions, WeightOptions {
  /** Samples per step: 32 by default. */
  batchSize?: number;
  /**
   * The share of the data, taken from the end, that is validated and not trained on; rounded up to whole samples. Class
   * weights do not count in validation.
   */
  validationSplit?: number;
  /** Whether the samples of each epoch are in a new random order: true by default. */
  shuffle?: boolean;
  /**
   * What `data.augment` returns: what is done to the images at random, anew in each epoch. A worker does it, if the
   * platform has workers, while the batch before is trained on. The model must have one input, of images. If the
   * augmentation normalizes, x may be bytes, and this training's validation data are normalized too; `evaluate` and
   * `predict` need images that `data.normalize` returned.
   */
  augmentation?: Augmentation;
}

/** Options of `fitDataset`. */
export interface FitDatasetOptions extends TrainingOptions {
  /** An epoch ends after so many batches, or with the data. By default it ends with the data. */
  batchesPerEpoch?: number;
  /** Samples per step of the validation: 32 by default. */
  validationBatchSize?: number;
}

const commonWords = {
  epochs: whole(1),
  validationData: any,
  signal: abortSignal,
  ...forwarded('callbacks', 'onProgress'),
};
const fitWords = {
  ...commonWords,
  batchSize: whole(1),
  validationSplit: share,
  shuffle: flag,
  ...forwarded('sampleWeight', 'classWeight', 'augmentation'),
};
const datasetWords = {
  ...commonWords,
  batchesPerEpoch: whole(1),
  validationBatchSize: whole(1),
};

/** A training that is about to begin. */
export interface Session {
  readonly intake: Intake;
  readonly feed: Feed;
  readonly epochs: number;
  readonly validation: Range | undefined;
  readonly callbacks: readonly Callback[];
  readonly signal: AbortSignal | undefined;
}

/** The session of `fit`. */
export async function fitSession(
  engine: Engine,
  x: DataSet,
  y: DataSet,
  options: FitOptions,
): Promise<Session> {
  const {
    batchSize = 32,
    validationSplit = 0,
    shuffle = true,
    augmentation,
  } = checkOptions('fit', options, fitWords);
  if (options.validationData && validationSplit > 0) {
    throw new ValueError(
      'fit: give validationData or a validationSplit, not both: what is split off would not be used',
    );
  }
  const intake = new Intake(engine, 'fit');
  const samples = intake.samples(x, y, options);
  const { count } = samples;
  const trained = count - validated(count, validationSplit);
  // Class weights count in training, not in validation.
  const { sampleWeight, classWeight } = options;
  const measured =
    trained < count && classWeight !== undefined ? intake.samples(x, y, { sampleWeight }) : samples;
  const rest =
    trained < count ? { samples: measured, from: trained, to: count, batchSize } : undefined;
  if (trained % batchSize === 1) naming(intake.where, () => checkStatistics(engine.network.graph));
  const common = commonOf(engine, intake, options, batchSize, rest);
  const { seed, graph } = engine.network;
  const part = { samples, count: trained, batchSize, order: shuffle ? seed : undefined };
  const range = { samples, from: 0, to: trained, batchSize };
  if (common.validation) {
    const { warnOfUnseenClasses } = await comparing.get('fit');
    warnOfUnseenClasses(engine, range, common.validation);
  }
  if (!augmentation) {
    warnOfRawPixels(engine, samples, 0, trained);
    return { ...common, feed: arrayFeed(part) };
  }
  const { augmentedFeed, normalizedRange } = await augmenting.get('fit');
  const { normalize } = augmentation;
  if (!normalize) warnOfRawPixels(engine, samples, 0, trained);
  const { validation: raw } = common;
  const [{ shape }] = graph.inputs;
  const validation = raw && normalize ? normalizedRange(raw, shape, normalize) : raw;
  // Last, because it starts a worker.
  return { ...common, validation, feed: augmentedFeed(graph, part, augmentation) };
}

/** The session of `fitDataset`. */
export async function datasetSession(
  engine: Engine,
  dataset: Dataset,
  options: FitDatasetOptions,
): Promise<Session> {
  checkOptions('fitDataset', options, datasetWords);
  const { batchesPerEpoch, validationBatchSize = 32, signal } = options;
  const intake = new Intake(engine, 'fitDataset');
  const common = commonOf(engine, intake, options, validationBatchSize, undefined);
  const { datasetFeed } = await iterating.get('fitDataset');
  return { ...common, feed: datasetFeed(engine, dataset, intake, batchesPerEpoch, signal) };
}

/** @param rest what is validated if the options give no validation data */
function commonOf(
  engine: Engine,
  intake: Intake,
  options: TrainingOptions,
  batchSize: number,
  rest: Range | undefined,
): Omit<Session, 'feed'> {
  const { call, where } = intake;
  const { epochs = 1, validationData, signal } = options;
  // Throws before `compile`.
  intake.objective;
  engine.checkLearns(where);
  const validation = validationData ? validationOf(intake, validationData, batchSize) : rest;
  const callbacks = naming(call, () => callbacksOf(options));
  return { intake, epochs, validation, callbacks, signal };
}

/**
 * How many samples a share of `count` is, rounded up as in Keras. A product that is whole except for rounding errors is
 * not rounded up.
 */
function validated(count: number, share: number): number {
  const held = Math.ceil(count * share - 1e-9);
  if (held < count) return held;
  throw new ValueError(
    `fit: a validationSplit of ${share} leaves no sample of ${count} to train on`,
  );
}

function validationOf(
  intake: Intake,
  data: NonNullable<TrainingOptions['validationData']>,
  batchSize: number,
): Range {
  if (!Array.isArray(data) || data.length < 2 || data.length > 3)
    throw new ValueError(`${intake.call}: validationData must be [x, y] or [x, y, sampleWeight]`);
  const [x, y, sampleWeight] = data as readonly [DataSet, DataSet, SampleWeight?];
  const samples = intake.part('validationData').samples(x, y, { sampleWeight });
  return { samples, from: 0, to: samples.count, batchSize };
}
