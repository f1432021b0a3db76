// Batches of images that are augmented on the way. Loaded where somebody trains on such: it brings what warps them.

import { ValueError } from '../base/errors.js';
import type { Augmentation } from '../data/augment.js';
import { Augmenter } from '../data/augmenter.js';
import { mixes } from '../data/draw.js';
import { type Data, numbersOf } from '../tensor/numbers.js';
import type { Engine } from './engine.js';
import { arrange, type Batch, type Feed, type Part } from './feed.js';
import type { DataSet, Samples, TargetSource } from './source.js';

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
