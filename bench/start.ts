// Starts wasmgrad, on one thread where no other number is asked for, in whichever process this is.

import { type InitOptions, init } from '../src/index.js';

/** The options that all processes of the benchmark are given. */
export const engineFlags = ['--revectorize'].filter((flag) => process.argv.includes(flag));

/** Another checkout of this repository, which takes the place of all peers. */
export const against =
  process.argv.find((flag) => flag.startsWith('--against='))?.split('=')[1] ?? '';

/** Threads that a peer's process is told to use. */
export const threads = Number(
  process.argv.find((flag) => flag.startsWith('--threads='))?.split('=')[1] ?? 1,
);

/** Whether an ONNX file's model is made here, not read. */
export const isMade = process.argv.includes('--made');

/** What `init` is given. */
export const options: InitOptions = { threads, revectorize: engineFlags.length > 0 };

/** `init` for all that is measured. */
export const start = (): Promise<void> => init(options);
