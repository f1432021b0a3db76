// Where the wasm comes from in Node, Deno and Bun: the package's own files.

import { readFile } from 'node:fs/promises';
import type { Variant } from './variant.js';

/** The bytes of one build. */
export const wasmBytes = (variant: Variant): Promise<BufferSource> =>
  fileBytes(new URL(`../build/${variant}.wasm`, import.meta.url));

/** The bytes of a file: Node fetches none. */
export const fileBytes = (url: URL) => readFile(url) as Promise<Uint8Array<ArrayBuffer>>;
