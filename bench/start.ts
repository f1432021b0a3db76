// Starts wasmgrad, on one thread where no other number is asked for, in whichever process or page this is.

import { flags } from '#platform/here';
import { type InitOptions, init } from '../src/index.js';

/** The options that all processes of the benchmark are given. */
export const engineFlags = ['--revectorize'].filter((flag) => flags.includes(flag));

/** Another checkout of this repository, which takes the place of all peers. */
export const against = flags.find((flag) => flag.startsWith('--against='))?.split('=')[1] ?? '';

/** Threads that a peer's process is told to use. */
export const threads = Number(
  flags.find((flag) => flag.startsWith('--threads='))?.split('=')[1] ?? 1,
);

/** Whether an ONNX file's model is made here, not read. */
export const isMade = flags.includes('--made');

/** What `init` is given. */
export const options: InitOptions = { threads, revectorize: engineFlags.length > 0 };

/** `init` for all that is measured. */
export const start = (): Promise<void> => init(options);
