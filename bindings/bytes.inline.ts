// Where the wasm comes from in a browser: inlined by the build, so that a bundler finds nothing to
// lose and a server nothing to mistake.

// @ts-expect-error: esbuild's binary loader makes these imports byte arrays
import relaxed from '../build/relaxed.wasm';
// @ts-expect-error: as above
import relaxedThreads from '../build/relaxed-threads.wasm';
// @ts-expect-error: as above
import simd from '../build/simd.wasm';
// @ts-expect-error: as above
import simdThreads from '../build/simd-threads.wasm';
import type { Variant } from './variant.js';

const bytes: Record<Variant, Uint8Array<ArrayBuffer>> = {
  simd,
  relaxed,
  'simd-threads': simdThreads,
  'relaxed-threads': relaxedThreads,
};

/** The bytes of one build. */
export async function wasmBytes(variant: Variant): Promise<BufferSource> {
  return bytes[variant];
}
