// Where the module arrays comes from in a browser: see bytes.browser.ts.

import { unpacked } from './bytes.browser.js';
import type { Variant } from './variant.js';

/** The bytes of one of its builds. */
export const arraysBytes = (variant: Variant): Promise<BufferSource> => unpacked(builds[variant]());

const builds: Record<Variant, () => Promise<{ default: string }>> = {
  // @ts-expect-error: only the bundler can import these
  simd: () => import('../build/arrays-simd.wasm'),
  // @ts-expect-error: as above
  relaxed: () => import('../build/arrays-relaxed.wasm'),
  // @ts-expect-error: as above
  'simd-threads': () => import('../build/arrays-simd-threads.wasm'),
  // @ts-expect-error: as above
  'relaxed-threads': () => import('../build/arrays-relaxed-threads.wasm'),
};
