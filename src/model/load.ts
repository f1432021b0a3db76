// Models from files: the other half of save.ts.

import type { Bytes } from '../base/filebytes.js';
import { Later } from '../base/later.js';
import type { Model } from './model.js';
import type { LoadOptions } from './restore.js';

export type { LoadOptions } from './restore.js';

/** Not with others of its kind, as it leads back to models. */
export const restoring = new Later(() => import('./restore.js'));

/**
 * The model of a file that `toBytes` made, compiled if it was: training goes on where it stood. Numbers that are
 * not finite are loaded as they are, with a warning: as in Keras and PyTorch the file of a training that exploded
 * can be looked at, and safetensors allow them.
 *
 * @throws {FormatError} for bytes that are no such file, saying what they are instead
 * @throws {EngineError} where the code that reads files cannot be loaded
 */
export async function loadModel(file: Bytes, options: LoadOptions = {}): Promise<Model> {
  const { restoreModel } = await restoring.get('loadModel');
  return restoreModel(file, options);
}
