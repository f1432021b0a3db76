// Training off the main thread: the page's side. A worker loads models and trains them; what is asked of
// them here are promises, in the words of the models themselves.

import { connect } from '#platform/src/platform/spawn';
import { spawnTraining } from '#platform/src/worker/spawn-training';
import type { InitOptions } from '../../bindings/backend.js';
import { compile } from '../../bindings/load.js';
import { EngineError, StateError, ValueError } from '../base/errors.js';
import { checkObject, checkOptions } from '../base/options.js';
import { checkFactor } from '../operators/optimizer/rate.js';
import type { Connection, HostWorker } from '../platform/connection.js';
import { Tensor } from '../tensor/tensor.js';
import { callbacksOf, events, type Training } from '../training/callback.js';
import type { Logs } from '../training/means.js';
import type { WeightOptions } from '../training/sampleweights.js';
import type { FitOptions } from '../training/session.js';
import type { DataSet } from '../training/source.js';
import type { History } from '../training/train.js';
import {
  type Begun,
  CALLBACK_THREW,
  type Call,
  errorOf,
  type Message,
  mapNumbers,
  type Numbers,
  type Reply,
  type View,
} from './protocol.js';

export type { Numbers } from './protocol.js';
export { type Port, serveTraining } from './serve.js';

/** Options of `startWorker`: those of `init`, for the worker's own. */
export interface WorkerOptions extends InitOptions {
  /** A worker of yours whose script calls `serveTraining`; by default the package's own. */
  worker?: WorkerLike;
}

/** A `Worker`, as browsers have it or Node's `worker_threads`. */
export interface WorkerLike {
  postMessage(...args: never[]): void;
  terminate(): unknown;
}

/** What may be handed over. */
export interface Handing {
  /** Buffers of the data given, which are handed over instead of copied: they are gone here then. */
  transfer?: readonly ArrayBufferLike[];
}

/** Options of a model's `fit` in a worker. */
export interface RemoteFitOptions extends FitOptions, Handing {}

/** Who waits for the end of a call. */
interface Waiting {
  resolve(result: never): void;
  reject(error: unknown): void;
  hear?(event: string, args: readonly unknown[]): void;
}

/** A worker that trains. */
export class TrainingWorker {
  readonly #connection: Connection<Message, Reply>;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;
  #ended: unknown;

  /** @internal Made by `startWorker`. */
  constructor(connection: Connection<Message, Reply>) {
    this.#connection = connection;
    connection.listen(
      (reply) => this.#hear(reply),
      (error) => {
        this.#end(new EngineError(`the training worker is gone (${(error as Error).message})`));
        // One that still runs has models that nobody can ask for any more.
        connection.close();
      },
    );
  }

  /** Loads a model from what `toBytes` gives: its weights, what it was compiled for, where its training stands. */
  async load(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer): Promise<RemoteModel> {
    return new RemoteModel(this, await this.call('load', [bytes]));
  }

  /** Ends the worker: what is not done yet is rejected with a StateError. */
  end(): void {
    // First: Deno tells of its exit at once.
    this.#end(new StateError('the training worker was ended'));
    this.#connection.close();
  }

  /** @internal */
  call<T>(
    call: Call['call'],
    args: readonly unknown[],
    {
      model,
      events,
      transfer,
      hear,
    }: Pick<Call, 'model' | 'events'> & Handing & Pick<Waiting, 'hear'> = {},
  ): Promise<T> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      const handed = checkHanded(call, transfer);
      try {
        const sent = copied(args, handed);
        this.#connection.post({ id, call, model, args: sent, events }, handed);
      } catch (cause) {
        if (cause instanceof StateError) throw cause;
        const why = (cause as Error).message;
        throw new ValueError(`${call}: not all of this can be sent to a worker (${why})`, {
          cause,
        });
      }
      this.#waiting.set(id, { resolve, reject, hear });
      this.#connection.hold(true);
    });
  }

  /** @internal What the next call's number is, to say something about it. */
  get nextCall(): number {
    return this.#calls + 1;
  }

  /** @internal */
  say(message: Message): void {
    if (!this.#ended) this.#connection.post(message);
  }

  #hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply?.id);
    if (!waiting) return;
    if ('event' in reply) {
      waiting.hear?.(reply.event, reply.args);
      return;
    }
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#connection.hold(false);
    if ('error' in reply) waiting.reject(errorOf(reply.error));
    else waiting.resolve(reply.result as never);
  }

  #end(why: unknown): void {
    this.#ended ??= why;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** What is handed over. @throws {ValueError} for what cannot be, or was before */
function checkHanded(where: string, transfer: Handing['transfer'] = []): ArrayBuffer[] {
  const buffers = Array.isArray(transfer) ? (transfer as ArrayBuffer[]) : [];
  if (buffers !== transfer || buffers.some((one) => !(one instanceof ArrayBuffer))) {
    throw new ValueError(
      `${where}: transfer must be a list of ArrayBuffers, such as [images.buffer]`,
    );
  }
  if (buffers.some(({ byteLength }) => byteLength === 0)) {
    throw new ValueError(
      `${where}: a buffer in transfer is empty: it was handed over before, and its numbers are gone here`,
    );
  }
  return [...new Set(buffers)];
}

/**
 * What can be sent: tensors as their numbers, as memory of this thread's own cannot be; of larger buffers only
 * what is looked at, if they are not handed over.
 */
const copied = (args: readonly unknown[], handed: readonly ArrayBuffer[]): readonly unknown[] =>
  mapNumbers(args, (numbers) => {
    if (numbers instanceof Tensor)
      return { data: numbers.data.slice(), shape: [...numbers.shape] } satisfies Numbers;
    const view = 'data' in numbers ? (numbers.data as unknown as View) : numbers;
    const { buffer, byteLength } = view;
    const isPart = buffer instanceof ArrayBuffer && byteLength < buffer.byteLength;
    const sent = isPart && !handed.includes(buffer) ? view.slice() : view;
    return 'data' in numbers ? { data: sent, shape: [...numbers.shape] } : sent;
  }) as unknown[];

/**
 * Starts a worker and, in it, the kernels.
 *
 * @throws {EngineError} where there can be no worker, it does not answer, or cannot load the kernels
 * @throws as `init`
 */
export async function startWorker(options: WorkerOptions = {}): Promise<TrainingWorker> {
  const words = ['worker', 'threads', 'simd', 'revectorize', 'maximumMemory', 'wasm'];
  const { worker, wasm, ...forInit } = checkOptions('startWorker', options, words);
  let connection: Connection<Message, Reply>;
  try {
    connection = connect((worker as unknown as HostWorker) ?? spawnTraining());
  } catch (cause) {
    throw new EngineError(
      `startWorker: there can be no worker here (${(cause as Error).message}); startWorker({ worker }) takes one of yours, whose script calls serveTraining`,
      { cause },
    );
  }
  const started = new TrainingWorker(connection);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new EngineError(NO_ANSWER)), PATIENCE);
  });
  try {
    // Compiled here: of what `init` takes, addresses and responses cannot be sent.
    const module = wasm && (await compile('simd', wasm));
    await Promise.race([started.call('init', [{ ...forInit, wasm: module }]), silence]);
  } catch (error) {
    started.end();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return started;
}

/** Milliseconds in which a worker starts, on the slowest machine. */
const PATIENCE = 30_000;
const NO_ANSWER =
  'startWorker: the worker did not answer for 30 s: does it still run, and does its script call serveTraining(self), or in Node serveTraining(parentPort)?';

/** A model in a training worker. Its functions are those of `Model`, and throw what they throw. */
export class RemoteModel {
  readonly #worker: TrainingWorker;
  readonly #model: number;

  /** @internal Made by `TrainingWorker.load`. */
  constructor(worker: TrainingWorker, model: number) {
    this.#worker = worker;
    this.#model = model;
  }

  /**
   * As `fit` of models. Callbacks run here, and the training there waits for them. They see the model's name
   * and can await `toBytes()` and `swapAverage()` of it; its weights they cannot see.
   */
  async fit(x: DataSet, y: DataSet, options: RemoteFitOptions = {}): Promise<History> {
    const { signal, onProgress, callbacks, transfer, ...rest } = checkObject(
      'fit',
      options,
      'epochs',
    );
    const given = callbacksOf('fit', { callbacks, onProgress });
    const heard = events.filter((event) => given.some((callback) => callback[event] !== undefined));
    const about = this.#worker.nextCall;
    const thrown: unknown[] = [];
    const hear = async (event: string, args: readonly unknown[]): Promise<void> => {
      const told = event === 'onTrainBegin' ? [this.#training(about, args[0] as Begun)] : args;
      try {
        for (const callback of given) {
          const function_ = callback[event as (typeof events)[number]];
          await (function_ as ((...args: unknown[]) => unknown) | undefined)?.call(
            callback,
            ...told,
          );
        }
      } catch (error) {
        thrown.push(error);
      }
      this.#worker.say({ about, heard: thrown.length === 0 });
    };
    try {
      return await this.#long('fit', [x, y, rest], signal, { events: heard, hear, transfer });
    } catch (error) {
      throw (error as Error).message === CALLBACK_THREW ? thrown[0] : error;
    }
  }

  /** As `evaluate` of models. */
  evaluate(
    x: DataSet,
    y: DataSet,
    options: { batchSize?: number; signal?: AbortSignal } & Handing = {},
  ): Promise<Logs> {
    const { signal, transfer, ...rest } = checkObject('evaluate', options, 'batchSize');
    return this.#long('evaluate', [x, y, rest], signal, { transfer });
  }

  /** As `predict` of models: the numbers of each output, and their shape. */
  predict(
    x: DataSet,
    options: { batchSize?: number } & Handing = {},
  ): Promise<Numbers | readonly Numbers[]> {
    const { transfer, ...rest } = checkObject('predict', options, 'batchSize');
    return this.#call('predict', [x, rest], { transfer });
  }

  /** As `trainOnBatch` of models. */
  trainOnBatch(x: DataSet, y: DataSet, options: WeightOptions & Handing = {}): Promise<Logs> {
    const { transfer, ...rest } = checkObject('trainOnBatch', options, 'sampleWeight');
    return this.#call('trainOnBatch', [x, y, rest], { transfer });
  }

  /** As `toBytes` of models: for `loadModel` here, or `load` of another worker. */
  toBytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call('toBytes', []);
  }

  /** As `swapAverage` of models. */
  swapAverage(): Promise<void> {
    return this.#call('swapAverage', []);
  }

  /** Gives the model's memory back. */
  dispose(): Promise<void> {
    return this.#call('dispose', []);
  }

  #call<T>(call: Call['call'], args: readonly unknown[], more: object = {}): Promise<T> {
    return this.#worker.call(call, args, { model: this.#model, ...more });
  }

  /** A call that can be aborted. */
  async #long<T>(
    call: 'fit' | 'evaluate',
    args: readonly unknown[],
    signal: AbortSignal | undefined,
    more: object,
  ): Promise<T> {
    if (signal !== undefined && typeof signal?.throwIfAborted !== 'function')
      throw new ValueError(`${call}: signal must be an AbortSignal: new AbortController().signal`);
    signal?.throwIfAborted();
    const about = this.#worker.nextCall;
    const abort = () => this.#worker.say({ about, abort: { reason: failing } });
    signal?.addEventListener('abort', abort);
    try {
      return await this.#call<T>(call, args, more);
    } catch (error) {
      // The reason itself, not what came of it on its way.
      throw (error as Error).message === failing ? signal?.reason : error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  #training(about: number, { name, epochs, batches, learningRateFactor }: Begun): Training {
    const worker = this.#worker;
    let factor = learningRateFactor;
    return {
      epochs,
      batches,
      model: {
        name,
        get weights(): never {
          throw new StateError(
            'fit: the model is in a worker, where callbacks do not see its weights: await model.toBytes() gives them',
          );
        },
        get averaged(): never {
          throw new StateError('fit: the model is in a worker, which alone knows what is averaged');
        },
        toBytes: () => this.toBytes(),
        swapAverage: () => this.swapAverage(),
      },
      get learningRateFactor() {
        return factor;
      },
      set learningRateFactor(value) {
        factor = checkFactor(value);
        worker.say({ about, learningRateFactor: factor });
      },
      stop: () => worker.say({ about, stop: true }),
    };
  }
}

/** Stands for the signal's reason, which may be anything. */
const failing = 'aborted by the page';
