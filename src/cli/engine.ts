// The start of the engine, by the options that all commands which compute have.

import { init } from '../core.js';
import { choice, flag, type Values, whole } from './command.js';

/** Options of `init`. */
export const engineOptions = {
  threads: whole('threads that share the work: as many as there are cores, up to 16, by default'),
  simd: choice(
    ['auto', 'strict', 'relaxed'],
    "'strict' gives the same bits on every machine; 'auto', the default, is faster where it can be",
  ),
  revectorize: flag('256-bit code (Node ≥ 24 on x64); checked and timed first, about 100 ms'),
};

/** Starts the engine. @param threads how many where nothing is asked for */
export const startEngine = (
  { threads, simd, revectorize }: Values<typeof engineOptions>,
  fewest?: number,
): Promise<void> => init({ threads: threads ?? fewest ?? 'auto', simd, revectorize });
