// Workers in Node, Deno and Bun, whoever starts them. In the browser build spawn.browser.ts stands in its place.

import type { Worker } from 'node:worker_threads';

/** A worker, as its owner sees it. */
export interface Connection<Message, Reply> {
  post(message: Message, transfer?: Transferable[]): void;
  /** Tells who gets the replies, and who learns that it ended. */
  listen(receive: (reply: Reply) => void, fail: (error: unknown) => void): void;
  /** Whether it keeps the program from ending: only while somebody waits for it. */
  hold(on: boolean): void;
  close(): void;
}

/** A worker as the platform has it. */
export type HostWorker = Worker;

/** The owner's end of a worker. */
export function connect<Message, Reply>(worker: HostWorker): Connection<Message, Reply> {
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen(receive, fail) {
      worker.on('message', receive).on('error', fail).on('messageerror', fail);
      worker.on('exit', (code) => fail(new Error(`it ended with exit code ${code}`)));
    },
    hold: (on) => (on ? worker.ref() : worker.unref()),
    close: () => void worker.terminate(),
  };
}
