// Starts the wasm instance with its memory and threads, keeps the one that is current, and ends it.

import { revectorize } from '#platform/bindings/revectorize';
import { NR } from './constants.js';
import { OutOfMemoryError, StateError, ValueError } from './errors.js';
import {
  type Arrays,
  type Beside,
  compile,
  type KernelExports,
  link,
  type WasmSource,
} from './load.js';
import { LinearMemory } from './memory.js';
import { autoThreads, canShare, Team } from './team.js';
import { chooseInstructions, probe, type SimdMode, type Variant } from './variant.js';
import type { WasmMemory } from './wasmtypes.js';

/** What `init` takes; everything has a default that works. */
export interface InitOptions {
  /**
   * Threads that share the work, the caller's included: 1 to 64, or 'auto' (the default), as many as there
   * are cores, up to 16. Their number does not change a bit of any result. Pages need cross-origin
   * isolation for more than one.
   */
  threads?: 'auto' | number;
  /**
   * 'auto' (the default) fuses multiply and add where the engine can; 'strict' never does and gives
   * the same bits on every machine; 'relaxed' insists.
   */
  simd?: SimdMode;
  /**
   * Asks V8 (Node ≥ 24 on x64) to make 256-bit code of pairs of 128-bit operations, for all wasm that
   * the process compiles from then on; in other engines, uses it where it is there. The results have
   * the same bits. Checked and timed at once, which takes about 100 ms. False by default.
   */
  revectorize?: boolean;
  /**
   * The most linear memory to use, in MiB: 4096 by default. With threads all of it is reserved, not used, at
   * once; where the engine refuses that, half of it, and so on.
   */
  maximumMemory?: number;
  /** The wasm module, where the package's own file is not to be used. */
  wasm?: WasmSource;
}

/** What was chosen. */
export interface BackendInfo {
  simd: 'strict' | 'relaxed';
  /** Whether the engine was found to make 256-bit code of 128-bit pairs, whichever tile is faster then. */
  revectorized: boolean;
  /** What came of the check that `revectorize` asks for: a failed one leaves 128-bit code. */
  selfCheck: 'none' | 'passed' | 'failed';
  /** The register tile that is used, rows × columns. */
  tile: string;
  threads: number;
  crossOriginIsolated: boolean;
  variant: Variant;
}

/** A running instance and its memory. */
export interface Backend {
  readonly exports: KernelExports;
  readonly memory: LinearMemory;
  /** The module arrays, where it is loaded. */
  readonly beside: Readonly<Beside>;
  /** Another object where anything of it has changed: programs that were made before are then not to be used again. */
  info: BackendInfo;
  /** Chooses the wide register tile or the narrow one; returns whether it is the wide one: not all builds have it. */
  readonly useTile: UseTile;
  /** Makes room for what a program's ops need while they run. @throws {OutOfMemoryError} */
  reserveScratch(bytes: number): void;
  /** Runs ops `first` … `last`−1 of the program at `address`. @throws {EngineError} where a thread is lost */
  run(address: number, first: number, last: number): void;
  /** Starts its threads, anew where there are some: programs made before do not need them. Loads arrays where wanted. */
  begin(): Promise<void>;
  /** Ends them. */
  end(): void;
}

/** See `Backend.useTile`. */
export type UseTile = (wide: boolean) => boolean;

/** Whether there is 256-bit code and which tile is faster, or that the engine's code for one of them is wrong. */
export type TileVerdict = { readonly revectorized: boolean; readonly wide: boolean } | 'wrong';

/** Loads what compares the tiles on the backend that runs now. */
export type LoadCompareTiles = () => Promise<(use: UseTile) => TileVerdict>;

interface Attempt {
  readonly options: InitOptions;
  ready: Promise<void>;
}

const NOT_ISOLATED =
  'threads need a page that is cross-origin isolated: serve it with the headers "Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"; it goes on with one thread';

const NO_SHARED_BUFFERS =
  'threads need SharedArrayBuffer, which is not here, or switched off; it goes on with one thread';

/** Loads the module arrays over the memory. */
export type LoadArrays = (variant: Variant, memory: WasmMemory) => Promise<Arrays>;

/** How each backend gets the module arrays, once somebody wants it: usearrays.ts says it. */
export const wanted: { arrays?: LoadArrays } = {};

/** The backend that runs, and the start that made it, or is about to. */
export let current: Backend | undefined;
export let starting: Attempt | undefined;

/**
 * Loads the kernels. A second call with the same options does nothing.
 *
 * @param loadCompare what checks and times the register tiles, where `revectorize` asks for it
 * @throws {EngineError} where the engine lacks SIMD or the wasm cannot be loaded
 * @throws {ValueError} for a wasm source that is none
 * @throws {StateError} where it already runs with other options: `dispose()` first
 */
export async function start(options: InitOptions, loadCompare: LoadCompareTiles): Promise<void> {
  if (starting) {
    const other = otherOption(starting.options, options);
    if (other) {
      const [was, is] = [starting.options, options].map((given) =>
        String(given[other] ?? defaults[other]),
      );
      throw new StateError(
        `init: already running with other options (${other}: ${was}, not ${is}); call dispose() first`,
      );
    }
    return starting.ready;
  }
  const attempt: Attempt = { options: { ...options }, ready: Promise.resolve() };
  starting = attempt;
  attempt.ready = begin(attempt, loadCompare)
    // Ended meanwhile and begun again, as in React's strict mode: whoever waits for the first start waits for the second.
    .then(() => (starting === attempt ? undefined : starting?.ready))
    .catch((error) => {
      if (starting === attempt) dispose();
      throw error;
    });
  return attempt.ready;
}

async function begin(attempt: Attempt, loadCompare: LoadCompareTiles): Promise<void> {
  const { options } = attempt;
  const isWanted = options.revectorize === true;
  if (isWanted) revectorize(true);
  /** Whether `dispose()` was called meanwhile: this start is then not wanted any more. */
  const stale = (): boolean => starting !== attempt;
  let backend = await instantiate(options, isWanted);
  if (stale()) return;
  if (isWanted) {
    const compare = await loadCompare();
    if (stale()) return;
    current = backend;
    const verdict = compare(backend.useTile);
    if (verdict === 'wrong') {
      revectorize(false);
      current = undefined;
      backend = await instantiate(options, true);
      backend.info = { ...backend.info, selfCheck: 'failed' };
      if (stale()) return;
    } else {
      const { revectorized, wide } = verdict;
      backend.useTile(wide);
      backend.info = { ...backend.info, revectorized, selfCheck: 'passed' };
    }
  }
  await backend.begin();
  if (stale()) backend.end();
  else current = backend;
}

const warned = new Set<string>();

/** Says something of a kind once in a process. */
export function warnOnce(kind: string, what: string): void {
  if (!warned.has(kind)) console.warn(`wasmgrad: ${what}`);
  warned.add(kind);
}

const defaults = {
  threads: 'auto',
  simd: 'auto',
  revectorize: false,
  maximumMemory: 4096,
  wasm: undefined,
};

/** The first option that is not the same. */
function otherOption(a: InitOptions, b: InitOptions): keyof InitOptions | undefined {
  const keys = Object.keys(defaults) as (keyof InitOptions)[];
  return keys.find((key) => (a[key] ?? defaults[key]) !== (b[key] ?? defaults[key]));
}

/** Memory that threads can share, if the engine has it. */
function sharedMemory(maximumMiB = 4096): LinearMemory | undefined {
  if (!canShare()) {
    // Pages without the headers have no SharedArrayBuffer either: the warning says what to do.
    warnOnce('isolation', globalThis.crossOriginIsolated ? NO_SHARED_BUFFERS : NOT_ISOLATED);
    return undefined;
  }
  try {
    const memory = new LinearMemory(maximumMiB, true);
    if (memory.limitMiB < Math.floor(maximumMiB))
      warnOnce(
        'limit',
        `the engine cannot reserve ${maximumMiB} MiB: ${memory.limitMiB} MiB is the limit`,
      );
    return memory;
  } catch (error) {
    if (error instanceof ValueError) throw error;
    warnOnce(
      'shared memory',
      'the engine refuses memory that threads can share; it goes on with one thread',
    );
    return undefined;
  }
}

/** @param anew whether code that the engine has made of the same module before is of no use */
async function instantiate(options: InitOptions, anew: boolean): Promise<Backend> {
  const { threads: asked = 'auto', simd = 'auto', maximumMemory, wasm } = options;
  const most = asked === 'auto' ? autoThreads() : asked;
  const instructions = chooseInstructions(simd, await probe());
  const shared = most > 1 ? sharedMemory(maximumMemory) : undefined;
  const variant = shared ? (`${instructions}-threads` as const) : instructions;
  const module = await compile(variant, wasm, anew);
  const beside: Beside = {};
  const { exports, memory } = await linkTo(module, shared, options, beside);
  memory.open(exports.heapBase());
  const team = new Team(exports, memory, (why) => {
    // For good: where arrays are loaded later, none are started again.
    threads = 1;
    backend.info = { ...backend.info, threads };
    warnOnce(why, `its threads are gone (${why}); it goes on with one`);
  });
  let threads = memory === shared ? most : 1;
  let scratch = { bytes: 0, address: 0 };
  const backend: Backend = {
    exports,
    memory,
    beside,
    info: {
      simd: instructions === 'relaxed' ? 'relaxed' : 'strict',
      revectorized: false,
      selfCheck: 'none',
      tile: tileName(exports, false),
      threads: 1,
      crossOriginIsolated: globalThis.crossOriginIsolated === true,
      variant,
    },
    useTile(wide) {
      const isWide = exports.useWideTile(wide ? 1 : 0) === 1;
      backend.info = { ...backend.info, tile: tileName(exports, isWide) };
      return isWide;
    },
    reserveScratch(bytes) {
      const { bytes: least } = scratch;
      if (bytes <= least) return;
      const reserve = (each: number) => {
        const address = memory.allocate(each * threads, 'scratch', "the kernels' scratch");
        scratch = { bytes: each, address };
      };
      if (least) memory.free(scratch.address);
      try {
        reserve(Math.ceil(bytes / 64) * 64);
      } catch (error) {
        // Programs made before still need what they had, and it has just been freed.
        if (least) reserve(least);
        if (threads === 1 || !(error instanceof OutOfMemoryError)) throw error;
        throw new OutOfMemoryError(
          `${error.message}; each of ${threads} threads has ${Math.ceil(bytes / 1024)} KiB of it: init({ threads }) with fewer needs less`,
        );
      }
    },
    run: (address, first, last) => team.run(address, first, last, scratch.address, scratch.bytes),
    async begin() {
      beside.arrays ??= await wanted.arrays?.(variant, memory.memory);
      team.end();
      if (threads > 1) {
        const arrays = beside.arrays?.module;
        await team.grow(threads, { module, arrays, memory: memory.memory });
      }
      backend.info = { ...backend.info, threads: team.size };
    },
    end: () => team.end(),
  };
  return backend;
}

/** The kernels over memory that threads share, or over memory of their own where there is none. */
async function linkTo(
  module: WebAssembly.Module,
  shared: LinearMemory | undefined,
  { maximumMemory, wasm }: InitOptions,
  beside: Beside,
): Promise<{ exports: KernelExports; memory: LinearMemory }> {
  try {
    const memory = shared ?? new LinearMemory(maximumMemory);
    return { exports: await link(module, memory.memory, beside), memory };
  } catch (error) {
    if (!(shared && wasm)) throw error;
    // It may be a build for one thread.
    const memory = new LinearMemory(maximumMemory);
    const exports = await link(module, memory.memory, beside);
    warnOnce('wasm', 'the wasm that init was given is for one thread');
    return { exports, memory };
  }
}

function tileName(exports: KernelExports, wide: boolean): string {
  return `${exports.tileRows()}×${NR * (wide ? 2 : 1)}`;
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

/** Ends the backend and its threads; its memory goes with the last view of it. `init` may be called again. */
export function dispose(): void {
  current?.end();
  current = undefined;
  starting = undefined;
}
