// Calls between threads: each has a number, and ends with a result or an error. While it runs, it may report to its
// caller, and its caller may send it messages, or abort it.

import {
  EngineError,
  FormatError,
  NumericError,
  OutOfMemoryError,
  ShapeError,
  StateError,
  ValueError,
  WasmgradError,
} from '../base/errors.js';
import { shown } from '../base/shown.js';
import type { Connection } from './connection.js';
import type { Port } from './port.js';

/** What can be called: what each call is given, and what it gets. */
type Contract<C> = { readonly [K in keyof C]: { given: unknown; got: unknown } };

/** A call, or what is sent to one that runs: `heard` answers its reports one by one, false where one was not taken. */
export type Message =
  | { readonly id: number; readonly call: string; readonly given: unknown }
  | { readonly id: number; readonly message: unknown }
  | { readonly id: number; readonly heard: boolean }
  | { readonly id: number; readonly abort: true };

/** The end of a call, or a report before it. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: Failure }
  | { readonly id: number; readonly aborted: true }
  | { readonly id: number; readonly report: unknown };

export interface CallOptions {
  /** Buffers that are handed over instead of copied: they are gone here then. */
  transfer?: readonly ArrayBuffer[];
  /** Aborts the call, which then ends with the signal's reason. */
  signal?: AbortSignal;
  /** Gets what the call reports, one at a time. Where it throws, the call is aborted and ends with what was thrown. */
  onReport?(report: unknown): unknown;
}

/** A call under way, which can be sent messages. */
export type Ongoing<T> = Promise<T> & { send(message: unknown): void };

/** A call whose end is waited for. */
interface Waiting extends Pick<CallOptions, 'signal' | 'onReport'> {
  resolve(result: never): void;
  reject(error: unknown): void;
  abort(): void;
  /** Settles when all reports so far are taken. */
  reports: Promise<void>;
  thrown?: { readonly error: unknown };
}

/** The caller's end. While it waits for something, the program does not end. */
export class Caller<C extends Contract<C>> {
  readonly #connection: Connection<Message, Reply>;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #why: unknown;

  /** @param worker what the other end is called in errors */
  constructor(connection: Connection<Message, Reply>, worker: string) {
    this.#connection = connection;
    connection.listen(
      (reply) => void this.#receive(reply),
      (error) => this.end(new EngineError(`${worker} is gone (${(error as Error).message})`)),
    );
  }

  /** Whether nothing can be called any more. */
  get ended(): boolean {
    return this.#why !== undefined;
  }

  /**
   * @throws {ValueError} for what cannot be sent
   * @throws what was thrown there, and what the connection ended with
   */
  call<K extends keyof C & string>(
    call: K,
    given: C[K]['given'],
    { transfer, signal, onReport }: CallOptions = {},
  ): Ongoing<C[K]['got']> {
    const id = ++this.#calls;
    const result = new Promise<C[K]['got']>((resolve, reject) => {
      if (this.ended) throw this.#why;
      signal?.throwIfAborted();
      this.#post(call, { id, call, given }, transfer);
      const abort = () => this.#post(call, { id, abort: true });
      signal?.addEventListener('abort', abort);
      const reports = Promise.resolve();
      this.#waiting.set(id, { resolve, reject, signal, abort, onReport, reports });
      this.#connection.hold(true);
    });
    return Object.assign(result, {
      send: (message: unknown) => this.#post(call, { id, message }),
    });
  }

  /** Ends the connection: calls are rejected with the reason, now and from now on. */
  end(why: Error): void {
    if (this.ended) return;
    this.#why = why;
    for (const id of this.#waiting.keys()) this.#done(id)?.reject(why);
    // Last: Deno reports its exit at once.
    this.#connection.close();
  }

  #post(call: string, message: Message, transfer: readonly ArrayBuffer[] = []): void {
    if (this.ended) return;
    try {
      this.#connection.post(message, [...transfer]);
    } catch (cause) {
      throw new ValueError(
        `${call}: not all of this can be sent to a worker (${(cause as Error).message})`,
        { cause },
      );
    }
  }

  async #receive(reply: Reply): Promise<void> {
    const waiting = this.#waiting.get(reply?.id);
    if (!waiting) return;
    const { id } = reply;
    if ('report' in reply) {
      waiting.reports = waiting.reports.then(async () => {
        try {
          await waiting.onReport?.(reply.report);
        } catch (error) {
          waiting.thrown ??= { error };
        }
        this.#post('report', { id, heard: !waiting.thrown });
      });
      return;
    }
    await waiting.reports;
    this.#done(id);
    if (waiting.thrown) waiting.reject(waiting.thrown.error);
    else if ('result' in reply) waiting.resolve(reply.result as never);
    // The reason itself, not what would come of it on its way.
    else waiting.reject('error' in reply ? errorOf(reply.error) : waiting.signal?.reason);
  }

  /** Nobody waits for it any more. */
  #done(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    waiting?.signal?.removeEventListener('abort', waiting.abort);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#connection.hold(false);
    return waiting;
  }
}

/** A report, and who waits until it is taken. */
interface Unheard {
  resolve(): void;
  reject(error: unknown): void;
}

/** A call that runs, as whoever answers it sees it. */
export class Running {
  /** Made when it is wanted: that takes as long as a small call. */
  #controller: AbortController | undefined;
  readonly #send: (report: unknown) => void;
  /** Reports that the caller has not taken yet, in their order. */
  readonly #unheard: Unheard[] = [];
  /** Gets what the caller sends; to be set before anything is awaited. */
  onMessage?: (message: never) => void;

  /** @internal Made by `serve`. */
  constructor(send: (report: unknown) => void) {
    this.#send = send;
  }

  /** Aborts when the caller's does, and when a report was not taken. A call that ends with its reason was aborted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get #abort(): AbortController {
    this.#controller ??= new AbortController();
    return this.#controller;
  }

  /** Reports to the caller. Settles when that has taken it. @throws the signal's reason where the caller threw */
  report(report: unknown): Promise<void> {
    const heard = new Promise<void>((resolve, reject) => {
      this.#send(report);
      this.#unheard.push({ resolve, reject });
    });
    heard.catch(() => {}); // It need not be waited for.
    return heard;
  }

  /** @internal */
  receive(message: Message): void {
    if ('message' in message) this.onMessage?.(message.message as never);
    if ('abort' in message) this.#abort.abort();
    if (!('heard' in message)) return;
    if (!message.heard) this.#abort.abort();
    const { resolve, reject } = this.#unheard.shift() as Unheard;
    if (message.heard) resolve();
    else reject(this.signal.reason);
  }
}

/** What answers each call. */
export type Handlers<C extends Contract<C>> = {
  readonly [K in keyof C]: (
    given: C[K]['given'],
    call: Running,
  ) => C[K]['got'] | Promise<C[K]['got']>;
};

/** What is known of a worker's end of its connection. */
interface Served {
  onmessage: ((event: { data: Message }) => Promise<void>) | null;
  onmessageerror: (() => void) | null;
  postMessage(reply: Reply, transfer: Transferable[]): void;
}

/**
 * Answers the calls of a `Caller`.
 *
 * @param buffersOf what of a result is handed over instead of copied
 */
export function serve<C extends Contract<C>>(
  self: Port,
  handlers: Handlers<C>,
  buffersOf: (result: unknown) => Transferable[],
): void {
  const port = self as unknown as Served;
  const calls = new Map<number, Running>();
  port.onmessageerror = () => {
    // Nobody knows whose call it was: all learn that the worker is gone.
    throw new Error('a message could not be read');
  };
  port.onmessage = async ({ data: message }) => {
    const id = message?.id;
    if (id === undefined) return; // It is of somebody else.
    if (!('call' in message)) return calls.get(id)?.receive(message);
    const running = new Running((report) => port.postMessage({ id, report }, []));
    calls.set(id, running);
    try {
      const result = await handlers[message.call as keyof C](message.given, running);
      port.postMessage({ id, result }, buffersOf(result));
    } catch (error) {
      const { aborted, reason } = running.signal;
      const isAborted = aborted && error === reason;
      port.postMessage(isAborted ? { id, aborted: true } : { id, error: failureOf(error) }, []);
    } finally {
      calls.delete(id);
    }
  };
}

/** An error on its way: its class goes by its name. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly cause?: Failure;
}

/** @param depth how many causes of causes are sent: they may lead in a circle */
function failureOf(error: unknown, depth = 8): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: shown(error) };
  const { name, message, cause } = error;
  const more = cause !== undefined && depth > 0;
  return { name, message, ...(more ? { cause: failureOf(cause, depth - 1) } : {}) };
}

/** Our errors by name. Not a namespace: that would put an object of all of them into the core. */
const ours = new Map<string, typeof WasmgradError>(
  Object.entries({
    ...{ EngineError, FormatError, NumericError, OutOfMemoryError },
    ...{ ShapeError, StateError, ValueError, WasmgradError },
  }),
);

/** The error, of its own class where that is one of ours. */
function errorOf({ name, message, cause }: Failure): Error {
  const options = cause && { cause: errorOf(cause) };
  const known = ours.get(name);
  return known ? new known(message, options) : Object.assign(new Error(message, options), { name });
}
