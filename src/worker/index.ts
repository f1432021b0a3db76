// Training off the main thread: the page's side. A worker loads models and trains them; what is asked of
// them here are promises, in the words of the models themselves.

import { connect } from '#platform/src/platform/spawn';
import { spawnTraining } from '#platform/src/worker/spawn-training';
import type { InitOptions } from '../../bindings/backend.js';
import { compile } from '../../bindings/load.js';
import { EngineError, StateError, ValueError } from '../base/errors.js';
import { bytesOf } from '../base/filebytes.js';
import { naming } from '../base/naming.js';
import { abortSignal, checkObject, checkOptions, checkValue, forwarded } from '../base/options.js';
import type { PredictOptions } from '../model/predict.js';
import { checkFactor } from '../operators/optimizer/rate.js';
import type { HostWorker } from '../platform/connection.js';
import { Caller, type CallOptions, type Ongoing } from '../platform/rpc.js';
import { Tensor } from '../tensor/tensor.js';
import { callbacksOf, events, type Training } from '../training/callback.js';
import type { Logs } from '../training/means.js';
import type { EvaluateOptions } from '../training/measure.js';
import type { WeightOptions } from '../training/sampleweights.js';
import type { FitOptions } from '../training/session.js';
import type { DataSet } from '../training/source.js';
import type { History } from '../training/train.js';
import {
  type Begun,
  type Calls,
  type Event,
  mapNumbers,
  type Numbers,
  type OfModel,
  type Order,
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

/** A worker that trains. */
export class TrainingWorker {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static readonly name: string = 'TrainingWorker';
  readonly #caller: Caller<Calls>;

  /** @internal Made by `startWorker`. */
  constructor(caller: Caller<Calls>) {
    this.#caller = caller;
  }

  /**
   * Loads a model from what `toBytes` gives: its weights, what it was compiled for, where its training stands. In
   * TypeScript, one whose outputs are a list is loaded as `load<readonly Numbers[]>(bytes)`.
   */
  async load<O extends Numbers | readonly Numbers[] = Numbers>(
    bytes: Uint8Array<ArrayBuffer> | ArrayBuffer,
  ): Promise<RemoteModel<O>> {
    const [sent] = copied([naming('load', () => bytesOf(bytes))], []) as [Uint8Array<ArrayBuffer>];
    return new RemoteModel<O>(this.#caller, await this.#caller.call('load', sent));
  }

  /** Ends the worker: what is not done yet is rejected with a StateError. */
  end(): void {
    this.#caller.end(new StateError('the training worker was ended'));
  }
}

/** What is handed over. @throws {ValueError} for what cannot be, or was before */
function checkHanded(transfer: Handing['transfer'] = []): ArrayBuffer[] {
  const buffers = Array.isArray(transfer) ? (transfer as ArrayBuffer[]) : [];
  if (buffers !== transfer || buffers.some((one) => !(one instanceof ArrayBuffer))) {
    throw new ValueError(`transfer must be a list of ArrayBuffers, such as [images.buffer]`);
  }
  if (buffers.some(({ byteLength }) => byteLength === 0)) {
    throw new ValueError(
      `a buffer in transfer is empty: it was handed over before, and its numbers are gone here`,
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
  const words = forwarded('worker', 'threads', 'simd', 'revectorize', 'maximumMemory', 'wasm');
  const { worker, wasm, ...forInit } = checkOptions('startWorker', options, words);
  let caller: Caller<Calls>;
  try {
    const host = (worker as unknown as HostWorker) ?? spawnTraining();
    caller = new Caller(connect(host), 'the training worker');
  } catch (cause) {
    throw new EngineError(
      `startWorker: there can be no worker here (${(cause as Error).message}); startWorker({ worker }) takes one of yours, whose script calls serveTraining`,
      { cause },
    );
  }
  const started = new TrainingWorker(caller);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new EngineError(NO_ANSWER)), PATIENCE);
  });
  try {
    // Compiled here: of what `init` takes, addresses and responses cannot be sent.
    const module = wasm && (await compile('simd', wasm));
    await Promise.race([caller.call('init', { ...forInit, wasm: module }), silence]);
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
export class RemoteModel<O extends Numbers | readonly Numbers[] = Numbers> {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static readonly name: string = 'RemoteModel';
  readonly #caller: Caller<Calls>;
  readonly #model: number;

  /** @internal Made by `TrainingWorker.load`. */
  constructor(caller: Caller<Calls>, model: number) {
    this.#caller = caller;
    this.#model = model;
  }

  /**
   * As `fit` of models. Callbacks run here, and the training there waits for them. They see the model's name
   * and can await `toBytes()` and `swapAverage()` of it; its weights they cannot see.
   */
  async fit(x: DataSet, y: DataSet, options: RemoteFitOptions = {}): Promise<History> {
    const { callbacks, onProgress, signal, transfer, ...rest } = checkObject(
      'fit',
      options,
      'epochs',
    );
    const given = naming('fit', () => callbacksOf({ callbacks, onProgress }));
    const wanted = events.filter((event) =>
      given.some((callback) => callback[event] !== undefined),
    );
    const now = { scheduledRate: 0 };
    const onReport = async (report: unknown): Promise<void> => {
      const { event, args, scheduledRate } = report as Event;
      now.scheduledRate = scheduledRate;
      const heard =
        event === 'onTrainBegin'
          ? [this.#training(args[0] as Begun, now, (order) => fit.send(order))]
          : args;
      for (const callback of given) {
        const functions = callback as Readonly<Record<string, (...args: unknown[]) => unknown>>;
        await functions[event]?.(...heard);
      }
    };
    const fit = this.#call('fit', [x, y, rest, wanted], { signal, transfer, onReport });
    return fit;
  }

  /** As `evaluate` of models. */
  async evaluate(x: DataSet, y: DataSet, options: EvaluateOptions & Handing = {}): Promise<Logs> {
    const { signal, transfer, ...rest } = checkObject('evaluate', options, 'batchSize');
    return this.#call('evaluate', [x, y, rest], { signal, transfer });
  }

  /** As `predict` of models: the numbers of each output, and their shape. */
  async predict(x: DataSet, options: PredictOptions & Handing = {}): Promise<O> {
    const { signal, transfer, ...rest } = checkObject('predict', options, 'batchSize');
    const given = [x, rest, signal !== undefined];
    return (await this.#call('predict', given, { signal, transfer })) as O;
  }

  /** As `trainOnBatch` of models. */
  async trainOnBatch(x: DataSet, y: DataSet, options: WeightOptions & Handing = {}): Promise<Logs> {
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

  #call<K extends Exclude<keyof Calls, 'init' | 'load'>>(
    call: K,
    args: readonly unknown[],
    { signal, transfer, onReport }: Pick<CallOptions, 'signal' | 'onReport'> & Handing = {},
  ): Ongoing<Calls[K]['got']> {
    const handed = naming(call, () => {
      if (signal !== undefined) checkValue('signal', signal, abortSignal);
      return checkHanded(transfer);
    });
    const given: OfModel = { model: this.#model, args: copied(args, handed) };
    return this.#caller.call(call, given, { signal, transfer: handed, onReport });
  }

  /** What callbacks know of the training there. */
  #training(
    { name, epochs, batches, learningRateFactor }: Begun,
    now: Readonly<Pick<Event, 'scheduledRate'>>,
    send: (order: Order) => void,
  ): Training {
    let factor = learningRateFactor;
    return Object.seal<Training>({
      epochs,
      batches,
      model: Object.seal({
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
      }),
      get learningRateFactor() {
        return factor;
      },
      set learningRateFactor(value) {
        factor = checkFactor(value);
        send({ learningRateFactor: factor });
      },
      get learningRate() {
        return now.scheduledRate * factor;
      },
      stop: () => send({ stop: true }),
    });
  }
}
