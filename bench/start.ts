// Starts wasmgrad on one thread, the way the command's options ask, in whichever process this is.

import { type InitOptions, init } from '../src/index.js';

/** The options that all processes of the benchmark are given. */
export const engineFlags = ['--revectorize'].filter((flag) => process.argv.includes(flag));

/** `init` for all that is measured. */
export function start(): Promise<void> {
  // A version without the option ignores it, and says in backendInfo() that nothing is revectorized.
  const options: InitOptions & { revectorize: boolean } = {
    threads: 1,
    revectorize: engineFlags.includes('--revectorize'),
  };
  return init(options);
}
