// Starts the training worker of the sources: the package's own starts from dist/ (scripts/check/package.ts).

import { Worker } from 'node:worker_threads';

/** @param withLayers whether it has layers of its own */
export const fromSources = (withLayers = false): Worker =>
  new Worker(new URL('./source-worker.js', import.meta.url), { workerData: withLayers });
