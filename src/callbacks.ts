// Callbacks that many trainings want: progress, early stopping, checkpoints.

import { ValueError } from './errors.js';
import type { Callback, Logs, Progress, Training } from './model/train.js';
import { checkOptions } from './options.js';

export type { Callback, Logs, Progress, Training } from './model/train.js';

/** Where a progress line goes. */
export interface ProgressOptions {
  /** Receives each line; `done` at the end of an epoch. By default the terminal, or console.log. */
  print?: (line: string, done: boolean) => void;
}

/** One line per epoch: bar, images per second, time left, loss and metrics. */
export function progress(options: ProgressOptions = {}): Callback {
  const { print = printLine } = checkOptions('callbacks.progress', options, ['print']);
  let last: Progress | undefined;
  return {
    onProgress(now) {
      last = now;
      print(progressLine(now), false);
    },
    onEpochEnd(_epoch, logs) {
      if (last) print(progressLine({ ...last, logs }), true);
    },
  };
}

const BAR = 24;

/** 'epoch 2/5  ━━━━━━──────  12 034 images/s  0:07 left  loss 0.0841  accuracy 0.9741' */
function progressLine({
  epoch,
  epochs,
  batch,
  batches,
  samplesPerSecond,
  eta,
  logs,
}: Progress): string {
  const filled = Math.round((BAR * batch) / batches);
  const bar = '━'.repeat(filled) + '─'.repeat(BAR - filled);
  const rate = Math.round(samplesPerSecond).toLocaleString('en').replaceAll(',', ' ');
  const left = `${Math.floor(eta / 60)}:${String(Math.floor(eta % 60)).padStart(2, '0')}`;
  const numbers = Object.entries(logs).map(([name, value]) => `${name} ${value.toFixed(4)}`);
  return [`epoch ${epoch}/${epochs}`, bar, `${rate} images/s`, `${left} left`, ...numbers].join(
    '  ',
  );
}

/** Overwrites one line of a terminal; elsewhere prints finished epochs only. */
function printLine(line: string, done: boolean): void {
  const terminal = globalThis.process?.stderr;
  if (terminal?.isTTY) {
    terminal.write(`\r\x1b[2K${line.slice(0, (terminal.columns ?? 80) - 1)}${done ? '\n' : ''}`);
  } else if (done) console.log(line);
}

/** What early stopping watches. */
export interface EarlyStoppingOptions {
  /** The log to watch: 'val_loss' by default. Losses should fall, all else rise. */
  monitor?: string;
  /** Epochs in a row without improvement that end it; 0, the default, is as 1 (Keras's counting). */
  patience?: number;
  /** What counts as improvement: more than 0 by default. */
  minDelta?: number;
  /** Whether the weights of the best epoch are brought back: false by default. */
  restoreBestWeights?: boolean;
}

const earlyStoppingWords = ['monitor', 'patience', 'minDelta', 'restoreBestWeights'];

/** Ends the training when it no longer gets better. @throws {ValueError} for a log that there is not */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkOptions('callbacks.earlyStopping', options, earlyStoppingWords);
  const { monitor = 'val_loss', patience = 0, minDelta = 0, restoreBestWeights = false } = options;
  const isBetter = improvement('earlyStopping', monitor, minDelta);
  let training: Training | undefined;
  let waited = 0;
  let best: Float32Array[] | undefined;
  return {
    onTrainBegin(begun) {
      training = begun;
      waited = 0;
      isBetter.reset();
    },
    onEpochEnd(_epoch, logs) {
      const { weights } = (training as Training).model;
      if (isBetter.check(logs)) {
        waited = 0;
        if (restoreBestWeights) best = weights.map(({ tensor }) => Float32Array.from(tensor.data));
      } else if (++waited >= patience) {
        training?.stop();
      }
    },
    onTrainEnd() {
      training?.model.weights.forEach(({ tensor }, i) => {
        if (best) tensor.data.set(best[i]);
      });
    },
  };
}

/** Where checkpoints go. */
export interface CheckpointOptions {
  /** Stores a model file: to disk, IndexedDB, a server. Awaited. */
  save: (bytes: Uint8Array, epoch: number, logs: Logs) => void | Promise<void>;
  /** The log to watch for `bestOnly`: 'val_loss' by default. */
  monitor?: string;
  /** Whether only epochs that improve on all before are saved: false by default. */
  bestOnly?: boolean;
}

/** Saves the model after each epoch. @throws {ValueError} for a log that there is not */
export function checkpoint(options: CheckpointOptions): Callback {
  checkOptions('callbacks.checkpoint', options, ['save', 'monitor', 'bestOnly']);
  const { save, monitor = 'val_loss', bestOnly = false } = options;
  if (typeof save !== 'function')
    throw new ValueError('callbacks.checkpoint: save must be a function of the bytes');
  const isBetter = improvement('checkpoint', monitor, 0);
  let training: Training | undefined;
  return {
    onTrainBegin(begun) {
      training = begun;
      isBetter.reset();
    },
    async onEpochEnd(epoch, logs) {
      if (bestOnly && !isBetter.check(logs)) return;
      await save((training as Training).model.toBytes(), epoch, logs);
    },
  };
}

/** Remembers the best value of a log: losses should fall, all else rise. */
function improvement(who: string, monitor: string, minDelta: number) {
  const sign = monitor.endsWith('loss') ? -1 : 1;
  let best = Number.NEGATIVE_INFINITY;
  return {
    reset(): void {
      best = Number.NEGATIVE_INFINITY;
    },
    check(logs: Logs): boolean {
      if (!(monitor in logs)) {
        const hint = monitor.startsWith('val_')
          ? '; give fit validationData or a validationSplit'
          : '';
        throw new ValueError(
          `callbacks.${who}: there is no '${monitor}' to monitor; there are ${Object.keys(logs).join(', ')}${hint}`,
        );
      }
      const value = sign * logs[monitor];
      // NaN is never better.
      if (!(value > best + minDelta)) return false;
      best = value;
      return true;
    },
  };
}
