// `callbacks`: progress, early stopping, learning rates, averaged weights, and those of other files.

import { StateError } from '../base/errors.js';
import { naming } from '../base/naming.js';
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
import { type Callback, type Progress, scheduledRate, type Training } from './callback.js';
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

/** Options of `progress`. */
export interface ProgressOptions {
  /** Receives each line; `done` is true at the end of an epoch. By default the terminal, or console.log. */
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
    // Rates are small: four decimals would show 0.0000.
    const digits =
      name === 'learningRate' ? String(Number(value.toPrecision(3))) : value.toFixed(4);
    return `${name} ${digits}`;
  });
  return [`epoch ${epoch}/${epochs}`, bar, `${rate} images/s`, `${left} left`, ...numbers].join(
    '  ',
  );
}

/** Overwrites one line of a terminal; without a terminal it prints finished epochs only. */
function printLine(line: string, done: boolean): void {
  const terminal = globalThis.process?.stderr;
  if (terminal?.isTTY) {
    terminal.write(`\r\x1b[2K${line.slice(0, (terminal.columns ?? 80) - 1)}${done ? '\n' : ''}`);
  } else if (done) console.log(line);
}

/** Options of `earlyStopping`. */
export interface EarlyStoppingOptions {
  /** The log to watch: 'val_loss' by default. */
  monitor?: string;
  /**
   * Whether a smaller ('min') or larger ('max') log is better. 'auto', the default: losses and errors should fall, all
   * other logs rise.
   */
  mode?: Mode;
  /**
   * The training ends after so many epochs in a row without improvement. 0, the default, means 1 (Keras's counting).
   */
  patience?: number;
  /** A log must be better by more than this to count as an improvement: 0 by default. */
  minDelta?: number;
  /** Whether the model gets the weights of the best epoch back: false by default. */
  restoreBestWeights?: boolean;
  /** Receives a line if the training was ended: console.log by default, null for none. */
  print?: ((text: string) => void) | null;
}

/**
 * Ends the training when a log no longer improves, and prints that. With `swapAverage`, the weights that the model gets
 * back are the averaged ones, which were validated.
 *
 * @throws {ValueError} for an unknown log
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
        // The weights that were validated are still in place. `averaged` throws for a model in a worker: it is read
        // only if weights are restored.
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

/** Calls `use` with the weights or, if `averaged`, their average; swaps them for the call if needed. */
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

/** Options of `reduceOnPlateau`, with Keras's words and defaults. */
export interface ReduceOnPlateauOptions {
  /** The log to watch: 'val_loss' by default. */
  monitor?: string;
  /**
   * Whether a smaller ('min') or larger ('max') log is better. 'auto', the default: losses and errors should fall, all
   * other logs rise.
   */
  mode?: Mode;
  /** The learning rate is multiplied by it: 0.1 by default. */
  factor?: number;
  /** The rate is reduced after so many epochs in a row without improvement: 10 by default. */
  patience?: number;
  /** A log must be better by more than this to count as an improvement: 1e-4 by default. */
  minDelta?: number;
  /** Epochs after a reduction that are not counted: 0 by default. */
  cooldown?: number;
  /** The factor of the scheduled rate never falls below it: 0 by default. */
  minimum?: number;
}

/**
 * Lowers the learning rate when a log no longer improves: multiplies `learningRateFactor`, which multiplies the rate of
 * the schedule.
 *
 * @throws {ValueError} for an unknown log
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
 * Sets the learning rate before each epoch, as Keras's LearningRateScheduler: a schedule of your own. It does so by
 * `learningRateFactor`, which it takes the place of; where the optimizer has a schedule, that goes on within the epoch.
 *
 * @param schedule is given the epoch, counted from 1 as in all callbacks here, and the next step's rate as it is; gives
 *   the rate for the epoch. PyTorch's LambdaLR: `(epoch) => initial * factor(epoch)`
 * @throws {ValueError} for what is no function, and in training for a rate that is no number ≥ 0
 * @throws {StateError} in training where the optimizer's own rate is 0, which no factor changes
 */
export function learningRateScheduler(
  schedule: (epoch: number, learningRate: number) => number,
): Callback {
  const where = 'callbacks.learningRateScheduler';
  naming(where, () => checkValue('schedule', schedule, callable));
  let training: Training | undefined;
  return {
    onTrainBegin(begun) {
      training = begun;
    },
    onEpochBegin(epoch) {
      const now = training as Training;
      const wanted = schedule(epoch, now.learningRate);
      naming(where, () => checkValue(`the rate of epoch ${epoch}`, wanted, between(0)));
      const own = scheduledRate(now);
      if (own > 0) now.learningRateFactor = wanted / own;
      else if (wanted > 0) {
        throw new StateError(
          `${where}: the optimizer's own learning rate is 0 in epoch ${epoch}, which no factor makes ${wanted}: compile with a rate > 0`,
        );
      }
    },
  };
}

/**
 * Validates with the moving average of the weights, which an optimizer's `averageDecay` keeps. At the end of the
 * training the model has the averaged weights: see `model.swapAverage`.
 */
export function swapAverage(options: Record<string, never> = {}): Callback {
  checkOptions('callbacks.swapAverage', options, {});
  let training: Training | undefined;
  let isInPlace = false;
  const swap = (): void | Promise<void> => training?.model.swapAverage();
  return {
    onTrainBegin(begun) {
      training = begun;
    },
    onEpochBegin() {
      // The first step of an epoch exchanges them back by itself.
      isInPlace = false;
    },
    onTestBegin() {
      // The average stays in place after the validation: other callbacks then see and save what was validated.
      isInPlace = true;
      return swap();
    },
    onTrainEnd() {
      return isInPlace ? undefined : swap();
    },
  };
}
