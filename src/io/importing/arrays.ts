// The layers for arrays of any rank, and their kernels, are loaded where a file needs one: many networks need none.

import { arraysLayers } from '../../operators/arrays/later.js';

type Arrays = typeof import('../../operators/arrays/index.js');

let loaded: Arrays | undefined;

/** Thrown where the layers are needed and not there: they are loaded, and the network is imported once more. */
class NeedsArrays extends Error {}

/** The layers. */
export function arrays(): Arrays {
  if (loaded) return loaded;
  throw new NeedsArrays();
}

/** @param where the call that needs them @throws {EngineError} where they cannot be loaded */
export async function loadArrays(where: string): Promise<void> {
  const layers = await arraysLayers.get(where);
  await layers.useArrays();
  loaded = layers;
}

/** Does work that may need the layers: where it does, once more. */
export async function withArrays<T>(where: string, work: () => T): Promise<T> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NeedsArrays)) throw error;
  }
  await loadArrays(where);
  return work();
}
