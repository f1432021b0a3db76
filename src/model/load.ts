// `loadModel`: loads the code that reads files, restore.ts, when it is first called.

import type { Bytes } from '../base/filebytes.js';
import { Later } from '../base/later.js';
import type { Model } from './model.js';
import type { LoadOptions } from './restore.js';

export type { LoadOptions } from './restore.js';

/** Here and not in later.ts, because model.ts imports that and restore.ts imports model.ts. */
export const restoring = new Later(() => import('./restore.js'));

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
