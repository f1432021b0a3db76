// What runs underneath, and how much memory it holds.

import { type BackendInfo, backend, type InitOptions, start } from '../../bindings/backend.js';
import { any, between, checkOptions, flag, oneOf } from '../base/options.js';

export { dispose } from '../../bindings/backend.js';

/** Bytes of linear memory, by what they hold. */
export interface MemoryInfo {
  /** All of it: what the engine has given, used or not. */
  readonly bytes: number;
  /** Weights of models. */
  readonly parameters: number;
  readonly gradients: number;
  /** Momentum and the like. */
  readonly optimizer: number;
  /** What models keep between layers, for their largest batch. */
  readonly activations: number;
  /** Programs, those of eager ops too, weights prepared for them, and scratch, which stays at its largest. */
  readonly scratch: number;
  /** Tensors of `Tensor.from` and of ops. */
  readonly tensors: number;
}

/**
 * Loads the kernels: to be awaited once before anything is computed. A second call with the same
 * options does nothing.
 *
 * @throws {EngineError} where the engine lacks SIMD or the wasm cannot be loaded
 * @throws {ValueError} for an option that makes no sense
 * @throws {StateError} where it already runs with other options: `dispose()` first
 */
export async function init(options: InitOptions = {}): Promise<void> {
  checkOptions('init', options, {
    threads: any,
    simd: oneOf('auto', 'strict', 'relaxed'),
    revectorize: flag,
    maximumMemory: between(1, 4096),
    wasm: any,
  });
  // Few ask for it, and it brings all eager ops with it.
  return start(options, async () => (await import('./tile.js')).compareTiles);
}

/** What `init` has chosen. @throws {StateError} before `init` */
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
