// Loads the newest of the files that a checkpoint wrote, or the one before it.

import { generations } from '#platform/src/platform/files';
import { EngineError, FormatError, ValueError } from '../base/errors.js';
import type { Model } from './model.js';
import { type LoadOptions, restoreModel } from './restore.js';

/** See `loadCheckpoint`. */
export async function restoreNewest(path: string | URL, options: LoadOptions): Promise<Model> {
  const where = 'loadCheckpoint';
  const faults: string[] = [];
  // What is thrown if none can be loaded.
  let Fault: typeof ValueError | typeof EngineError | typeof FormatError = ValueError;
  for (const { name, read } of generations(where, path)) {
    let bytes: Uint8Array | undefined;
    try {
      bytes = await read();
      if (!bytes) throw new ValueError('there is no such file');
      const model = await restoreModel(bytes, options);
      if (faults.length > 0)
        console.warn(
          `wasmgrad: ${where}: ${faults.join('; ')}: '${name}' is taken instead, of epoch ${model.epoch}, step ${model.step}`,
        );
      return model;
    } catch (error) {
      // Of a file that was read, only what is wrong with it counts, and not a lack of memory.
      if (bytes && !(error instanceof FormatError)) throw error;
      if (bytes) Fault = FormatError;
      else if (error instanceof EngineError && Fault === ValueError) Fault = EngineError;
      faults.push(`'${name}': ${(error as Error).message}`);
    }
  }
  throw new Fault(`${where}: ${faults.join('; ')}`);
}
