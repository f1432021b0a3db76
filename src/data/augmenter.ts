// Augmentation off the critical path: a worker makes the next batch while this thread trains on one.
// The same function makes the same bits here where no worker can be had.

import { spawnAugment } from '#platform/src/data/spawn-augment';
import { connect } from '#platform/src/platform/spawn';
import { StateError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkObject, checkOptions, flag } from '../base/options.js';
import { checkInteger, type Shape, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { Caller } from '../platform/rpc.js';
import type { Augmentation } from './augment.js';
import { type AugmentedSet, type Batch, checkSet, fillBatch } from './batch.js';
import { type BatchRequest, checkRequest } from './draw.js';
import type { Pixels } from './pixels.js';
import type { Calls } from './serve.js';
import type { ImageShape } from './warp.js';

/** Options of `Augmenter`. */
export interface AugmenterOptions {
  /** Whether to use a worker where there can be one: true by default. */
  worker?: boolean;
}

/** An epoch's samples in the order of training. */
export interface EpochRequest {
  readonly epoch: number;
  /** Numbers of samples in the data set. */
  readonly order: Int32Array;
  readonly batchSize: number;
}

/**
 * Makes augmented batches of a data set.
 *
 * The worker gets its own copy of the images, once; images in a SharedArrayBuffer it shares. It does
 * not keep a program from ending.
 */
export class Augmenter {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static readonly name: string = 'Augmenter';
  readonly #set: AugmentedSet;
  readonly #count: number;
  #worker: Caller<Calls> | undefined;
  /** Arrays that were given back: two take turns. */
  readonly #spare: Batch[] = [];
  #closed = false;

  /**
   * @param images NHWC, all samples of the set
   * @param shape of one image: [height, width, channels]
   * @throws {ShapeError} where the images are no whole number of such shapes
   */
  constructor(
    images: Pixels,
    shape: Shape,
    augmentation: Augmentation,
    options: AugmenterOptions = {},
  ) {
    const { worker = true } = checkOptions('new data.Augmenter', options, { worker: flag });
    this.#count = naming('new data.Augmenter', () => checkSet(images, shape, augmentation));
    this.#set = { images, shape: shape as ImageShape, augmentation };
    if (worker) this.#start();
  }

  #start(): void {
    try {
      this.#worker = new Caller<Calls>(connect(spawnAugment()), 'the augmenting worker');
      // A copy that is handed over: cloning a view would clone all memory behind it.
      const { images } = this.#set;
      const own = images.buffer instanceof ArrayBuffer ? images.slice() : images;
      const transfer = own.buffer instanceof ArrayBuffer ? [own.buffer] : [];
      const begun = this.#worker.call('begin', { ...this.#set, images: own }, { transfer });
      begun.catch((error) => this.#end(error));
    } catch (error) {
      this.#end(error as Error); // There are no workers, or no memory for another copy.
    }
  }

  /** Whether a worker makes the batches. One that fails is replaced by the calling thread. */
  get inWorker(): boolean {
    return this.#worker?.ended === false;
  }

  /**
   * Makes one batch: float32 [indices, height, width, channels].
   *
   * @throws {ValueError} for an epoch or an index that there is not
   * @throws {StateError} after `close`
   */
  async next(request: BatchRequest): Promise<Batch> {
    this.#check();
    naming('data.Augmenter', () => checkRequest(request, this.#count));
    const length = request.indices.length * sizeOf(this.#set.shape);
    try {
      if (this.#worker) return await this.#ask(this.#worker, this.#take(length), request);
    } catch (error) {
      // The worker is gone, and what it was given with it: the same is made here.
      this.#end(error as Error);
    }
    this.#check();
    const to = this.#take(length);
    fillBatch(to, this.#set, request);
    return to;
  }

  /**
   * Makes the batches of an epoch, one ahead of the consumer. Each array is valid until the next is
   * asked for.
   */
  async *batches(request: EpochRequest): AsyncGenerator<Batch> {
    const { epoch, order, batchSize } = checkObject('data.Augmenter', request, 'order');
    naming('data.Augmenter', () => checkInteger('batchSize', batchSize));
    if (!(order instanceof Int32Array))
      throw new ValueError(`data.Augmenter: order must be an Int32Array, not ${shown(order)}`);
    const ask = (first: number) => {
      if (first >= order.length) return undefined;
      const batch = this.next({ epoch, indices: order.subarray(first, first + batchSize) });
      batch.catch(() => {}); // Whoever awaits it is told; nobody may.
      return batch;
    };
    let ahead = ask(0);
    for (let first = batchSize; ahead; first += batchSize) {
      const batch = await ahead;
      ahead = ask(first);
      yield batch;
      this.#spare.push(batch);
    }
  }

  /** Ends the worker. What is asked for is not delivered any more. */
  close(): void {
    this.#closed = true;
    this.#end(new StateError('data.Augmenter: it was closed'));
  }

  #check(): void {
    if (this.#closed) throw new StateError('data.Augmenter: it was closed; make a new one');
  }

  /** An array that was given back, or a new one. */
  #take(length: number): Batch {
    const at = this.#spare.findIndex((spare) => spare.length === length);
    return at < 0 ? new Float32Array(length) : this.#spare.splice(at, 1)[0];
  }

  #ask(worker: Caller<Calls>, to: Batch, { epoch, indices }: BatchRequest): Promise<Batch> {
    const transfer = [to.buffer];
    return worker.call('fill', { to, epoch, indices: Int32Array.from(indices) }, { transfer });
  }

  #end(why: Error): void {
    this.#worker?.end(why);
    this.#worker = undefined;
  }
}
