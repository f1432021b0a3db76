// Training and evaluation over many batches: epochs, shuffling, validation, callbacks, progress.

import { Confusion } from '../confusion.js';
import { type CountMetric, classesOf, isCounted } from '../emit/metric.js';
import { StateError, ValueError } from '../errors.js';
import { checkOptions } from '../options.js';
import { purpose, Random } from '../random.js';
import { checkFactor } from '../rate.js';
import { checkInteger } from '../shape.js';
import type { Engine } from './engine.js';
import type { Aim, Objective, Report } from './objective.js';
import { type WeightOptions, weightSource } from './sampleweights.js';
import { type DataSet, type Samples, samplesOf } from './source.js';
import type { Weight } from './weights.js';

/** Numbers by name: 'loss', the metrics, and after validation 'val_loss' and so on. */
export type Logs = Record<string, number>;

/** Where a training stands. */
export interface Progress {
  /** This epoch, from 1, and how many there are. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches done in this epoch, and how many there are. */
  readonly batch: number;
  readonly batches: number;
  readonly samplesPerSecond: number;
  /** Seconds until all epochs are done, as far as can be told. */
  readonly eta: number;
  /** Means over this epoch so far. */
  readonly logs: Logs;
}

/** A model as callbacks see it. */
export interface TrainedModel {
  readonly name: string;
  readonly weights: readonly Weight[];
  toBytes(): Uint8Array<ArrayBuffer>;
}

/** What callbacks know of the training they watch. */
export interface Training {
  readonly model: TrainedModel;
  readonly epochs: number;
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
  onEpochEnd?(epoch: number, logs: Logs): void | Promise<void>;
  onTrainEnd?(): void | Promise<void>;
}

/** Options of `fit`. */
export interface FitOptions extends WeightOptions {
  /** Times through the data: 1 by default. */
  epochs?: number;
  /** Samples per step: 32 by default. */
  batchSize?: number;
  /** Measured after each epoch: [x, y]. */
  validationData?: readonly [DataSet, DataSet];
  /** The share of the data, taken from the end, to be measured and not trained on. */
  validationSplit?: number;
  /** Whether each epoch takes the samples in another order: true by default. */
  shuffle?: boolean;
  callbacks?: Callback | readonly Callback[];
  /** Aborts the training at the next step; the steps taken stay. */
  signal?: AbortSignal;
  onProgress?: Callback['onProgress'];
}

/** What `fit` returns. */
export interface History {
  /** Numbers of the epochs, from 1. */
  readonly epoch: number[];
  /** Each log by epoch: `history.loss`, `history.accuracy`, `history.val_loss` … */
  readonly history: Record<string, number[]>;
}

/** The words of `FitOptions`. */
const fitWords = [
  'epochs',
  'batchSize',
  'validationData',
  'validationSplit',
  'shuffle',
  'callbacks',
  'signal',
  'onProgress',
  'sampleWeight',
  'classWeight',
];

function checkCallback(callback: Callback, index: number): void {
  if (typeof callback === 'object' && callback !== null) return;
  const hint = typeof callback === 'function' ? ': call it, as in callbacks.progress()' : '';
  throw new ValueError(
    `fit: callback ${index} must be an object with functions such as onEpochEnd, not ${callback === null ? 'null' : typeof callback}${hint}`,
  );
}

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

/** Sums of loss and metrics, weighted by samples, and counts of classes where metrics need them. */
class Means implements Report {
  readonly results: Float64Array;
  readonly confusions: readonly (Confusion | undefined)[];
  readonly #goals: readonly Aim[];
  readonly #names: readonly string[];
  readonly #sums: Float64Array;
  #count = 0;

  constructor(where: string, engine: Engine) {
    this.#goals = objectiveOf(where, engine).goals;
    const { outputs, outputNames } = engine.network.graph;
    this.#names = outputNames;
    const means = this.#goals.flatMap(({ metrics }) => metrics.filter((one) => !isCounted(one)));
    const losses = this.#goals.length > 1 ? this.#goals.length : 0;
    this.results = new Float64Array(1 + losses + means.length);
    this.#sums = new Float64Array(this.results.length);
    this.confusions = this.#goals.map(({ metrics }, i) => {
      const columns = outputs[i].shape.at(-1) as number;
      return metrics.some(isCounted) ? new Confusion(classesOf(columns)) : undefined;
    });
  }

  reset(): void {
    this.#sums.fill(0);
    this.#count = 0;
    for (const confusion of this.confusions) confusion?.reset();
  }

  /** Takes what a batch of `count` samples left in `results`. */
  add(count: number): void {
    for (let i = 0; i < this.results.length; i++) this.#sums[i] += this.results[i] * count;
    this.#count += count;
  }

  /** The means by name; those of several outputs have the output's name in front. */
  logs(prefix = ''): Logs {
    const means = this.#sums.map((sum) => sum / this.#count).values();
    const next = (): number => means.next().value as number;
    const logs: Logs = { [`${prefix}loss`]: next() };
    const several = this.#goals.length > 1;
    const of = (i: number): string => (several ? `${prefix}${this.#names[i]}_` : prefix);
    if (several) for (const i of this.#goals.keys()) logs[`${of(i)}loss`] = next();
    this.#goals.forEach(({ metrics }, i) => {
      for (const metric of metrics) {
        logs[of(i) + metric.name] = isCounted(metric) ? this.#counted(metric, i) : next();
      }
    });
    return logs;
  }

  #counted(metric: CountMetric, i: number): number {
    const confusion = this.confusions[i] as Confusion;
    if ('class' in metric) return confusion.figure(metric.type, metric.class);
    return confusion.macro(metric.type);
  }
}

/** One optimizer step on all of `samples`; its loss and metrics. */
export function trainStep(engine: Engine, samples: Samples): Logs {
  const means = new Means('trainOnBatch', engine);
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
  const means = new Means(where, engine);
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

/** The training loop behind `model.fit`. */
export class Trainer {
  readonly #engine: Engine;
  readonly #options: FitOptions;
  readonly #samples: Samples;
  readonly #validation: { samples: Samples; from: number; to: number } | undefined;
  readonly #callbacks: readonly Callback[];
  readonly #watchesBatches: boolean;
  readonly #means: Means;
  readonly #epochs: number;
  readonly #batchSize: number;
  /** Samples trained on. */
  readonly #count: number;
  #stopped = false;
  #started = 0;
  #done = 0;

  /** Checks everything before anything is trained. */
  constructor(engine: Engine, x: DataSet, y: DataSet, options: FitOptions) {
    const {
      epochs = 1,
      batchSize = 32,
      callbacks = [],
      onProgress,
      validationSplit = 0,
      validationData,
      signal,
    } = checkOptions('fit', options, fitWords);
    this.#engine = engine;
    this.#options = options;
    this.#epochs = checkInteger('fit', 'epochs', epochs);
    this.#batchSize = checkInteger('fit', 'batchSize', batchSize);
    this.#samples = checkedSamples('fit', engine, x, y, options);
    this.#means = new Means('fit', engine);
    engine.checkLearns('fit');
    const { count } = this.#samples;
    if (!(validationSplit >= 0 && validationSplit < 1)) {
      throw new ValueError(
        `fit: validationSplit must be from 0 to less than 1, not ${validationSplit}`,
      );
    }
    this.#count = count - Math.floor(count * validationSplit);
    if (validationData) {
      if (!Array.isArray(validationData) || validationData.length !== 2) {
        throw new ValueError('fit: validationData must be [x, y]');
      }
      const samples = checkedSamples(
        'fit: validationData',
        engine,
        validationData[0],
        validationData[1],
      );
      this.#validation = { samples, from: 0, to: samples.count };
    } else if (this.#count < count) {
      this.#validation = { samples: this.#samples, from: this.#count, to: count };
    }
    const given: Callback[] = Array.isArray(callbacks) ? callbacks : [callbacks as Callback];
    given.forEach(checkCallback);
    this.#callbacks = onProgress ? [...given, { onProgress }] : given;
    this.#watchesBatches = given.some(({ onBatchEnd }) => onBatchEnd !== undefined);
    if (signal !== undefined && typeof signal?.throwIfAborted !== 'function') {
      throw new ValueError('fit: signal must be an AbortSignal: new AbortController().signal');
    }
  }

  async run(model: TrainedModel): Promise<History> {
    const history: History = { epoch: [], history: {} };
    this.#started = performance.now();
    await this.#tell('onTrainBegin', this.#handle(model));
    const order = Int32Array.from({ length: this.#count }, (_, i) => i);
    for (let epoch = 1; epoch <= this.#epochs && !this.#stopped; epoch++) {
      await this.#tell('onEpochBegin', epoch);
      this.#engine.check('fit');
      const logs = await this.#epoch(epoch, order);
      this.#engine.epoch++;
      history.epoch.push(epoch);
      for (const [name, value] of Object.entries(logs)) {
        history.history[name] ??= [];
        history.history[name].push(value);
      }
      await this.#tell('onEpochEnd', epoch, logs);
    }
    await this.#tell('onTrainEnd');
    return history;
  }

  #handle(model: TrainedModel): Training {
    const engine = this.#engine;
    return {
      model,
      epochs: this.#epochs,
      batches: this.#batches,
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

  get #batches(): number {
    return Math.ceil(this.#count / this.#batchSize);
  }

  async #tell<K extends keyof Callback>(
    what: K,
    ...args: Parameters<NonNullable<Callback[K]>>
  ): Promise<void> {
    for (const callback of this.#callbacks) {
      await (callback[what] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
    }
  }

  async #epoch(epoch: number, order: Int32Array): Promise<Logs> {
    const { signal, shuffle = true } = this.#options;
    const engine = this.#engine;
    if (shuffle) {
      for (let i = 0; i < order.length; i++) order[i] = i;
      new Random(engine.network.seed, purpose.shuffle, engine.epoch).shuffle(order);
    }
    this.#means.reset();
    let turn = performance.now();
    for (let first = 0, batch = 1; first < this.#count; first += this.#batchSize, batch++) {
      signal?.throwIfAborted();
      const size = Math.min(this.#batchSize, this.#count - first);
      engine.train('fit', this.#samples, order, first, size, this.#means);
      this.#means.add(size);
      this.#done += size;
      if (this.#watchesBatches) await this.#tell('onBatchEnd', batch);
      if (performance.now() - turn > SLICE || batch === this.#batches) {
        await this.#tell('onProgress', this.#progress(epoch, batch));
        await breathe();
        engine.check('fit');
        turn = performance.now();
      }
    }
    const logs = this.#means.logs();
    if (!this.#validation) return logs;
    const { samples, from, to } = this.#validation;
    const measured = await measure(
      'fit: validation',
      engine,
      samples,
      from,
      to,
      this.#batchSize,
      signal,
    );
    return { ...logs, ...measured.logs('val_') };
  }

  #progress(epoch: number, batch: number): Progress {
    const seconds = (performance.now() - this.#started) / 1000;
    const total = this.#count * this.#epochs;
    return {
      epoch,
      epochs: this.#epochs,
      batch,
      batches: this.#batches,
      samplesPerSecond: this.#done / seconds,
      eta: (seconds / this.#done) * (total - this.#done),
      logs: this.#means.logs(),
    };
  }
}
