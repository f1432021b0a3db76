// Starts the augmenting worker in Node, Deno and Bun.

import { Worker } from 'node:worker_threads';

/** A worker from a file of the package. @throws if the platform has none */
export const spawnAugment = () => new Worker(new URL('./augment-worker.js', import.meta.url));
