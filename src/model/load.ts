// `loadModel` and `loadCheckpoint`: they load the code that reads files, restore.ts, when they are first called.

import type { Bytes } from '../base/filebytes.js';
import { Later } from '../base/later.js';
import type { Model } from './model.js';
import type { LoadOptions } from './restore.js';

export type { LoadOptions } from './restore.js';

/** Here and not in later.ts, because model.ts imports that and restore.ts imports model.ts. */
export const restoring = new Later(() => import('./restore.js'));
const resuming = new Later(() => import('./generations.js'));

/**
 * Loads a model from the bytes that `toBytes` returned. If it was compiled, training can go on where it stopped.
 * Numbers that are not finite are loaded as they are, with a warning, as in Keras and PyTorch: so the model of a
 * training that exploded can be examined.
 *
 * @throws {FormatError} for any other file; the message names its format if it is known
 * @throws {EngineError} if the code that reads files cannot be loaded
 */
export async function loadModel(file: Bytes, options: LoadOptions = {}): Promise<Model> {
  const { restoreModel } = await restoring.get('loadModel');
  return restoreModel(file, options);
}

/**
 * Loads what `callbacks.checkpoint(path)` wrote last. Where that file is damaged or missing, it loads the one before, and
 * says so in a warning: training goes on from there.
 *
 * @param path in Node, Deno and Bun; in browsers a name in the site's own folder
 * @throws {ValueError} for anything but a path, and where there is no such file
 * @throws {FormatError} if neither file can be loaded; the message says what is wrong with each
 * @throws {EngineError} where files cannot be read
 */
export async function loadCheckpoint(
  path: string | URL,
  options: LoadOptions = {},
): Promise<Model> {
  const { restoreNewest } = await resuming.get('loadCheckpoint');
  return restoreNewest(path, options);
}
