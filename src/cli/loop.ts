// The training itself: fits, saves and logs each epoch, stops by Ctrl-C where it can go on with the same bits.

import { rm } from 'node:fs/promises';
import { type Callback, callbacks, type Model } from '../core.js';
import { type LabelledImages, type NormalizeOptions, normalize } from '../data/index.js';
import type { Batches } from './batches.js';
import { Interrupts } from './interrupts.js';
import type { Epoch, Journal, Logs } from './journal.js';
import type { Terminal } from './terminal.js';

/** The files of the newest model and of the best. */
export interface Paths {
  readonly newest: string;
  readonly best: string;
}

/** All that a training needs. */
export interface Work {
  readonly model: Model;
  readonly batches: Batches;
  readonly validation: LabelledImages | undefined;
  readonly normalize: NormalizeOptions;
  /** The number of the last epoch. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly accumulation: number;
  readonly isAveraged: boolean;
  /** The log that the best model and early stopping watch. */
  readonly monitor: string;
  readonly patience: number | undefined;
  readonly paths: Paths;
  readonly journal: Journal;
  /** Epochs of the training before it was stopped. */
  readonly past: readonly Epoch[];
}

/** What came of it: its epochs, those before it was stopped included, and an exit code if it was stopped again. */
export interface Outcome {
  readonly epochs: readonly Epoch[];
  readonly stopped: number | undefined;
}

/** Thrown to leave an epoch. */
class Stopped extends Error {}

/** Whether a smaller value of a log is better. */
const falls = (monitor: string): boolean => monitor.endsWith('loss');

/** The best epoch by a log; undefined where there is none. */
export function bestOf(epochs: readonly Epoch[], monitor: string): Epoch | undefined {
  const sign = falls(monitor) ? -1 : 1;
  return epochs
    .filter(({ logs }) => Number.isFinite(logs[monitor]))
    .reduce<Epoch | undefined>(
      (best, one) => (!best || sign * one.logs[monitor] > sign * best.logs[monitor] ? one : best),
      undefined,
    );
}

/** A callback that has seen the epochs before the training was stopped. */
const replayed = (callback: Callback, past: readonly Epoch[]): Callback => ({
  ...callback,
  async onTrainBegin(training) {
    await callback.onTrainBegin?.(training);
    for (const { epoch, logs } of past) await callback.onEpochEnd?.(epoch, logs);
  },
});

/** Loss and metrics as texts; the rate has its place in the log. */
export const shown = (logs: Logs): string[] =>
  Object.entries(logs)
    .filter(([name]) => name !== 'learningRate')
    .map(([name, value]) => `${name} ${value.toFixed(4)}`);

/** A line of progress that fits into a terminal: its bar is shortened, to a third at most. */
export function fitted(line: string, columns: number): string {
  const [bar] = /[━─]+/.exec(line) ?? [''];
  const length = Math.max(
    Math.ceil(bar.length / 3),
    bar.length - Math.max(0, line.length + 1 - columns),
  );
  const filled = Math.round((length * (bar.lastIndexOf('━') + 1)) / bar.length);
  return line.replace(bar, '━'.repeat(filled) + '─'.repeat(length - filled));
}

/** Shows how far an epoch is, in terminals. @param skipped batches of the first epoch that were done before */
function progress(terminal: Terminal, skipped: number, first: number): Callback {
  const bar = callbacks.progress({
    print: (line) => terminal.status(fitted(line, terminal.columns)),
  });
  return {
    onProgress(now) {
      const { learningRate: _rate, ...logs } = now.logs;
      const before = now.epoch === first ? skipped : 0;
      return bar.onProgress?.({ ...now, logs, batch: now.batch + before });
    },
  };
}

/**
 * Logs each epoch, and shows it.
 *
 * @param epochs those until now: it is added to them @param norms of the gradients, with those of the epoch already
 */
function logging(
  { model, journal, monitor, ...work }: Work,
  epochs: Epoch[],
  norms: Readonly<Record<string, readonly number[]>>,
  terminal: Terminal,
): Callback {
  let started = 0;
  return {
    onEpochBegin() {
      started = performance.now();
    },
    onEpochEnd(epoch, logs: Logs) {
      const seconds = Number(((performance.now() - started) / 1000).toFixed(3));
      const gradientNorms = Object.fromEntries(
        Object.entries(norms).map(([layer, list]) => [layer, list[list.length - 1]]),
      );
      const { step } = model;
      const entry: Epoch = { event: 'epoch', epoch, step, seconds, logs, gradientNorms };
      epochs.push(entry);
      journal.add(entry);
      const best = bestOf(epochs, monitor) === entry ? [terminal.styled('green', 'best')] : [];
      const number = String(epoch).padStart(`${work.epochs}`.length);
      const time = `${seconds.toFixed(1)} s`;
      terminal.noteParts([`epoch ${number}/${work.epochs}`, ...shown(logs), time, ...best]);
    },
  };
}

/**
 * Leaves the training after a signal, where it can go on with the same bits: gradients that wait for the rest of their
 * step, or an epoch that waits for its validation, are not left behind.
 */
function stopping(
  { model, batches: { perEpoch }, accumulation }: Work,
  skipped: number,
  interrupts: Interrupts,
): Callback {
  const began = model.epoch;
  let stop = (): void => {};
  return {
    onTrainBegin(training) {
      stop = () => training.stop();
    },
    onBatchEnd(batch) {
      if (interrupts.code === undefined) return;
      const done = batch + (model.epoch === began ? skipped : 0);
      const isWhole = (model.epoch * perEpoch + done) % accumulation === 0;
      if (isWhole && done < perEpoch) throw new Stopped();
    },
    onEpochEnd() {
      if (interrupts.code !== undefined) stop();
    },
  };
}

/** Trains until the last epoch, or until Ctrl-C; then the newest model can go on with the next batch. */
export async function train(work: Work, terminal: Terminal): Promise<Outcome> {
  const { model, batches, paths, past, monitor, patience } = work;
  const began = model.epoch;
  // Steps beyond whole epochs, in batches: where the epoch was left.
  const skipped = Math.max(0, model.step * work.accumulation - began * batches.perEpoch);
  const epochs = [...past];
  const note = ({ message }: Error, epoch: number): void =>
    terminal.note(`epoch ${epoch} is not saved: ${message}`);
  /** Epochs whose model could not be saved, and why. */
  const unsaved = new Map<number, Error>();
  const newest = callbacks.checkpoint({
    path: paths.newest,
    onError(error, epoch) {
      unsaved.set(epoch, error);
      note(error, epoch);
    },
  });
  /** Saves the model as it is. @throws {EngineError} where it cannot: nothing comes that would save it later */
  const save = async (): Promise<void> => {
    unsaved.delete(model.epoch);
    await newest.onEpochEnd?.(model.epoch, {});
    const error = unsaved.get(model.epoch);
    if (error) throw error;
  };
  const gradients = callbacks.gradientNorms({ print: null });
  const best = callbacks.checkpoint({
    path: paths.best,
    onError: note,
    monitor,
    bestOnly: true,
    best: bestOf(past, monitor)?.logs[monitor],
  });
  const interrupts = new Interrupts(() =>
    terminal.note('\nstopping after this step and saving; Ctrl-C again ends at once'),
  );
  const print = (line: string): void => terminal.note(line);
  try {
    await model.fitDataset((epoch) => batches.epoch(epoch, epoch === began ? skipped : 0), {
      epochs: work.epochs - began,
      batchesPerEpoch: batches.perEpoch,
      validationData: validationOf(work),
      validationBatchSize: work.batchSize,
      callbacks: [
        ...(work.isAveraged ? [callbacks.swapAverage()] : []),
        gradients,
        logging(work, epochs, gradients.norms, terminal),
        newest,
        best,
        progress(terminal, skipped, began + 1),
        ...(patience
          ? [replayed(callbacks.earlyStopping({ monitor, patience, print }), past)]
          : []),
        stopping(work, skipped, interrupts),
      ],
    });
    // The average takes the weights' place at the end.
    if (work.isAveraged || unsaved.has(model.epoch)) await save();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    await save();
  } finally {
    batches.close();
    interrupts.close();
  }
  const isDone = interrupts.code === undefined || model.epoch >= work.epochs;
  const { epoch, step } = model;
  work.journal.add({ event: isDone ? 'end' : 'stop', time: new Date().toISOString(), epoch, step });
  // A training that was stopped may need them yet.
  if (isDone)
    for (const path of Object.values(paths)) await rm(`${path}.previous`, { force: true });
  return { epochs, stopped: isDone ? undefined : interrupts.code };
}

/** The validation's images, normalized, with their classes. */
function validationOf({ validation, normalize: options }: Work) {
  if (!validation) return undefined;
  return [normalize(validation.images, options), validation.labels] as const;
}
