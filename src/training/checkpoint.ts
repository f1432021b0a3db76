// A callback that saves models while they are trained.

import { isSound } from '../base/checksum.js';
import { ValueError } from '../base/errors.js';
import { any, callable, checkOptions, finite, flag, text } from '../base/options.js';
import type { FileWriter } from '../platform/filewriter.js';
import type { Callback, Training } from './callback.js';
import { improvement, logMode, type Mode } from './improvement.js';
import { filing } from './later.js';
import type { Logs } from './means.js';

/** Options of `checkpoint`: `path` or `save` must be given. */
export interface CheckpointOptions {
  /**
   * A file, in Node, Deno and Bun; in browsers a name in the site's own folder (OPFS), or its database. Each epoch
   * replaces it as a whole: if the program is killed, there is still a file that `loadCheckpoint` loads. The file before
   * it is kept as `path` + '.previous'.
   */
  path?: string | URL;
  /** Stores a model file anywhere: on a server, in a database of your own. Awaited. */
  save?: (bytes: Uint8Array, epoch: number, logs: Logs) => void | Promise<void>;
  /** The log to watch for `bestOnly`: 'val_loss' by default. */
  monitor?: string;
  /**
   * Whether a smaller ('min') or larger ('max') log is better. 'auto', the default: losses and errors should fall, all
   * other logs rise.
   */
  mode?: Mode;
  /** Whether an epoch is saved only if it is better than all before: false by default. */
  bestOnly?: boolean;
  /** With `bestOnly`, the value that the first epoch must improve on already, such as that of an earlier program. */
  best?: number;
  /**
   * Is told why an epoch could not be saved: the disk is full, its folder is gone. The training goes on; what throws here
   * ends it. By default a warning on the console.
   */
  onError?: (error: Error, epoch: number) => void;
}

/** A callback that saves models. */
export interface Checkpoint extends Callback {
  /** With `bestOnly`, the best log of a saved epoch, over all trainings with this callback. */
  readonly best: number | undefined;
}

const where = 'callbacks.checkpoint';

/**
 * Saves the model after each epoch, with the weights that were validated: with `callbacks.swapAverage`, those are the
 * averaged ones. `callbacks.checkpoint('file')` is short for a `path`.
 *
 * @throws {ValueError} for options that make no sense; when the training begins, for a folder that does not exist; and for
 * an unknown log
 * @throws {EngineError} when the training begins, where a browser keeps no files
 */
export function checkpoint(options: CheckpointOptions | string | URL): Checkpoint {
  const isPath = typeof options === 'string' || options instanceof URL;
  const given: CheckpointOptions = isPath ? { path: options } : options;
  const words = {
    path: any,
    save: callable,
    monitor: text,
    mode: logMode,
    bestOnly: flag,
    best: finite,
    onError: callable,
  };
  const {
    path,
    save,
    monitor = 'val_loss',
    mode = 'auto',
    bestOnly = false,
    best,
    onError = warn,
  } = checkOptions(where, given, words);
  if (best !== undefined && !bestOnly) throw new ValueError(`${where}: best is for bestOnly: true`);
  checkTarget(path, save);
  let file: FileWriter | undefined;
  const isBetter = improvement('checkpoint', { monitor, mode, minDelta: 0, initial: best });
  let training: Training | undefined;
  return {
    get best() {
      return isBetter.best;
    },
    async onTrainBegin(begun) {
      training = begun;
      if (path === undefined) return;
      const { fileWriter } = await filing.get(where);
      file = fileWriter(where, path);
      await file.begin(isSound);
    },
    async onEpochEnd(epoch, logs) {
      const before = isBetter.best;
      if (bestOnly && !isBetter.check(logs)) return;
      try {
        const bytes = await (training as Training).model.toBytes();
        await (file ? file.write(bytes) : save?.(bytes, epoch, logs));
      } catch (error) {
        // An epoch that could not be saved does not count as the best.
        isBetter.reset(before);
        onError(error as Error, epoch);
      }
    },
  };
}

function warn({ message }: Error, epoch: number): void {
  console.warn(`wasmgrad: epoch ${epoch} is not saved, and training goes on: ${message}`);
}

/** @throws {ValueError} unless there is either a path or a function */
function checkTarget(path: CheckpointOptions['path'], save: CheckpointOptions['save']): void {
  if (path !== undefined && path !== '' && save === undefined) return;
  if (path === undefined && save !== undefined) return;
  throw new ValueError(
    `${where}: give either a path, as in checkpoint('best.safetensors'), or save, a function of the bytes`,
  );
}
