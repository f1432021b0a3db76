// The training loop. The engine trains on each batch of the feed, the means add up the outcomes, the callbacks get the
// logs, and each epoch's logs become part of the history.

import { ValueError } from '../base/errors.js';
import { checkFactor } from '../operators/optimizer/rate.js';
import type { Callback, Progress, TrainedModel, Training } from './callback.js';
import type { Engine } from './engine.js';
import { type Logs, Means } from './means.js';
import { breathe, measure, SLICE } from './measure.js';
import type { Session } from './session.js';

/** What `fit` returns. */
export interface History {
  /** Numbers of the epochs, from 1 for the first since `compile`. */
  readonly epoch: number[];
  /**
   * Each log, epoch by epoch: `history.loss`, `history.accuracy`, `history.val_loss` … and `history.learningRate`, the
   * rate of the epoch's last step.
   */
  readonly history: Record<string, number[]>;
}

/** Trains as the session says. @param model passed to the callbacks */
export async function train(
  engine: Engine,
  session: Session,
  model: TrainedModel,
): Promise<History> {
  try {
    return await new Loop(engine, session).run(model);
  } finally {
    session.feed.close?.();
  }
}

/** A training that runs. */
class Loop {
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #watchesBatches: boolean;
  readonly #means: Means;
  /** The means of one batch, if a callback watches batches. */
  readonly #batchMeans: Means;
  /** The number of the last epoch. */
  readonly #last: number;
  #stopped = false;
  /** The rate of the last step. */
  #rate = 0;
  #warned = false;
  readonly #started = performance.now();
  /** Samples trained on, and steps taken. */
  #done = 0;
  #steps = 0;

  constructor(engine: Engine, session: Session) {
    this.#engine = engine;
    this.#session = session;
    this.#means = new Means(session.intake.objective, engine.network.graph);
    this.#batchMeans = new Means(session.intake.objective, engine.network.graph);
    this.#last = engine.epoch + session.epochs;
    this.#watchesBatches = session.callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
  }

  async run(model: TrainedModel): Promise<History> {
    const history: History = { epoch: [], history: {} };
    const { intake } = this.#session;
    await this.#tell('onTrainBegin', this.#handle(model));
    for (let epoch = this.#engine.epoch + 1; epoch <= this.#last && !this.#stopped; epoch++) {
      await this.#tell('onEpochBegin', epoch);
      this.#engine.check(intake.call);
      const means = await this.#epoch(epoch);
      const logs = this.#logs({ ...means, ...(await this.#validation()) });
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
    return Object.seal<Training>({
      model,
      epochs: this.#last,
      batches: this.#session.feed.batches,
      get learningRateFactor() {
        return engine.learningRateFactor;
      },
      set learningRateFactor(factor) {
        engine.learningRateFactor = checkFactor(factor);
      },
      get learningRate() {
        return engine.learningRate ?? 0;
      },
      stop: () => {
        this.#stopped = true;
      },
    });
  }

  async #tell<K extends keyof Callback>(
    what: K,
    ...args: Parameters<NonNullable<Callback[K]>>
  ): Promise<void> {
    for (const callback of this.#session.callbacks) {
      await (callback[what] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
    }
  }

  async #epoch(epoch: number): Promise<Logs> {
    const engine = this.#engine;
    const { feed, signal, intake } = this.#session;
    this.#means.reset();
    let turn = performance.now();
    let batch = 0;
    for await (const taken of feed.each(engine.epoch)) {
      signal?.throwIfAborted();
      this.#rate = this.#checkedRate();
      const outcome = engine.train(taken);
      this.#means.add(outcome);
      this.#done += taken.size;
      this.#steps++;
      batch++;
      if (this.#watchesBatches) {
        this.#batchMeans.reset();
        this.#batchMeans.add(outcome);
        await this.#tell('onBatchEnd', batch, this.#logs(this.#batchMeans.logs()));
      }
      if (performance.now() - turn > SLICE || batch === feed.batches) {
        await this.#tell('onProgress', this.#progress(epoch, batch));
        await breathe();
        engine.check(intake.call);
        turn = performance.now();
      }
    }
    signal?.throwIfAborted();
    if (batch === 0) {
      throw new ValueError(
        `${intake.call}: there is no batch in epoch ${epoch}: a generator runs once: give the function that makes it`,
      );
    }
    return this.#means.logs();
  }

  #logs(means: Logs): Logs {
    return { ...means, learningRate: this.#rate };
  }

  /** The rate of the next step. Warns if it is 0, as after the end of a schedule. */
  #checkedRate(): number {
    const { learningRate = 0, step, network } = this.#engine;
    if (learningRate === 0 && !this.#warned) {
      this.#warned = true;
      console.warn(
        `wasmgrad: ${network.name}.${this.#session.intake.call}: the learning rate of step ${step + 1} is 0, so nothing is learned: where its schedule has ended, compile anew`,
      );
    }
    return learningRate;
  }

  async #validation(): Promise<Logs> {
    const { validation, intake, signal } = this.#session;
    if (!validation) return {};
    const engine = this.#engine;
    const { averaged } = engine;
    await this.#tell('onTestBegin');
    let means: Means;
    try {
      means = await measure(engine, intake, validation, signal);
    } catch (error) {
      await this.#tell('onTestEnd');
      // If a callback put the average in place for the validation, it is taken out again.
      if (engine.averaged !== averaged) engine.swapAverage();
      throw error;
    }
    await this.#tell('onTestEnd');
    return means.logs('val_');
  }

  #progress(epoch: number, batch: number): Progress {
    const seconds = (performance.now() - this.#started) / 1000;
    const { batches } = this.#session.feed;
    const left = batches - batch + (this.#last - epoch) * batches;
    return {
      epoch,
      epochs: this.#last,
      batch,
      batches,
      samplesPerSecond: this.#done / seconds,
      eta: Math.max(0, (seconds / this.#steps) * left),
      logs: this.#logs(this.#means.logs()),
    };
  }
}
