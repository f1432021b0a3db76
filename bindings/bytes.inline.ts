// Where the wasm comes from in a browser: from modules that the build makes of it, so that a bundler finds
// nothing to lose and a server nothing to mistake. Only the one that is used is loaded.

import type { Variant } from './variant.js';

/** The bytes of one build. */
export async function wasmBytes(variant: Variant): Promise<BufferSource> {
  return (await builds[variant]()).default;
}

const builds: Record<Variant, () => Promise<{ default: Uint8Array<ArrayBuffer> }>> = {
  // @ts-expect-error: esbuild's binary loader makes these imports byte arrays
  simd: () => import('../build/simd.wasm'),
  // @ts-expect-error: as above
  relaxed: () => import('../build/relaxed.wasm'),
  // @ts-expect-error: as above
  'simd-threads': () => import('../build/simd-threads.wasm'),
  // @ts-expect-error: as above
  'relaxed-threads': () => import('../build/relaxed-threads.wasm'),
};
