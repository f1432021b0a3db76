// Threads in Node, Deno and Bun. In the browser build spawn.browser.ts stands in its place.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** What a thread needs: the kernels, the memory, where its team meets, and which thread it is. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly team: number;
  readonly thread: number;
}

/** A thread, as its owner sees it. */
export interface Thread {
  /** Resolved once it takes part in runs. @throws where it cannot be started */
  readonly ready: Promise<void>;
  /** Ends it, whatever it does. */
  end(): Promise<unknown>;
}

/**
 * As text, so that it needs no file that a bundler might lose, and no loader. It says that it is there, and
 * then stays in `work`.
 */
const code = `
const { parentPort, workerData } = require('node:worker_threads');
// Deno and Bun have a 'module' here already: a function's own does not meet it.
(({ module, memory, team, thread }) => {
  const words = new Int32Array(memory.buffer);
  const sleep = (at, value, time) => Atomics.wait(words, at >> 2, value, time) !== 'timed-out';
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, team: { sleep } });
  parentPort.postMessage('ready');
  exports.work(team, thread);
})(workerData);
`;

/** Starts a thread. @param lost is told why, where it ends by itself */
export function spawn(workerData: ThreadData, lost: (why: unknown) => void): Thread {
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
}

/** Cores that there are. */
export const cores = (): number => availableParallelism();
