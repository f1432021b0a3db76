// From bytes, a module, a URL or a response to a running instance. The one file that knows the loader.

import { instantiate } from '@assemblyscript/loader';
import { wasmBytes } from './bytes.js';
import { EngineError, ValueError } from './errors.js';
import { asNewModule } from './revectorize.js';
import type { Variant } from './variant.js';

/** What `init({ wasm })` takes in place of the package's own build. */
export type WasmSource = BufferSource | WebAssembly.Module | URL | Response;

/** What assembly/index.ts exports. */
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

export interface KernelExports {
  run(
    program: number,
    first: number,
    last: number,
    thread: number,
    threads: number,
    scratch: number,
    state: number,
  ): void;
  /** Returns the bytes of scratch that running the program takes. */
  prepare(program: number, count: number): number;
  allFinite(x: number, count: number): number;
  fingerprint(x: number, count: number): number;
  fillUniform(...of: FillArguments): void;
  fillTruncatedNormal(...of: FillArguments): void;
  heapBase(): number;
  tileRows(): number;
  tileColumns(): number;
  useWideTile(on: number): void;
}

/**
 * Compiles `source`, or the package's own build of `variant`, and instantiates it over `memory`.
 *
 * @param anew whether code that the engine has made of the same bytes before is of no use
 * @throws {EngineError} where the bytes cannot be had, are no wasm module, or not one that fits
 * @throws {ValueError} for a source that is none of these
 */
export async function load(
  variant: Variant,
  memory: WebAssembly.Memory,
  source?: WasmSource,
  anew = false,
): Promise<KernelExports> {
  const module =
    source instanceof WebAssembly.Module
      ? source
      : await compile(await bytesOf(source ?? (await wasmBytes(variant))), anew);
  const misfit = (why: string, cause?: unknown) =>
    new EngineError(`init: the wasm module does not fit this version of wasmgrad (${why})`, {
      cause,
    });
  let exports: Record<string, unknown>;
  try {
    exports = (await instantiate(module, { env: { memory } })).exports;
  } catch (cause) {
    throw misfit(message(cause), cause);
  }
  for (const name of [
    'run',
    'prepare',
    'allFinite',
    'fingerprint',
    'heapBase',
    'tileRows',
    'tileColumns',
    'useWideTile',
  ] as const) {
    if (typeof exports[name] !== 'function') throw misfit(`it does not export '${name}'`);
  }
  return exports as unknown as KernelExports;
}

async function bytesOf(source: BufferSource | URL | Response): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof URL) return fetched(source.href, fetch(source));
  if (typeof Response === 'function' && source instanceof Response) {
    return fetched(source.url || 'the response', Promise.resolve(source));
  }
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
  }
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new ValueError(
    `init: wasm must be bytes, a WebAssembly.Module, a URL or a Response, not ${typeof source}`,
  );
}

async function fetched(from: string, answer: Promise<Response>): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await answer;
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    throw new Error(`it answered ${response.status}`);
  } catch (cause) {
    throw new EngineError(`init: the wasm could not be fetched from ${from} (${message(cause)})`, {
      cause,
    });
  }
}

async function compile(bytes: Uint8Array<ArrayBuffer>, anew: boolean): Promise<WebAssembly.Module> {
  if (bytes[0] === 0x3c) {
    throw new EngineError(
      'init: the wasm file begins with "<": the server answered with an HTML page; check the URL',
    );
  }
  try {
    return await WebAssembly.compile(anew ? asNewModule(bytes) : bytes);
  } catch (cause) {
    throw new EngineError(`init: the wasm did not compile (${message(cause)})`, { cause });
  }
}

const message = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);
