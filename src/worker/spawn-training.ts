// Starts the training worker in Node, Deno and Bun.
// A module of its own, so that no worker's bundle has what starts that worker: Vite refuses such a circle.

import { Worker } from 'node:worker_threads';

/** A worker from a file of the package. @throws where there can be none */
export const spawnTraining = () => new Worker(new URL('./training-worker.js', import.meta.url));
