// The page's end of a worker: calls as promises, events as they come.

import type { Calls, Reply, Request, WorkerEvents } from './messages.js';

type Hear = { [K in keyof WorkerEvents]?: (detail: WorkerEvents[K]) => void };

interface Waiting {
  resolve(got: never): void;
  reject(error: Error): void;
}

export class Client {
  readonly #worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #lost: Error | undefined;

  constructor(hear: Hear = {}) {
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('event' in data)
        (hear[data.event] as ((detail: unknown) => void) | undefined)?.(data.detail);
      else this.#answer(data);
    };
    this.#worker.onerror = ({ message }) =>
      this.#end(new Error(`The worker could not run (${message || 'its script did not load'}).`));
  }

  /** @param transfer what is handed over instead of copied: gone here then */
  ask<K extends keyof Calls>(
    call: K,
    given: Calls[K]['given'],
    transfer: Transferable[] = [],
  ): Promise<Calls[K]['got']> {
    if (this.#lost) return Promise.reject(this.#lost);
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call, given } satisfies Request, transfer);
    });
  }

  /** Ends the worker and its threads. */
  end(): void {
    this.#worker.terminate();
    this.#end(new Error('The worker was ended.'));
  }

  #answer(reply: Exclude<Reply, { event: unknown }>): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) {
      const error = new Error(reply.error.message);
      error.name = reply.error.name;
      waiting?.reject(error);
    } else waiting?.resolve(reply.got as never);
  }

  #end(why: Error): void {
    this.#lost ??= why;
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
  }
}
