// Where a training's batches come from: arrays, augmented images, or whatever can be iterated.

import type { Augmentation } from '../data/augment.js';
import { Augmenter } from '../data/augmenter.js';
import { mixes } from '../data/draw.js';
import { prefetch, type Source } from '../data/stream.js';
import { ValueError } from '../errors.js';
import { purpose, Random } from '../random.js';
import type { Engine } from './engine.js';
import { type Data, type DataSet, numbersOf, type Samples, type TargetSource } from './source.js';

/** A batch: samples order[first …], or first … where there is no order. */
interface Batch {
  readonly samples: Samples;
  readonly order: Int32Array | null;
  readonly first: number;
  readonly size: number;
}

/** Batches, epoch by epoch. */
export interface Feed {
  /** In an epoch; Infinity where nobody knows yet. */
  readonly batches: number;
  /** @param epoch of all of the model's life, from 0 */
  each(epoch: number): Iterable<Batch> | AsyncIterable<Batch>;
  close?(): void;
}

/** What of some samples is trained on, and how. */
export interface Part {
  readonly samples: Samples;
  /** The first so many. */
  readonly count: number;
  readonly batchSize: number;
  /** The seed of each epoch's order; undefined for that of the data. */
  readonly order: number | undefined;
}

/** The order of an epoch, written to `to`. */
function arrange(to: Int32Array, seed: number | undefined, epoch: number): void {
  for (let i = 0; i < to.length; i++) to[i] = i;
  if (seed !== undefined) new Random(seed, purpose.shuffle, epoch).shuffle(to);
}

/** Batches of samples that are all there. */
export function arrayFeed({ samples, count, batchSize, order: seed }: Part): Feed {
  const order = new Int32Array(count);
  return {
    batches: Math.ceil(count / batchSize),
    *each(epoch) {
      arrange(order, seed, epoch);
      for (let first = 0; first < count; first += batchSize) {
        yield { samples, order, first, size: Math.min(batchSize, count - first) };
      }
    },
  };
}

/**
 * Batches of images that are augmented on the way, one ahead.
 *
 * @throws {ValueError} for a model with several inputs, and for a normalization, which validation would lack
 */
export function augmentedFeed(
  engine: Engine,
  x: DataSet,
  { samples, count, batchSize, order: seed }: Part,
  augmentation: Augmentation,
): Feed {
  const { inputs } = engine.network.graph;
  if (inputs.length > 1)
    throw new ValueError(`fit: augmentation needs a model with one input, not ${inputs.length}`);
  if (typeof augmentation?.seed !== 'number') {
    throw new ValueError(
      'fit: augmentation must be made by data.augment, as in data.augment({ shift: 2 })',
    );
  }
  if (augmentation.normalize) {
    throw new ValueError(
      'fit: normalize the images with data.normalize first: what is validated needs it too',
    );
  }
  const { shape } = inputs[0];
  const numbers = numbersOf('fit', 'x', x as Data).array();
  const floats = count * shape.reduce((product, side) => product * side, 1);
  // A copy: what tensors hold moves when memory grows.
  const augmenter = new Augmenter(
    Float32Array.from(numbers).subarray(0, floats),
    shape,
    augmentation,
  );
  const order = new Int32Array(count);
  return {
    batches: Math.ceil(count / batchSize),
    async *each(epoch) {
      arrange(order, seed, epoch);
      let first = 0;
      for await (const images of augmenter.batches({ epoch, order, batchSize })) {
        const indices = order.subarray(first, first + batchSize);
        yield augmented({ ...samples, count }, images, indices, augmentation, epoch, engine);
        first += indices.length;
      }
    },
    close: () => augmenter.close(),
  };
}

/**
 * The batch of some augmented images: row by row as they lie there, with the targets of their samples.
 *
 * @param samples those that are trained on
 */
function augmented(
  samples: Samples,
  images: Float32Array,
  indices: Int32Array,
  augmentation: Augmentation,
  epoch: number,
  engine: Engine,
): Batch {
  const size = indices.length;
  const floats = images.length / size;
  const [{ name }] = samples.x;
  const x = {
    name,
    count: size,
    copy(row: number, to: Float32Array | Int32Array, at: number): void {
      to.set(images.subarray(row * floats, (row + 1) * floats), at);
    },
  };
  const ofSample = <S extends { copy: TargetSource['copy'] }>(source: S): S => ({
    ...source,
    copy: (row: number, to: Float32Array | Int32Array, at: number) =>
      source.copy(indices[row], to, at),
  });
  const y = augmentation.mixup
    ? mixed(samples, indices, augmentation, epoch, engine)
    : samples.y.map(ofSample);
  const weights = samples.weights.map(ofSample);
  return { samples: { x: [x], y, weights, count: size }, order: null, first: 0, size };
}

/** Targets mixed as their images are: λ·y + (1 − λ)·y of the partner, classes as one-hot rows. */
function mixed(
  { y: sources, count }: Samples,
  indices: Int32Array,
  augmentation: Augmentation,
  epoch: number,
  engine: Engine,
): TargetSource[] {
  const { outputs } = engine.network.graph;
  const { partners, lambdas } = mixes(augmentation, count, { epoch, indices });
  return sources.map((source, i): TargetSource => {
    const classes = outputs[i].shape.at(-1) as number;
    const size = source.form === 'labels' ? source.size * classes : source.size;
    const own = new Float32Array(source.size);
    const add = (sample: number, share: number, to: Float32Array | Int32Array, at: number) => {
      source.copy(sample, own, 0);
      own.forEach((value, i) => {
        if (source.form === 'labels') to[at + i * classes + value] += share;
        else to[at + i] += share * value;
      });
    };
    return {
      ...source,
      form: 'targets',
      size,
      copy(row, to, at) {
        to.fill(0, at, at + size);
        add(indices[row], lambdas[row], to, at);
        add(partners[row], 1 - lambdas[row], to, at);
      },
    };
  });
}

/** A batch as users give it: [x, y], or with a weight for each sample. */
export type DatasetBatch = readonly [DataSet, DataSet] | readonly [DataSet, DataSet, Data];

/**
 * Batches one after another: something to iterate, or a function that makes it for each epoch, from 0,
 * as a generator can be gone through only once. They are pulled two ahead: each needs arrays of its own.
 */
export type Dataset = Source<DatasetBatch> | ((epoch: number) => Source<DatasetBatch>);

/** Batches of a data set, pulled two ahead. */
export function datasetFeed(
  dataset: Dataset,
  check: (x: DataSet, y: DataSet, sampleWeight?: Data) => Samples,
  batchesPerEpoch: number | undefined,
  signal: AbortSignal | undefined,
): Feed {
  // Where epochs have a length of their own, an endless source goes on from one to the next.
  let running: AsyncGenerator<DatasetBatch> | undefined;
  const begin = (epoch: number): AsyncGenerator<DatasetBatch> =>
    prefetch(typeof dataset === 'function' ? dataset(epoch) : dataset, { signal });
  const feed = {
    batches: batchesPerEpoch ?? Number.POSITIVE_INFINITY,
    async *each(epoch: number): AsyncGenerator<Batch> {
      running ??= begin(epoch);
      let batch = 0;
      while (batch < (batchesPerEpoch ?? Number.POSITIVE_INFINITY)) {
        const { done, value } = await running.next();
        if (done) {
          running = undefined;
          break;
        }
        if (!Array.isArray(value) || value.length < 2)
          throw new ValueError('fitDataset: the data set must give batches [x, y]');
        const samples = check(value[0], value[1], value[2]);
        batch++;
        yield { samples, order: null, first: 0, size: samples.count };
      }
      // Known from the first epoch on.
      feed.batches = batchesPerEpoch ?? batch;
    },
    close() {
      // Nobody waits for a source that hangs, or listens to one that fails when it is not wanted any more.
      running?.return(undefined).catch(() => {});
    },
  };
  return feed;
}
