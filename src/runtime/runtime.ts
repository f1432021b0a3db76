// `init`, and what it loaded: which kernels run, and how much memory they hold.

import { type BackendInfo, backend, type InitOptions, start } from '../../bindings/backend.js';
import { MOST_THREADS } from '../../bindings/team.js';
import { any, between, checkOptions, flag, oneOf, or, whole } from '../base/options.js';

export { dispose } from '../../bindings/backend.js';

/** Bytes of linear memory, by what they hold. */
export interface MemoryInfo {
  /** All linear memory, used or not. */
  readonly bytes: number;
  /** Weights of models. */
  readonly parameters: number;
  readonly gradients: number;
  /** Momentum and the like. */
  readonly optimizer: number;
  /** Values between layers of models, for their largest batch. */
  readonly activations: number;
  /** Programs (of eager ops too), forms of weights, and the kernels' scratch memory, which never shrinks. */
  readonly scratch: number;
  /** Tensors of `Tensor.from` and of ops. */
  readonly tensors: number;
}

/** What the options of `init` must be. */
export const initWords = {
  threads: or(whole(1, MOST_THREADS), 'auto'),
  simd: oneOf('auto', 'strict', 'relaxed'),
  revectorize: flag,
  maximumMemory: between(1, 4096),
  wasm: any,
};

/**
 * Loads the kernels. Await it once before anything is computed; a second call with the same options does nothing.
 *
 * @throws {EngineError} if the engine has no SIMD, or the wasm cannot be loaded
 * @throws {ValueError} for an option that makes no sense
 * @throws {StateError} if it already runs with other options: call `dispose()` first
 */
export async function init(options: InitOptions = {}): Promise<void> {
  checkOptions('init', options, initWords);
  // Loaded only if it is asked for: it imports all eager ops.
  return start(options, async () => (await import('./tile.js')).chooseTile);
}

/** What `init` chose. @throws {StateError} before `init` */
export function backendInfo(): BackendInfo & { version: string } {
  return { ...backend().info, version: VERSION };
}

/** The version in package.json; a test keeps them equal. */
const VERSION = '0.1.0';

/** Memory in use now. @throws {StateError} before `init` */
export function memory(): MemoryInfo {
  const { memory: linear } = backend();
  const uses = [
    'parameters',
    'gradients',
    'optimizer',
    'activations',
    'scratch',
    'tensors',
  ] as const;
  const used = Object.fromEntries(uses.map((use) => [use, linear.used(use)]));
  return { bytes: linear.bytes, ...used } as unknown as MemoryInfo;
}
