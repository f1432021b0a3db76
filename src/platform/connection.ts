// What a worker's owner can do with it on any platform: spawn.ts does it in Node, Deno and Bun, spawn.browser.ts in a
// browser.

import type { Worker } from 'node:worker_threads';

/** A worker, as its owner sees it. */
export interface Connection<Message, Reply> {
  post(message: Message, transfer?: Transferable[]): void;
  /** Sets the functions that receive the replies, and the error if the worker ends. */
  listen(receive: (reply: Reply) => void, fail: (error: unknown) => void): void;
  /** Whether the worker keeps the program running: it should only while a reply is awaited. */
  hold(on: boolean): void;
  close(): void;
}

/** The platform's own worker. */
export type HostWorker = Worker;

/** Makes the owner's end of a worker. */
export type Connect = <Message, Reply>(worker: HostWorker) => Connection<Message, Reply>;
