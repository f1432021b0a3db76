// Starts the library for a test file. WASMGRAD_SIMD chooses the build, so that the same tests run
// against each of them (scripts/test.mjs). All files load before the first test runs, and some tests
// start the library anew: tensors must be made inside tests.

import { type InitOptions, init } from '../../src/index.js';

export const simd = (process.env.WASMGRAD_SIMD ?? 'auto') as NonNullable<InitOptions['simd']>;

await init({ simd });
