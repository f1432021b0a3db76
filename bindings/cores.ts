// How many cores there are in Node, Deno and Bun.

import { availableParallelism } from 'node:os';

/** Cores that there are. */
export const cores = (): number => availableParallelism();
