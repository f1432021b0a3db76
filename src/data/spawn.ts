// A worker in Node, Deno and Bun. In the browser build spawn.browser.ts stands in its place.

import { Worker } from 'node:worker_threads';
import type { Message, Reply } from './serve.js';

/** A worker, as its owner sees it. */
export interface BatchWorker {
  post(message: Message, transfer?: ArrayBuffer[]): void;
  /** Whether it keeps the program from ending: only while somebody waits for it. */
  hold(on: boolean): void;
  close(): void;
}

/** Starts a worker that makes batches; undefined where there can be none. */
export function spawn(
  receive: (reply: Reply) => void,
  fail: (error: unknown) => void,
): BatchWorker | undefined {
  let worker: Worker;
  try {
    worker = new Worker(new URL('./augment-worker.js', import.meta.url));
  } catch {
    return undefined;
  }
  worker.unref();
  worker.on('message', receive).on('error', fail);
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    hold: (on) => (on ? worker.ref() : worker.unref()),
    close: () => void worker.terminate(),
  };
}
