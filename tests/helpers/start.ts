// Starts the library for a test file. WASMGRAD_SIMD chooses the build, WASMGRAD_THREADS how many share the
// work, and WASMGRAD_REVECTORIZE asks for 256-bit code, so that the same tests run against each of them (scripts/test/test.ts). All files load before
// the first test runs, and some tests start the library anew: tensors must be made inside tests.

import { type InitOptions, init } from '../../src/index.js';

export const simd = (process.env.WASMGRAD_SIMD ?? 'auto') as NonNullable<InitOptions['simd']>;

/** What `init` was called with, for tests that call it again. */
export const options: InitOptions = {
  simd,
  revectorize: process.env.WASMGRAD_REVECTORIZE === '1',
  threads: Number(process.env.WASMGRAD_THREADS ?? 2),
};

await init(options);
