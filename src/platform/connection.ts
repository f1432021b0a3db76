// A worker and its owner, wherever they run: spawn.ts connects them in Node, Deno and Bun, spawn.browser.ts in a browser.

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

/** Makes the owner's end of a worker. */
export type Connect = <Message, Reply>(worker: HostWorker) => Connection<Message, Reply>;
