// Where the wasm comes from in Node, Deno and Bun: the package's own files. In the browser build
// bytes.inline.ts stands in its place.

import { readFile } from 'node:fs/promises';
import type { Variant } from './variant.js';

/** The bytes of one build. */
export function wasmBytes(variant: Variant): Promise<BufferSource> {
  return readFile(new URL(`../build/${variant}.wasm`, import.meta.url)) as Promise<
    Uint8Array<ArrayBuffer>
  >;
}
