// Threads in Node, Deno and Bun.

import { Worker } from 'node:worker_threads';
import type { Spawn } from './thread.js';

/**
 * A thread's code, as text: so it needs no file that a bundler might lose, and no loader. It says that it is ready,
 * and then stays in `work`.
 */
const code = `
const { parentPort, workerData } = require('node:worker_threads');
// Deno and Bun have a 'module' here already: a function's own does not meet it.
(({ module, arrays, memory, team, thread }) => {
  const words = new Int32Array(memory.buffer);
  const sleep = (at, value, time) => Atomics.wait(words, at >> 2, value, time) !== 'timed-out';
  const env = { memory };
  const none = { prepare() {}, execute() {} };
  const beside = arrays ? new WebAssembly.Instance(arrays, { env }).exports : none;
  const imports = { env, team: { sleep }, arrays: beside };
  const { exports } = new WebAssembly.Instance(module, imports);
  parentPort.postMessage('ready');
  exports.work(team, thread);
})(workerData);
`;

/** Starts a thread. */
export const spawn: Spawn = (workerData, lost) => {
  const worker = new Worker(code, { eval: true, workerData, execArgv: [] });
  let ended = false;
  const ready = new Promise<void>((resolve, reject) => {
    const gone = (why: unknown): void => {
      reject(why);
      if (!ended) lost(why);
    };
    // A program may end while threads wait for work, but not while it waits for threads.
    worker.once('message', () => {
      worker.unref();
      resolve();
    });
    worker.once('error', gone);
    worker.once('exit', (exitCode) => gone(new Error(`it ended with exit code ${exitCode}`)));
  });
  const end = (): Promise<unknown> => {
    ended = true;
    return worker.terminate();
  };
  return { ready, end };
};
