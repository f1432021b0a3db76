// Loads the module arrays: kernels that few programs need, in wasm of their own.

import { arraysBytes } from '#platform/bindings/arraysbytes';
import { FIRST_OPCODE, records } from './arrays.js';
import { backend, current, type LoadArrays, starting, wanted } from './backend.js';
import { EngineError, StateError } from './errors.js';
import { kernels, kernelsOf } from './kernels.js';
import { type ArraysExports, compile } from './load.js';
import type { Instructions } from './variant.js';

const load: LoadArrays = async (variant, memory) => {
  // The core may be a build for one thread where there should be several: the memory tells.
  const instructions = variant.replace('-threads', '') as Instructions;
  const isShared = !(memory.buffer instanceof ArrayBuffer);
  try {
    const bytes = await arraysBytes(isShared ? `${instructions}-threads` : instructions);
    const module = await compile(variant, bytes as BufferSource & Uint8Array<ArrayBuffer>);
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    return { module, exports: exports as unknown as ArraysExports };
  } catch (cause) {
    throw new EngineError(
      `useArrays: the kernels of these layers, files beside the package's others, could not be loaded (${(cause as Error).message}): serve all files of the package, and leave it out of bundles for Node`,
      { cause },
    );
  }
};

/** Loads it into the backend that runs, or is about to; those that start later do it themselves. */
async function add(): Promise<void> {
  wanted.arrays = load;
  await starting?.ready;
  const running = current;
  if (!running || running.beside.arrays) return;
  await running.begin();
  if (running !== current) running.end();
}

let loading: Promise<void> | undefined;

/**
 * Loads the kernels for arrays of any rank, which `ops.map`, `ops.reduce` and others of `ops` need, and the layers of
 * imported networks; importers load them. Called before `init`, it lets `init` load them. A second call does nothing. Runs
 * go on meanwhile, on one thread.
 *
 * @throws {EngineError} where they cannot be loaded
 */
export function useArrays(): Promise<void> {
  Object.assign(kernels, kernelsOf(records, FIRST_OPCODE));
  loading ??= add().finally(() => {
    loading = undefined;
  });
  return loading;
}

/** @param who needs the kernels @throws {StateError} where they are not there */
export function checkArrays(who: string): void {
  if (backend().beside.arrays) return;
  throw new StateError(`${who}: its kernels are not loaded: \`await ops.useArrays()\` first`);
}
