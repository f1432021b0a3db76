// The page: `run` trains in one of the ways that there are, and tells of an error what a user would see.

import { EngineError } from 'wasmgrad';
import { startWorker } from 'wasmgrad/worker';
import { train } from './train.js';

async function inWorker(options) {
  const worker = await startWorker({ simd: 'strict', ...options });
  const trained = await train({ threads: 1 }, worker);
  worker.end();
  return trained;
}

const ways = {
  here: train,
  tfjs: async () => (await import('./tfjs.js')).trainTfjs(),
  worker: inWorker,
  own: (options) =>
    inWorker({
      ...options,
      worker: new Worker(new URL('./own-worker.js', import.meta.url), { type: 'module' }),
    }),
};

globalThis.run = (way, options) =>
  ways[way](options).catch((error) => ({
    error: error.message,
    typed: error instanceof EngineError && error.name === 'EngineError',
  }));
