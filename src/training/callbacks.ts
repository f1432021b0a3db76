// Callbacks that many trainings want: progress, early stopping, checkpoints, a rate that falls when nothing
// gets better, and the norms of gradients.

import {
  between,
  callable,
  callableOrNull,
  checkOptions,
  checkValue,
  flag,
  fraction,
  text,
  whole,
} from '../base/options.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Callback, Progress, Training } from './callback.js';
import { improvement, logMode, type Mode } from './improvement.js';

export type { Callback, Progress, TrainedModel, Training } from './callback.js';
export { type Checkpoint, type CheckpointOptions, checkpoint } from './checkpoint.js';
export {
  type GradientNorms,
  type GradientNormsOptions,
  gradientNorms,
} from './gradientnorms.js';
export type { Mode } from './improvement.js';
export type { Logs } from './means.js';

/** Where a progress line goes. */
export interface ProgressOptions {
  /** Receives each line; `done` at the end of an epoch. By default the terminal, or console.log. */
  print?: (line: string, done: boolean) => void;
}

/** One line per epoch: bar, images per second, time left, loss and metrics. */
export function progress(options: ProgressOptions = {}): Callback {
  const { print = printLine } = checkOptions('callbacks.progress', options, { print: callable });
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
  const numbers = Object.entries(logs).map(([name, value]) => {
    // Rates are small: 0.0000 would tell nothing.
    const digits =
      name === 'learningRate' ? String(Number(value.toPrecision(3))) : value.toFixed(4);
    return `${name} ${digits}`;
  });
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
  /** The log to watch: 'val_loss' by default. */
  monitor?: string;
  /** Whether it should fall or rise: 'auto' by default, by which losses and errors should fall, all else rise. */
  mode?: Mode;
  /** Epochs in a row without improvement that end it; 0, the default, is as 1 (Keras's counting). */
  patience?: number;
  /** What counts as improvement: more than 0 by default. */
  minDelta?: number;
  /** Whether the weights of the best epoch are brought back: false by default. */
  restoreBestWeights?: boolean;
  /** Receives a line where the training was ended: console.log by default, null for none. */
  print?: ((text: string) => void) | null;
}

/**
 * Ends the training when it no longer gets better, and says so. With `swapAverage`, the weights brought back are the
 * averaged ones that were validated.
 *
 * @throws {ValueError} for a log that there is not
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkOptions('callbacks.earlyStopping', options, {
    monitor: text,
    mode: logMode,
    patience: whole(0),
    minDelta: between(0),
    restoreBestWeights: flag,
    print: callableOrNull,
  });
  const { monitor = 'val_loss', patience = 0, minDelta = 0, restoreBestWeights = false } = options;
  const { mode = 'auto', print = console.log } = options;
  const isBetter = improvement('earlyStopping', { monitor, mode, minDelta });
  let training: Training | undefined;
  let waited = 0;
  let best:
    | { epoch: number; value: number; weights: Float32Array[]; averaged: boolean }
    | undefined;
  let stoppedAfter = 0;
  return {
    onTrainBegin(begun) {
      training = begun;
      waited = 0;
      stoppedAfter = 0;
      best = undefined;
      isBetter.reset();
    },
    async onEpochEnd(epoch, logs) {
      if (isBetter.check(logs)) {
        waited = 0;
        const weights: Float32Array[] = [];
        // What was validated is in place still. Of a model in a worker only restoring would need to know.
        const averaged = restoreBestWeights && (training as Training).model.averaged;
        best = { epoch, value: logs[monitor], weights, averaged };
        if (!restoreBestWeights) return;
        await withAverage(training as Training, averaged, (tensors) => {
          for (const { data } of tensors) weights.push(Float32Array.from(data));
        });
      } else if (++waited >= patience && stoppedAfter === 0) {
        stoppedAfter = epoch;
        training?.stop();
      }
    },
    async onTrainEnd() {
      const found = best;
      if (found && restoreBestWeights) {
        await withAverage(training as Training, found.averaged, (tensors) => {
          found.weights.forEach((numbers, i) => {
            tensors[i].data.set(numbers);
          });
        });
      }
      if (stoppedAfter === 0) return;
      const back = restoreBestWeights ? ', whose weights are back' : '';
      const was = found
        ? `: ${monitor} was best, ${found.value.toPrecision(4)}, in epoch ${found.epoch}${back}`
        : '';
      print?.(`early stopping after epoch ${stoppedAfter}${was}`);
    },
  };
}

/** Shows `use` the weights, or their average where that is asked for, wherever they are now. */
async function withAverage(
  { model }: Training,
  averaged: boolean,
  use: (tensors: readonly Tensor[]) => void,
): Promise<void> {
  const swaps = model.averaged !== averaged;
  if (swaps) await model.swapAverage();
  use(model.weights.map(({ tensor }) => tensor));
  if (swaps) await model.swapAverage();
}

/** When the learning rate falls, and how far; Keras's words and defaults. */
export interface ReduceOnPlateauOptions {
  /** The log to watch: 'val_loss' by default. */
  monitor?: string;
  /** Whether it should fall or rise: 'auto' by default, by which losses and errors should fall, all else rise. */
  mode?: Mode;
  /** What the learning rate is multiplied by: 0.1 by default. */
  factor?: number;
  /** Epochs in a row without improvement after which it is: 10 by default. */
  patience?: number;
  /** What counts as improvement: more than 1e-4 by default. */
  minDelta?: number;
  /** Epochs after a reduction in which nothing is counted: 0 by default. */
  cooldown?: number;
  /** The least share of the scheduled rate that may be left: 0 by default. */
  minimum?: number;
}

/**
 * Lowers the learning rate when training no longer gets better: multiplies `learningRateFactor`, which
 * multiplies whatever the schedule gives.
 *
 * @throws {ValueError} for a log that there is not
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Callback {
  checkOptions('callbacks.reduceOnPlateau', options, {
    monitor: text,
    mode: logMode,
    factor: fraction,
    patience: whole(1),
    minDelta: between(0),
    cooldown: whole(0),
    minimum: between(0),
  });
  const { monitor = 'val_loss', patience = 10, minDelta = 1e-4 } = options;
  const { mode = 'auto', factor = 0.1, cooldown = 0, minimum = 0 } = options;
  const isBetter = improvement('reduceOnPlateau', { monitor, mode, minDelta });
  let training: Training | undefined;
  let waited = 0;
  let cooling = 0;
  return {
    onTrainBegin(begun) {
      training = begun;
      waited = 0;
      cooling = 0;
      isBetter.reset();
    },
    onEpochEnd(_epoch, logs) {
      const better = isBetter.check(logs);
      if (cooling > 0) cooling--;
      if (better || cooling > 0) waited = 0;
      else if (++waited >= patience) {
        const { learningRateFactor: before } = training as Training;
        (training as Training).learningRateFactor = Math.min(
          before,
          Math.max(before * factor, minimum),
        );
        cooling = cooldown;
        waited = 0;
      }
    },
  };
}

/**
 * Multiplies the learning rate by what `factor` gives for each epoch, counted from 1: a schedule of your own, as
 * PyTorch's LambdaLR and Keras's LearningRateScheduler. It takes the place of `learningRateFactor`.
 *
 * @throws {ValueError} for what is no function, and for a factor that is no number ≥ 0
 */
export function learningRateScheduler(factor: (epoch: number) => number): Callback {
  const where = 'callbacks.learningRateScheduler';
  checkValue(where, 'factor', factor, callable);
  let training: Training | undefined;
  return {
    onTrainBegin(begun) {
      training = begun;
    },
    onEpochBegin(epoch) {
      const value = factor(epoch);
      checkValue(where, `factor(${epoch})`, value, between(0));
      (training as Training).learningRateFactor = value;
    },
  };
}

/**
 * Validates with the moving average of the weights that an optimizer's `averageDecay` keeps, and leaves it
 * in the model's place at the end: see `model.swapAverage`.
 */
export function swapAverage(): Callback {
  let training: Training | undefined;
  let isInPlace = false;
  const swap = (): void | Promise<void> => training?.model.swapAverage();
  return {
    onTrainBegin(begun) {
      training = begun;
    },
    onEpochBegin() {
      // Training exchanges them back by itself.
      isInPlace = false;
    },
    onTestBegin() {
      // To stay: what other callbacks see, save and keep after the epoch is what was validated.
      isInPlace = true;
      return swap();
    },
    onTrainEnd() {
      return isInPlace ? undefined : swap();
    },
  };
}
