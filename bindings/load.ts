// From bytes, a module, a URL or a response to a running instance.

import { fileBytes, wasmBytes } from '#platform/bindings/bytes';
import { instantiate } from '#platform/bindings/instantiate';
import { asNewModule } from '#platform/bindings/revectorize';
import { EngineError, ValueError } from './errors.js';
import { sleepOver } from './sleep.js';
import type { Variant } from './variant.js';
import type { WasmBytes, WasmMemory, WasmModule } from './wasmtypes.js';

/** What `init({ wasm })` takes in place of the package's own build. */
export type WasmSource = WasmBytes | WasmModule | URL | Response;

type FillArguments = [
  to: number,
  count: number,
  scale: number,
  purpose: number,
  index: number,
  key0: number,
  key1: number,
  words: number,
];

/** What assembly/index.ts exports. */
export interface KernelExports {
  /** Runs ops first … last−1 of a program; returns 0 where a thread did not come to a barrier. */
  run(
    program: number,
    first: number,
    last: number,
    team: number,
    threads: number,
    scratch: number,
    scratchBytes: number,
    mayBlock: boolean,
  ): number;
  /** Runs tasks first … last−1 of the op at `op` alone. */
  runTasks(op: number, first: number, last: number, scratch: number): void;
  /** What a worker thread does until `dismiss`. */
  work(team: number, thread: number): void;
  dismiss(team: number): void;
  /** Bytes that a team of so many threads takes. */
  teamBytes(threads: number): number;
  /** Returns the bytes of scratch that running the program takes. */
  prepare(program: number, count: number, threads: number): number;
  allFinite(x: number, count: number): number;
  fingerprint(x: number, count: number): number;
  fillUniform(...of: FillArguments): void;
  fillTruncatedNormal(...of: FillArguments): void;
  heapBase(): number;
  tileRows(): number;
  /** Returns whether it is in use: 0 always in builds that have none. */
  useWideTile(on: number): number;
}

/** What assembly/arrays/index.ts exports: what the core calls for ops that it does not know. */
export interface ArraysExports {
  /** Writes how many tasks the op at `op` has; returns the bytes of scratch that it needs beyond what all have. */
  prepare(op: number): number;
  execute(op: number, task: number, scratch: number): void;
}

/** The kernels of assembly/arrays/, a module of its own that few programs need. */
export interface Arrays {
  readonly module: WasmModule;
  readonly exports: ArraysExports;
}

/** Where they are once they are loaded. */
export interface Beside {
  arrays?: Arrays;
}

/**
 * Compiles `source`, or the package's own build of `variant`.
 *
 * @param anew whether code that the engine has made of the same bytes before is of no use
 * @throws {EngineError} where the bytes cannot be had or are no wasm module
 * @throws {ValueError} for a source that is none of these
 */
export async function compile(
  variant: Variant,
  source?: WasmSource,
  anew = false,
): Promise<WasmModule> {
  if (source instanceof WebAssembly.Module) return source;
  const bytes = await bytesOf(source ?? (await ownBytes(variant)));
  if (bytes[0] === 0x3c) {
    throw new EngineError(
      'init: the wasm file begins with "<": the server answered with an HTML page; check the URL',
    );
  }
  try {
    return await WebAssembly.compile(anew ? asNewModule(bytes) : bytes);
  } catch (cause) {
    const why = message(cause);
    throw (
      forbidden(why, cause) ?? new EngineError(`init: the wasm did not compile (${why})`, { cause })
    );
  }
}

/** The error where a page's policy forbids wasm. Most browsers then refuse to compile, WebKit to instantiate. */
const forbidden = (why: string, cause: unknown): EngineError | undefined =>
  /unsafe-eval|wasm-eval|content security policy|\bCSP\b/i.test(why)
    ? new EngineError(
        `init: the page's Content-Security-Policy forbids WebAssembly: let its script-src have 'wasm-unsafe-eval' (${why})`,
        { cause },
      )
    : undefined;

/** The package's own build. */
async function ownBytes(variant: Variant): Promise<WasmBytes> {
  try {
    return await wasmBytes(variant);
  } catch (cause) {
    throw new EngineError(
      `init: the package's ${variant} build could not be loaded (${message(cause)}); in service workers and bundles for Node give it: init({ wasm: new URL(…) }) of wasmgrad/kernels.wasm`,
      { cause },
    );
  }
}

/** What calls arrays, once it is there. */
function callsOf(beside: Beside): ArraysExports & WebAssembly.ModuleImports {
  // Programs with such ops are made only once it is there.
  const there = () => (beside.arrays as Arrays).exports;
  return {
    prepare: (op) => there().prepare(op),
    execute: (op, task, scratch) => there().execute(op, task, scratch),
  };
}

/** Instantiates the kernels over `memory`. @throws {EngineError} where they do not fit it, or this version */
export async function link(
  module: WasmModule,
  memory: WasmMemory,
  beside: Beside,
): Promise<KernelExports> {
  const misfit = (why: string, cause?: unknown) =>
    forbidden(why, cause) ??
    new EngineError(
      /shared|maximum/.test(why)
        ? `init: the wasm module is a build for threads, and there is one: ask for more, or give it simd.wasm or relaxed.wasm (${why})`
        : `init: the wasm module does not fit this version of wasmgrad (${why})`,
      { cause },
    );
  let exports: Record<string, unknown>;
  try {
    const team = { sleep: sleepOver(memory) };
    const imports = { env: { memory }, team, arrays: callsOf(beside) };
    exports = (await instantiate(module, imports)).exports;
  } catch (cause) {
    throw misfit(message(cause), cause);
  }
  // What the newest version has besides those before.
  if (!exports.useWideTile) throw misfit('it exports no useWideTile');
  return exports as unknown as KernelExports;
}

async function bytesOf(source: WasmBytes | URL | Response): Promise<Uint8Array<ArrayBuffer>> {
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
  }
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (source instanceof URL) return fetched(source);
  // Last: Node loads all that belongs to fetch when it is asked for Response.
  if (typeof Response === 'function' && source instanceof Response) {
    return answered(source);
  }
  throw new ValueError(
    `init: wasm must be bytes, a WebAssembly.Module, a URL or a Response, not ${typeof source}`,
  );
}

async function fetched(from: URL): Promise<Uint8Array<ArrayBuffer>> {
  const cannot = (cause: unknown): never => {
    throw cause instanceof EngineError ? cause : notFetched(from.href, cause);
  };
  return (from.protocol === 'file:' ? fileBytes(from) : fetch(from).then(answered)).catch(cannot);
}

async function answered(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const from = response.url || 'the response';
  if (!response.ok) throw notFetched(from, new Error(`it answered ${response.status}`));
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw notFetched(from, cause);
  }
}

const notFetched = (from: string, cause: unknown): EngineError =>
  new EngineError(`init: the wasm could not be fetched from ${from} (${message(cause)})`, {
    cause,
  });

const message = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);
