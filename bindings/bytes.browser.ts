// Where the wasm comes from in a browser: from modules that the build makes of it. So there is no file that a bundler
// can lose or a server can send with a wrong type. Only the build that is used is loaded.

import type { Variant } from './variant.js';

/** The bytes of one build. */
export const wasmBytes = (variant: Variant): Promise<BufferSource> => unpacked(builds[variant]());

/** The bytes that a module has as text. */
export async function unpacked(module: Promise<{ default: string }>): Promise<BufferSource> {
  const { default: text } = await module;
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const bytes = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Response(bytes).arrayBuffer();
}

/** The bytes of a file, as far as a browser allows it. */
export const fileBytes = async (url: URL): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await fetch(url)).arrayBuffer());

/** Each is the text that scripts/setup/build.mjs makes of it: deflated, in base64. */
const builds: Record<Variant, () => Promise<{ default: string }>> = {
  // @ts-expect-error: only the bundler can import these
  simd: () => import('../build/page/simd.wasm'),
  // @ts-expect-error: as above
  relaxed: () => import('../build/page/relaxed.wasm'),
  // @ts-expect-error: as above
  'simd-threads': () => import('../build/page/simd-threads.wasm'),
  // @ts-expect-error: as above
  'relaxed-threads': () => import('../build/page/relaxed-threads.wasm'),
};
