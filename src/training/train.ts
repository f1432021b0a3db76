// Training and evaluation over many batches: epochs, shuffling, validation, callbacks, progress.

import { StateError, ValueError } from '../base/errors.js';
import { checkOptions } from '../base/options.js';
import { checkInteger } from '../base/shape.js';
import type { Augmentation } from '../data/augment.js';
import type { Objective } from '../lowering/objective.js';
import { checkFactor } from '../operators/optimizer/rate.js';
import type { Data } from '../tensor/numbers.js';
import {
  type Callback,
  callbacksOf,
  type Listening,
  type Progress,
  type TrainedModel,
  type Training,
} from './callback.js';
import type { Engine } from './engine.js';
import { arrayFeed, type Dataset, datasetFeed, type Feed } from './feed.js';
import { type Logs, Means } from './means.js';
import { type WeightOptions, weightSource } from './sampleweights.js';
import { type DataSet, type Samples, samplesOf } from './source.js';

/** What any training can be told. */
interface TrainingOptions extends Listening {
  /** Times through the data: 1 by default. */
  epochs?: number;
  /** Measured after each epoch: [x, y]. */
  validationData?: readonly [DataSet, DataSet];
  /** Aborts the training at the next step; the steps taken stay. */
  signal?: AbortSignal;
}

/** Options of `fit`. */
export interface FitOptions extends TrainingOptions, WeightOptions {
  /** Samples per step: 32 by default. */
  batchSize?: number;
  /** The share of the data, taken from the end, to be measured and not trained on. */
  validationSplit?: number;
  /** Whether each epoch takes the samples in another order: true by default. */
  shuffle?: boolean;
  /**
   * What is done to the images at random, made by `data.augment`: anew in each epoch, in a worker where
   * the engine has some, while the batch before is trained on. The model must have one input, of images.
   */
  augmentation?: Augmentation;
}

/** Options of `fitDataset`. */
export interface FitDatasetOptions extends TrainingOptions {
  /** Batches after which an epoch ends, or earlier where the data do: by default only then. */
  batchesPerEpoch?: number;
  /** Samples per step of the validation: 32 by default. */
  validationBatchSize?: number;
}

/** What `fit` returns. */
export interface History {
  /** Numbers of the epochs, from 1. */
  readonly epoch: number[];
  /** Each log by epoch: `history.loss`, `history.accuracy`, `history.val_loss` … */
  readonly history: Record<string, number[]>;
}

const commonWords = ['epochs', 'validationData', 'callbacks', 'signal', 'onProgress'];
const fitWords = [
  ...commonWords,
  'batchSize',
  'validationSplit',
  'shuffle',
  'sampleWeight',
  'classWeight',
  'augmentation',
];
const datasetWords = [...commonWords, 'batchesPerEpoch', 'validationBatchSize'];

/** Milliseconds of work after which the event loop gets its turn. */
const SLICE = 50;

/** A turn of the event loop: timers, messages and aborts come through. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** @throws {StateError} before `compile` */
export function objectiveOf(where: string, engine: Engine): Objective {
  if (engine.objective) return engine.objective;
  throw new StateError(`${where}: call compile({ optimizer, loss, metrics }) first`);
}

/** Checks data against the model. @throws {ShapeError} {@link ValueError} {@link NumericError} */
export function checkedSamples(
  where: string,
  engine: Engine,
  x: DataSet,
  y: DataSet,
  weights: WeightOptions = {},
): Samples {
  const { name, graph } = engine.network;
  const place = `${name}.${where}`;
  const samples = samplesOf(place, graph, objectiveOf(where, engine), x, y);
  const sources = samples.y.flatMap(
    (targets, i) =>
      weightSource(place, weights, targets, graph.outputs[i].shape.at(-1) as number) ?? [],
  );
  return { ...samples, weights: sources };
}

/** Sums for what the model was compiled for. */
const meansOf = (where: string, engine: Engine): Means =>
  new Means(objectiveOf(where, engine).goals, engine.network.graph);

/** One optimizer step on all of `samples`; its loss and metrics. */
export function trainStep(engine: Engine, samples: Samples): Logs {
  const means = meansOf('trainOnBatch', engine);
  engine.train('trainOnBatch', samples, null, 0, samples.count, means);
  means.add(samples.count);
  return means.logs();
}

/** Loss and metrics over samples `from` … `to`−1. */
export async function measure(
  where: string,
  engine: Engine,
  samples: Samples,
  from: number,
  to: number,
  batchSize: number,
  signal?: AbortSignal,
): Promise<Means> {
  const means = meansOf(where, engine);
  let turn = performance.now();
  for (let first = from; first < to; first += batchSize) {
    signal?.throwIfAborted();
    const batch = Math.min(batchSize, to - first);
    engine.evaluate(where, samples, first, batch, means);
    means.add(batch);
    if (performance.now() - turn > SLICE) {
      await breathe();
      engine.check(where);
      turn = performance.now();
    }
  }
  return means;
}

/** Samples to be measured: from, to. */
interface Validation {
  readonly samples: Samples;
  readonly from: number;
  readonly to: number;
  readonly batchSize: number;
}

/** What `fit` trains on: everything is checked before anything is trained. */
export async function fitTrainer(
  engine: Engine,
  x: DataSet,
  y: DataSet,
  options: FitOptions,
): Promise<Trainer> {
  const {
    validationSplit = 0,
    shuffle = true,
    augmentation,
  } = checkOptions('fit', options, fitWords);
  const batchSize = checkInteger('fit', 'batchSize', options.batchSize ?? 32);
  const samples = checkedSamples('fit', engine, x, y, options);
  const { count } = samples;
  if (!(validationSplit >= 0 && validationSplit < 1)) {
    throw new ValueError(
      `fit: validationSplit must be from 0 to less than 1, not ${validationSplit}`,
    );
  }
  const trained = count - Math.floor(count * validationSplit);
  const order = shuffle ? engine.network.seed : undefined;
  const part = { samples, count: trained, batchSize, order };
  const feed = augmentation
    ? (await import('./augmentedfeed.js')).augmentedFeed(engine, x, part, augmentation)
    : arrayFeed(part);
  const rest = trained < count ? { samples, from: trained, to: count, batchSize } : undefined;
  return new Trainer('fit', engine, feed, options, batchSize, rest);
}

/** What `fitDataset` trains on. */
export function datasetTrainer(
  engine: Engine,
  dataset: Dataset,
  options: FitDatasetOptions,
): Trainer {
  checkOptions('fitDataset', options, datasetWords);
  const { batchesPerEpoch, validationBatchSize = 32, signal } = options;
  checkInteger('fitDataset', 'validationBatchSize', validationBatchSize);
  if (batchesPerEpoch !== undefined) checkInteger('fitDataset', 'batchesPerEpoch', batchesPerEpoch);
  const check = (x: DataSet, y: DataSet, sampleWeight?: Data): Samples =>
    checkedSamples('fitDataset', engine, x, y, { sampleWeight });
  const feed = datasetFeed(dataset, check, batchesPerEpoch, signal);
  return new Trainer('fitDataset', engine, feed, options, validationBatchSize);
}

/** The training loop behind `model.fit` and `model.fitDataset`. */
export class Trainer {
  readonly #where: string;
  readonly #engine: Engine;
  readonly #feed: Feed;
  readonly #signal: AbortSignal | undefined;
  readonly #validation: Validation | undefined;
  readonly #callbacks: readonly Callback[];
  readonly #watchesBatches: boolean;
  readonly #means: Means;
  readonly #epochs: number;
  #stopped = false;
  #started = 0;
  /** Samples trained on, and steps taken. */
  #done = 0;
  #steps = 0;

  /** @param rest what is measured where the options name no validation data */
  constructor(
    where: string,
    engine: Engine,
    feed: Feed,
    options: TrainingOptions,
    batchSize: number,
    rest?: Validation,
  ) {
    const { epochs = 1, validationData, signal } = options;
    this.#where = where;
    this.#engine = engine;
    this.#feed = feed;
    this.#signal = signal;
    this.#epochs = checkInteger(where, 'epochs', epochs);
    this.#means = meansOf(where, engine);
    engine.checkLearns(where);
    this.#validation = validationData
      ? validationOf(where, engine, validationData, batchSize)
      : rest;
    this.#callbacks = callbacksOf(where, options);
    this.#watchesBatches = this.#callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
    if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
      throw new ValueError(`${where}: signal must be an AbortSignal: new AbortController().signal`);
    }
  }

  async run(model: TrainedModel): Promise<History> {
    const history: History = { epoch: [], history: {} };
    this.#started = performance.now();
    try {
      await this.#tell('onTrainBegin', this.#handle(model));
      for (let epoch = 1; epoch <= this.#epochs && !this.#stopped; epoch++) {
        await this.#tell('onEpochBegin', epoch);
        this.#engine.check(this.#where);
        const logs = await this.#epoch(epoch);
        this.#engine.epoch++;
        history.epoch.push(epoch);
        for (const [name, value] of Object.entries(logs)) {
          history.history[name] ??= [];
          history.history[name].push(value);
        }
        await this.#tell('onEpochEnd', epoch, logs);
      }
      await this.#tell('onTrainEnd');
    } finally {
      this.#feed.close?.();
    }
    return history;
  }

  #handle(model: TrainedModel): Training {
    const engine = this.#engine;
    return {
      model,
      epochs: this.#epochs,
      batches: this.#feed.batches,
      get learningRateFactor() {
        return engine.learningRateFactor;
      },
      set learningRateFactor(factor) {
        engine.learningRateFactor = checkFactor(factor);
      },
      stop: () => {
        this.#stopped = true;
      },
    };
  }

  async #tell<K extends keyof Callback>(
    what: K,
    ...args: Parameters<NonNullable<Callback[K]>>
  ): Promise<void> {
    for (const callback of this.#callbacks) {
      await (callback[what] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
    }
  }

  async #epoch(epoch: number): Promise<Logs> {
    const engine = this.#engine;
    this.#means.reset();
    let turn = performance.now();
    let batch = 0;
    for await (const { samples, order, first, size } of this.#feed.each(engine.epoch)) {
      this.#signal?.throwIfAborted();
      engine.check(this.#where);
      engine.train(this.#where, samples, order, first, size, this.#means);
      this.#means.add(size);
      this.#done += size;
      this.#steps++;
      batch++;
      if (this.#watchesBatches) await this.#tell('onBatchEnd', batch);
      if (performance.now() - turn > SLICE || batch === this.#feed.batches) {
        await this.#tell('onProgress', this.#progress(epoch, batch));
        await breathe();
        engine.check(this.#where);
        turn = performance.now();
      }
    }
    this.#signal?.throwIfAborted();
    if (batch === 0) throw new ValueError(`${this.#where}: there is no batch in epoch ${epoch}`);
    const logs = this.#means.logs();
    return this.#validation ? { ...logs, ...(await this.#measure(this.#validation)) } : logs;
  }

  async #measure({ samples, from, to, batchSize }: Validation): Promise<Logs> {
    await this.#tell('onTestBegin');
    const where = `${this.#where}: validation`;
    const engine = this.#engine;
    try {
      const means = await measure(where, engine, samples, from, to, batchSize, this.#signal);
      return means.logs('val_');
    } finally {
      await this.#tell('onTestEnd');
    }
  }

  #progress(epoch: number, batch: number): Progress {
    const seconds = (performance.now() - this.#started) / 1000;
    const { batches } = this.#feed;
    const left = batches - batch + (this.#epochs - epoch) * batches;
    return {
      epoch,
      epochs: this.#epochs,
      batch,
      batches,
      samplesPerSecond: this.#done / seconds,
      eta: Math.max(0, (seconds / this.#steps) * left),
      logs: this.#means.logs(),
    };
  }
}

function validationOf(
  where: string,
  engine: Engine,
  data: readonly [DataSet, DataSet],
  batchSize: number,
): Validation {
  if (!Array.isArray(data) || data.length !== 2)
    throw new ValueError(`${where}: validationData must be [x, y]`);
  const samples = checkedSamples(`${where}: validationData`, engine, data[0], data[1]);
  return { samples, from: 0, to: samples.count, batchSize };
}
