// Where the wasm comes from in a browser: inlined by the build, so that a bundler finds nothing to
// lose and a server nothing to mistake.

// @ts-expect-error: esbuild's binary loader makes these imports byte arrays
import relaxed from '../build/relaxed.wasm';
// @ts-expect-error: as above
import simd from '../build/simd.wasm';
import type { Variant } from './variant.js';

const bytes: Record<Variant, Uint8Array<ArrayBuffer>> = { simd, relaxed };

/** The bytes of one build. */
export async function wasmBytes(variant: Variant): Promise<BufferSource> {
  return bytes[variant];
}
