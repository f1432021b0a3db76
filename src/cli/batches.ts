// The batches of a training: a new order in each epoch, normalized and augmented; an epoch may begin in its middle,
// where a training was stopped.

import { purpose, Random } from '../base/random.js';
import type { DatasetBatch } from '../core.js';
import { type Augmentation, Augmenter, type LabelledImages, mixes } from '../data/index.js';

/** How batches are made. */
export interface BatchOptions {
  readonly batchSize: number;
  readonly seed: number;
  readonly augmentation: Augmentation;
  /** Whether the augmentation is more than a normalization: then a worker does it. */
  readonly isRandom: boolean;
  /** Whether rare classes count as much as frequent ones. */
  readonly classWeights: boolean;
}

/** The batches of a data set. What they are depends on seed and epoch alone. */
export class Batches {
  readonly #set: LabelledImages;
  readonly #options: BatchOptions;
  readonly #augmenter: Augmenter;
  /** The weight of each class. */
  readonly #weights: readonly number[] | undefined;
  /** Batches in an epoch. A last batch of one image is left out: batch norm has no variance of one. */
  readonly perEpoch: number;

  constructor(set: LabelledImages, options: BatchOptions) {
    this.#set = set;
    this.#options = options;
    const count = set.labels.length;
    const { batchSize, augmentation, isRandom } = options;
    const isLeftOut = count > batchSize && count % batchSize === 1;
    this.perEpoch = Math.ceil(count / batchSize) - Number(isLeftOut);
    this.#augmenter = new Augmenter(set.images, set.shape.slice(1), augmentation, {
      worker: isRandom,
    });
    this.#weights = options.classWeights ? weightsOf(set) : undefined;
  }

  /** @param epoch counted from 0 @param skipped how many of its batches were trained on already */
  async *epoch(epoch: number, skipped: number): AsyncGenerator<DatasetBatch> {
    const { batchSize, seed } = this.#options;
    const all = Int32Array.from(this.#set.labels.keys());
    new Random(seed, purpose.shuffle, 0, epoch).shuffle(all);
    const order = all.subarray(skipped * batchSize, this.perEpoch * batchSize);
    let first = 0;
    for await (const images of this.#augmenter.batches({ epoch, order, batchSize })) {
      const indices = order.subarray(first, first + batchSize);
      first += batchSize;
      // A copy: `fitDataset` asks for the next before it has used this one.
      const x = images.slice();
      const y = this.#targets(epoch, indices);
      yield this.#weights ? [x, y, this.#weightsOf(indices, this.#weights)] : [x, y];
    }
  }

  /** Classes; of images that are mixed, shares of classes. */
  #targets(epoch: number, indices: Int32Array): Int32Array | Float32Array {
    const { labels, classes } = this.#set;
    const { augmentation } = this.#options;
    if (augmentation.mixup === 0) return indices.map((i) => labels[i]);
    const { partners, lambdas } = mixes(augmentation, labels.length, { epoch, indices });
    const y = new Float32Array(indices.length * classes.length);
    indices.forEach((sample, i) => {
      y[i * classes.length + labels[sample]] += lambdas[i];
      y[i * classes.length + labels[partners[i]]] += 1 - lambdas[i];
    });
    return y;
  }

  #weightsOf(indices: Int32Array, weights: readonly number[]): Float32Array {
    return Float32Array.from(indices, (i) => weights[this.#set.labels[i]]);
  }

  /** Ends the worker. */
  close(): void {
    this.#augmenter.close();
  }
}

/** Weights by which all classes count the same; their mean over all images is 1. */
function weightsOf({ labels, classes }: LabelledImages): number[] {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label]++;
  const present = counts.filter((count) => count > 0).length;
  return counts.map((count) => (count > 0 ? labels.length / (present * count) : 0));
}
