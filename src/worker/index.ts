// Training off the main thread: the page's side. A worker loads models and trains them; what is asked of
// them here are promises, in the words of the models themselves.

import type { InitOptions } from '../../bindings/backend.js';
import { EngineError, StateError, ValueError } from '../errors.js';
import type { Callback, Progress, Training } from '../model/callback.js';
import type { Logs } from '../model/means.js';
import type { WeightOptions } from '../model/sampleweights.js';
import type { DataSet } from '../model/source.js';
import type { FitOptions, History } from '../model/train.js';
import { checkOptions } from '../options.js';
import { type Connection, connect, type HostWorker, spawn } from '../spawn.js';
import {
  type Call,
  errorOf,
  type Message,
  mapNumbers,
  type Numbers,
  type Reply,
} from './protocol.js';

export type { Numbers } from './protocol.js';
export { serveTraining } from './serve.js';

/** Options of `startWorker`: those of `init`, for the worker's own. */
export interface WorkerOptions extends InitOptions {
  /** A worker of yours whose script calls `serveTraining`; by default the package's own. */
  worker?: HostWorker | Worker;
}

/** What may be handed over. */
interface Handing {
  /** Buffers of the data given, which are handed over instead of copied: they are gone here then. */
  transfer?: Transferable[];
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
      (error) =>
        this.#end(new EngineError(`the training worker is gone (${(error as Error).message})`)),
    );
  }

  /** Loads a model from what `toBytes` gives: its weights, what it was compiled for, where its training stands. */
  async load(bytes: Uint8Array<ArrayBuffer>): Promise<RemoteModel> {
    return new RemoteModel(this, await this.call('load', [bytes]));
  }

  /** Ends the worker: what is not done yet is rejected with a StateError. */
  end(): void {
    this.#connection.close();
    this.#end(new StateError('the training worker was ended'));
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
      this.#connection.post({ id, call, model, args: copied(args), events }, transfer);
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
    const waiting = this.#waiting.get(reply.id);
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

/** Tensors as their numbers: memory of this thread's own cannot be sent. */
const copied = (args: readonly unknown[]): readonly unknown[] =>
  mapNumbers(args, ({ data, shape }) => ({ data: data.slice(), shape: [...shape] })) as unknown[];

/**
 * Starts a worker and, in it, the kernels.
 *
 * @throws {EngineError} where there can be no worker, or it cannot load the kernels
 * @throws as `init`
 */
export async function startWorker(options: WorkerOptions = {}): Promise<TrainingWorker> {
  const words = ['worker', 'threads', 'simd', 'revectorize', 'maximumMemory', 'wasm'];
  const { worker, ...forInit } = checkOptions('startWorker', options, words);
  let connection: Connection<Message, Reply>;
  try {
    connection = worker ? connect(worker as HostWorker) : spawn('training');
  } catch (cause) {
    throw new EngineError('startWorker: there can be no worker here', { cause });
  }
  const started = new TrainingWorker(connection);
  try {
    await started.call('init', [forInit]);
  } catch (error) {
    started.end();
    throw error;
  }
  return started;
}

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
   * As `fit` of models. Callbacks are told here what happens there, and are not waited for; they cannot see
   * the model, but can stop the training and change its learning rate.
   */
  async fit(x: DataSet, y: DataSet, options: RemoteFitOptions = {}): Promise<History> {
    const { signal, onProgress, callbacks = [], transfer, ...rest } = options;
    const given: Callback[] = Array.isArray(callbacks) ? [...callbacks] : [callbacks as Callback];
    if (onProgress) given.push({ onProgress: (progress: Progress) => onProgress(progress) });
    const events = [...new Set(given.flatMap((callback) => Object.keys(callback)))];
    const about = this.#worker.nextCall;
    const hear = (event: string, args: readonly unknown[]): void => {
      const told = event === 'onTrainBegin' ? [this.#training(about, args[0] as Begun)] : args;
      for (const callback of given)
        (callback[event as keyof Callback] as ((...args: unknown[]) => void) | undefined)?.(
          ...told,
        );
    };
    return this.#long('fit', [x, y, rest], signal, { events, hear, transfer });
  }

  /** As `evaluate` of models. */
  evaluate(
    x: DataSet,
    y: DataSet,
    options: { batchSize?: number; signal?: AbortSignal } & Handing = {},
  ): Promise<Logs> {
    const { signal, transfer, ...rest } = options;
    return this.#long('evaluate', [x, y, rest], signal, { transfer });
  }

  /** As `predict` of models: the numbers of each output, and their shape. */
  predict(
    x: DataSet,
    options: { batchSize?: number } & Handing = {},
  ): Promise<Numbers | readonly Numbers[]> {
    const { transfer, ...rest } = options;
    return this.#call('predict', [x, rest], { transfer });
  }

  /** As `trainOnBatch` of models. */
  trainOnBatch(x: DataSet, y: DataSet, options: WeightOptions & Handing = {}): Promise<Logs> {
    const { transfer, ...rest } = options;
    return this.#call('trainOnBatch', [x, y, rest], { transfer });
  }

  /** As `toBytes` of models: for `loadModel` here, or `load` of another worker. */
  toBytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#call('toBytes', []);
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

  #training(about: number, { epochs, batches }: Begun): Training {
    const worker = this.#worker;
    let factor = 1;
    return {
      epochs,
      batches,
      get model(): never {
        throw new StateError(
          'fit: the model is in a worker, callbacks cannot see it: await toBytes() of it',
        );
      },
      get learningRateFactor() {
        return factor;
      },
      set learningRateFactor(value) {
        factor = value;
        worker.say({ about, learningRateFactor: value });
      },
      stop: () => worker.say({ about, stop: true }),
    };
  }
}

/** What is known when a training begins. */
type Begun = Pick<Training, 'epochs' | 'batches'>;

/** Stands for the signal's reason, which may be anything. */
const failing = 'aborted by the page';
