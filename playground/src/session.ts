// The network that a worker holds, and its training.

import { type Model, memory, optimizers } from 'wasmgrad/core';
import { build, describe } from './build.js';
import { PIXELS, SIDE } from './datasets.js';
import { GradientMeter } from './gradients.js';
import type { LoadedData } from './loading.js';
import { Watcher } from './looking.js';
import type { Description, LoadedNetwork, Row, TrainingOptions, WorkerEvents } from './messages.js';
import { type LayerSpec, specOf } from './networks.js';
import { Pace } from './pace.js';

/** What is waited for, and what ends the wait. */
interface Latch {
  readonly opened: Promise<void>;
  open(): void;
}

function latch(): Latch {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

type Tell = <K extends keyof WorkerEvents>(event: K, detail: WorkerEvents[K]) => void;

/** Compiles a model as the page trains it. */
export function compile(model: Model, { optimizer, learningRate }: TrainingOptions): void {
  model.compile({
    optimizer:
      optimizer === 'adam'
        ? optimizers.adam({ learningRate })
        : optimizers.sgd({ learningRate, momentum: 0.9 }),
    loss: 'softmaxCrossEntropy',
    metrics: ['accuracy'],
  });
}

const untrained: TrainingOptions = {
  epochs: 1,
  batchSize: 64,
  learningRate: 0.05,
  optimizer: 'sgd',
};

/** The most weights that a draft may have: more are no network for a page. */
const MOST_WEIGHTS = 5_000_000;

/** What keeps a network that the library accepts from being trained here. */
function misfit(rows: readonly Row[]): string | undefined {
  const shape = rows.at(-1)?.shape ?? [SIDE, SIDE, 1];
  if (`${shape}` !== '10')
    return `The last layer gives ${shape.join(' × ')} numbers, and there are 10 classes: let it be a dense layer with 10 units.`;
  const weights = rows.reduce((sum, { parameters }) => sum + parameters, 0);
  if (weights > MOST_WEIGHTS)
    return `${weights.toLocaleString('en')} weights are too many for this page: ${MOST_WEIGHTS.toLocaleString('en')} are the most.`;
  return undefined;
}

const rowsOf = (model: Model): readonly Row[] =>
  model.summary({ print: null }).map(({ name, type, outputShape, parameters }) => ({
    name,
    type,
    shape: outputShape,
    parameters,
  }));

export class Session {
  readonly #tell: Tell;
  #data: LoadedData | undefined;
  #watcher: Watcher | undefined;
  /** The optimizer that the network was compiled with, and its learning rate then. */
  #compiled: { readonly optimizer: string; readonly learningRate: number } | undefined;
  /** The learning rate that is wanted now. */
  #rate = 0;
  /** Steps that the network has been trained for. */
  #steps = 0;
  #epochs = 0;
  #training: { abort: AbortController; ended: Promise<unknown> } | undefined;
  /** Of a pause: opened when the training rests, and when it may go on. */
  #pause: { readonly rest: Latch; readonly end: Latch } | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  get data(): LoadedData {
    if (!this.#data) throw new Error('The images are not here yet.');
    return this.#data;
  }

  /** The network, and what looks at it. */
  get watcher(): Watcher {
    if (!this.#watcher) throw new Error('There is no network yet.');
    return this.#watcher;
  }

  /** Other images; the training of the ones before ends. */
  async setData(data: LoadedData): Promise<void> {
    await this.stop();
    this.#data = data;
  }

  /** Which layers fit, and whether what comes out are the ten classes. */
  async describe(specs: readonly LayerSpec[]): Promise<Description> {
    const described = describe(specs);
    if ('error' in described) return described;
    const wrong = misfit(described.rows);
    if (wrong) return { error: wrong, at: specs.length - 1 };
    const model = build(specs);
    try {
      compile(model, untrained);
      const { x, y } = this.data.test;
      await model.evaluate(x.subarray(0, 10 * PIXELS), y.subarray(0, 10));
      return described;
    } catch (error) {
      return { error: (error as Error).message, at: specs.length - 1 };
    } finally {
      model.dispose();
    }
  }

  /** A new network takes the place of the one before. */
  async make(specs: readonly LayerSpec[], name: string): Promise<readonly Row[]> {
    const model = build(specs, { name });
    await this.#replace(model);
    return rowsOf(model);
  }

  /**
   * A model that is read takes the place of the one before.
   * @param steps, epochs how long it has been trained
   * @throws for what is no model, and for one of other images or classes: the one before stays
   */
  async load(reading: Promise<Model>, steps = 0, epochs = 0): Promise<LoadedNetwork> {
    const model = await reading;
    const [input, output] = [model.inputShape, model.outputShape];
    if (`${input}` !== `${[SIDE, SIDE, 1]}` || `${output}` !== '10') {
      model.dispose();
      throw new Error(
        `This model reads images of ${input.join(' × ')} and gives ${output.join(' × ')} numbers. The images here are ${SIDE} × ${SIDE} × 1, and their classes 10: load a model that was trained on such images.`,
      );
    }
    await this.#replace(model);
    this.#steps = steps;
    this.#epochs = epochs;
    return { name: model.name, rows: rowsOf(model), layers: specsOf(model) };
  }

  async #replace(model: Model): Promise<void> {
    // First, as it throws for networks that it cannot look into: the one before stays then.
    let watcher: Watcher;
    try {
      watcher = new Watcher(model);
    } catch (error) {
      model.dispose();
      throw error;
    }
    await this.stop();
    this.#watcher?.dispose();
    this.#watcher = watcher;
    this.#compiled = undefined;
    this.#steps = 0;
    this.#epochs = 0;
  }

  /** Trains for some epochs more. */
  async train(options: TrainingOptions): Promise<'done' | 'stopped'> {
    await this.stop();
    const abort = new AbortController();
    const ended = this.#fit(options, abort.signal);
    this.#training = { abort, ended: ended.catch(() => {}) };
    try {
      await ended;
      return 'done';
    } catch (error) {
      if (abort.signal.aborted) return 'stopped';
      throw error;
    } finally {
      if (this.#training?.abort === abort) this.#training = undefined;
    }
  }

  async #fit(options: TrainingOptions, signal: AbortSignal): Promise<void> {
    const { model } = this.watcher;
    const { optimizer, learningRate, batchSize, epochs } = options;
    // Another rate is a factor of the compiled one, so that the optimizer keeps its momentum; of 0 there is none.
    if (this.#compiled?.optimizer !== optimizer || !this.#compiled.learningRate) {
      compile(model, options);
      this.#compiled = options;
    }
    const compiled = this.#compiled.learningRate;
    this.#rate = learningRate;
    let training: { learningRateFactor: number } | undefined;
    const setRate = () => {
      if (training && compiled > 0) training.learningRateFactor = this.#rate / compiled;
    };
    const { train, test } = this.data;
    // The model counts from its compile on, the playground all.
    const begun = model.epoch;
    const before = this.#epochs - begun;
    const count = train.y.length;
    const pace = new Pace(count, epochs);
    const meter = new GradientMeter();
    let first = true;
    await model.fit(train.x, train.y, {
      epochs,
      batchSize,
      signal,
      validationData: [test.x, test.y],
      callbacks: {
        onTrainBegin: (begun) => {
          training = begun;
          setRate();
        },
        onBatchEnd: () => {
          this.#steps++;
          setRate();
          if (first) this.#tell('firstStep', undefined);
          first = false;
        },
        onProgress: ({ epoch, epochs: last, batch, logs }) => {
          const done = Math.min(count, batch * batchSize);
          this.#tell('progress', {
            step: this.#steps,
            epoch: before + epoch,
            epochs: before + last,
            share: done / count,
            memory: memory().bytes,
            learningRate: logs.learningRate,
            gradients: meter.look(model),
            ...pace.after(epoch - begun, done, logs),
          });
          // After the news: what the page shows is where the training rests.
          if (!this.#pause) return undefined;
          pace.rest();
          this.#pause.rest.open();
          return this.#pause.end.opened;
        },
        onEpochEnd: (epoch, logs) => {
          this.#epochs = before + epoch;
          this.#tell('epoch', {
            step: this.#steps,
            epoch: this.#epochs,
            valLoss: logs.val_loss,
            valAccuracy: logs.val_accuracy,
          });
        },
      },
    });
  }

  /** The learning rate from the next step on. */
  setLearningRate(rate: number): void {
    this.#rate = rate;
  }

  /** Pauses or resumes the training. When this returns, a pause is one: no step is under way. */
  async pause(paused: boolean): Promise<void> {
    if (!paused) {
      this.#pause?.end.open();
      this.#pause = undefined;
    } else if (this.#training) {
      this.#pause ??= { rest: latch(), end: latch() };
      // It may as well end before.
      await Promise.race([this.#pause.rest.opened, this.#training.ended]);
    }
  }

  /** Ends the training, if there is one, after the step it is at. */
  async stop(): Promise<void> {
    this.#training?.abort.abort();
    this.pause(false);
    await this.#training?.ended;
  }
}

/** The editor's layers for a model's, unless it has some that the editor has not. */
function specsOf(model: Model): readonly LayerSpec[] | undefined {
  const { layers } = model;
  if (model.summary({ print: null }).length !== layers.length) return undefined;
  const specs = layers.map(({ type, options, trainable }) =>
    trainable ? specOf(type, options as Readonly<Record<string, unknown>>) : undefined,
  );
  return specs.every((spec) => spec !== undefined) ? specs : undefined;
}
