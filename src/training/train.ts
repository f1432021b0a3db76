// The training loop: each batch from the feed goes through the engine, what it came to into the means, these into the
// logs, and the logs of each epoch into the history.

import { ValueError } from '../base/errors.js';
import { checkFactor } from '../operators/optimizer/rate.js';
import type { Callback, Progress, TrainedModel, Training } from './callback.js';
import type { Engine } from './engine.js';
import { type Logs, Means } from './means.js';
import { breathe, measure, SLICE } from './measure.js';
import type { Session } from './session.js';

/** What `fit` returns. */
export interface History {
  /** Numbers of the epochs, from 1. */
  readonly epoch: number[];
  /** Each log by epoch: `history.loss`, `history.accuracy`, `history.val_loss` … */
  readonly history: Record<string, number[]>;
}

/** Trains as the session says. @param model what callbacks are shown */
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

/** One training under way. */
class Loop {
  readonly #engine: Engine;
  readonly #session: Session;
  readonly #watchesBatches: boolean;
  readonly #means: Means;
  #stopped = false;
  readonly #started = performance.now();
  /** Samples trained on, and steps taken. */
  #done = 0;
  #steps = 0;

  constructor(engine: Engine, session: Session) {
    this.#engine = engine;
    this.#session = session;
    this.#means = new Means(session.intake.objective, engine.network.graph);
    this.#watchesBatches = session.callbacks.some(({ onBatchEnd }) => onBatchEnd !== undefined);
  }

  async run(model: TrainedModel): Promise<History> {
    const history: History = { epoch: [], history: {} };
    const { epochs, intake } = this.#session;
    await this.#tell('onTrainBegin', this.#handle(model));
    for (let epoch = 1; epoch <= epochs && !this.#stopped; epoch++) {
      await this.#tell('onEpochBegin', epoch);
      this.#engine.check(intake.call);
      const logs = { ...(await this.#epoch(epoch)), ...(await this.#validation()) };
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
      epochs: this.#session.epochs,
      batches: this.#session.feed.batches,
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
      this.#means.add(engine.train(taken), taken.size);
      this.#done += taken.size;
      this.#steps++;
      batch++;
      if (this.#watchesBatches) await this.#tell('onBatchEnd', batch);
      if (performance.now() - turn > SLICE || batch === feed.batches) {
        await this.#tell('onProgress', this.#progress(epoch, batch));
        await breathe();
        engine.check(intake.call);
        turn = performance.now();
      }
    }
    signal?.throwIfAborted();
    if (batch === 0) throw new ValueError(`${intake.call}: there is no batch in epoch ${epoch}`);
    return this.#means.logs();
  }

  async #validation(): Promise<Logs> {
    const { validation, intake, signal } = this.#session;
    if (!validation) return {};
    await this.#tell('onTestBegin');
    try {
      return (await measure(this.#engine, intake, validation, signal)).logs('val_');
    } finally {
      await this.#tell('onTestEnd');
    }
  }

  #progress(epoch: number, batch: number): Progress {
    const seconds = (performance.now() - this.#started) / 1000;
    const { epochs, feed } = this.#session;
    const { batches } = feed;
    const left = batches - batch + (epochs - epoch) * batches;
    return {
      epoch,
      epochs,
      batch,
      batches,
      samplesPerSecond: this.#done / seconds,
      eta: Math.max(0, (seconds / this.#steps) * left),
      logs: this.#means.logs(),
    };
  }
}
