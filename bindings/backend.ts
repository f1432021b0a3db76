// The engine room's door: starts the wasm instance, keeps the one that is current, ends it.

import { StateError, ValueError } from './errors.js';
import { type KernelExports, load, type WasmSource } from './load.js';
import { LinearMemory } from './memory.js';
import { chooseVariant, probe, type SimdMode, type Variant } from './variant.js';

/** What `init` takes; everything has a default that works. */
export interface InitOptions {
  /** Threads that share the work. This version computes on one: 'auto' (the default) or 1. */
  threads?: 'auto' | number;
  /**
   * 'auto' (the default) fuses multiply and add where the engine can; 'strict' never does and gives
   * the same bits on every machine; 'relaxed' insists.
   */
  simd?: SimdMode;
  /** The most linear memory to use, in MiB: 4096 by default. */
  maximumMemory?: number;
  /** The wasm module, where the package's own file is not to be used. */
  wasm?: WasmSource;
}

/** What was chosen. */
export interface BackendInfo {
  simd: 'strict' | 'relaxed';
  /** Whether the engine makes 256-bit code of 128-bit pairs: this version does not ask it to. */
  revectorized: boolean;
  /** The register tile, rows × columns. */
  tile: string;
  threads: number;
  crossOriginIsolated: boolean;
  variant: Variant;
}

/** A running instance and its memory. */
export interface Backend {
  readonly exports: KernelExports;
  readonly memory: LinearMemory;
  readonly info: BackendInfo;
  /** Columns of a packed panel. */
  readonly panelColumns: number;
  /** Runs ops `first` … `last`−1 of the program at `address`. */
  run(address: number, first: number, last: number): void;
}

let current: Backend | undefined;
let starting: { options: InitOptions; ready: Promise<void> } | undefined;

/**
 * Loads the kernels: to be awaited once before anything is computed. A second call with the same
 * options does nothing.
 *
 * @throws {EngineError} where the engine lacks SIMD or the wasm cannot be loaded
 * @throws {ValueError} for an option that makes no sense
 * @throws {StateError} where it already runs with other options: `dispose()` first
 */
export async function init(options: InitOptions = {}): Promise<void> {
  if (starting) {
    if (!sameOptions(starting.options, options)) {
      throw new StateError('init: already running with other options; call dispose() first');
    }
    return starting.ready;
  }
  const attempt = { options: { ...options }, ready: Promise.resolve() };
  starting = attempt;
  attempt.ready = start(options).then(
    (backend) => {
      // dispose() may have come in between.
      if (starting === attempt) current = backend;
    },
    (error) => {
      if (starting === attempt) starting = undefined;
      throw error;
    },
  );
  return attempt.ready;
}

function sameOptions(a: InitOptions, b: InitOptions): boolean {
  const defaults = { threads: 'auto', simd: 'auto', maximumMemory: 4096, wasm: undefined };
  const keys = Object.keys(defaults) as (keyof InitOptions)[];
  return keys.every((key) => (a[key] ?? defaults[key]) === (b[key] ?? defaults[key]));
}

async function start(options: InitOptions): Promise<Backend> {
  const { threads = 'auto', simd = 'auto', maximumMemory, wasm } = options;
  if (threads !== 'auto' && threads !== 1) {
    throw new ValueError(`init: threads must be 'auto' or 1 in this version, not ${threads}`);
  }
  const variant = chooseVariant(simd, await probe());
  const memory = new LinearMemory(maximumMemory);
  const exports = await load(variant, memory.memory, wasm);
  memory.open(exports.heapBase());
  const scratch = memory.allocate(exports.scratchBytes(), 'scratch');
  const barrier = memory.allocate(8, 'scratch');
  return {
    exports,
    memory,
    panelColumns: exports.tileColumns(),
    info: {
      simd: variant === 'relaxed' ? 'relaxed' : 'strict',
      revectorized: false,
      tile: `${exports.tileRows()}×${exports.tileColumns()}`,
      threads: 1,
      crossOriginIsolated: globalThis.crossOriginIsolated === true,
      variant,
    },
    run: (address, first, last) => exports.run(address, first, last, 0, 1, scratch, barrier),
  };
}

/**
 * The running backend.
 *
 * @throws {StateError} before `init` has finished
 */
export function backend(): Backend {
  if (!current) throw new StateError('wasmgrad is not running: `await init()` first');
  return current;
}

/** Whether this is the backend that runs now: memory of an earlier one is gone. */
export function isCurrent(other: Backend): boolean {
  return other === current;
}

/** Ends the backend; its memory goes with the last view of it. `init` may be called again. */
export function dispose(): void {
  current = undefined;
  starting = undefined;
}
