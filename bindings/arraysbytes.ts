// Where the module arrays comes from in Node, Deno and Bun.

import { fileBytes } from './bytes.js';
import type { Variant } from './variant.js';

/** The bytes of one of its builds. */
export const arraysBytes = (variant: Variant): Promise<BufferSource> =>
  fileBytes(new URL(`../build/arrays-${variant}.wasm`, import.meta.url));
