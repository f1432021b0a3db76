// From bytes, a module, a URL or a response to a running instance. The one file that knows the loader.

import { instantiate } from '@assemblyscript/loader';
import { wasmBytes } from './bytes.js';
import { EngineError } from './errors.js';
import type { Variant } from './variant.js';

/** What `init({ wasm })` takes in place of the package's own build. */
export type WasmSource = BufferSource | WebAssembly.Module | URL | Response;

/** What assembly/index.ts exports. */
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
  prepare(program: number, count: number): void;
  allFinite(x: number, count: number): number;
  heapBase(): number;
  scratchBytes(): number;
  tileRows(): number;
  tileColumns(): number;
}

/**
 * Compiles `source`, or the package's own build of `variant`, and instantiates it over `memory`.
 *
 * @throws {EngineError} where the bytes are no wasm module, or not one that this engine compiles
 */
export async function load(
  variant: Variant,
  memory: WebAssembly.Memory,
  source?: WasmSource,
): Promise<KernelExports> {
  const module =
    source instanceof WebAssembly.Module
      ? source
      : await compile(await bytesOf(source ?? (await wasmBytes(variant))));
  try {
    const { exports } = await instantiate(module, { env: { memory } });
    return exports as unknown as KernelExports;
  } catch (cause) {
    throw new EngineError(
      `init: the wasm module does not fit this version of wasmgrad (${message(cause)})`,
      { cause },
    );
  }
}

async function bytesOf(source: BufferSource | URL | Response): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof URL) return bytesOf(await fetch(source));
  if (typeof Response === 'function' && source instanceof Response) {
    if (!source.ok) throw new EngineError(`init: ${source.url} answered ${source.status}`);
    return new Uint8Array(await source.arrayBuffer());
  }
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(source)
    ? source
    : { buffer: source as ArrayBuffer, byteOffset: 0, byteLength: (source as ArrayBuffer).byteLength };
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

async function compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  if (bytes[0] === 0x3c) {
    throw new EngineError(
      'init: the wasm file begins with "<": the server answered with an HTML page; check the URL',
    );
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new EngineError(`init: the wasm did not compile (${message(cause)})`, { cause });
  }
}

const message = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
