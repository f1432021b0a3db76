// The feed of augmented images. Loaded by the first training with an augmentation, because it imports the code that
// warps images.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { type Shape, sizeOf } from '../base/shape.js';
import type { Augmentation } from '../data/augment.js';
import { Augmenter } from '../data/augmenter.js';
import { mixes } from '../data/draw.js';
import type { Normalization } from '../data/normalization.js';
import { checkFits, normalizeInto } from '../data/normalize.js';
import type { Pixels } from '../data/pixels.js';
import type { Graph } from '../network/graph.js';
import { arrange, type Feed, type Part } from './feed.js';
import type { Range } from './measure.js';
import { keyed, type Room, type Samples, type TargetSource } from './samples.js';

/**
 * A feed of augmented images: the next batch is made while the engine trains on one.
 *
 * @throws {ValueError} for a model with several inputs, and for a normalization that does not fit the images
 */
export function augmentedFeed(
  { inputs, outputs }: Graph,
  { samples, count, batchSize, order: seed }: Part,
  augmentation: Augmentation,
): Feed {
  if (inputs.length > 1)
    throw new ValueError(`fit: augmentation needs a model with one input, not ${inputs.length}`);
  if (typeof augmentation?.seed !== 'number') {
    throw new ValueError(
      'fit: augmentation must be made by data.augment, as in data.augment({ shift: 2 })',
    );
  }
  const [{ shape }] = inputs;
  const augmenter = new Augmenter(imagesOf(samples, count, shape), shape, augmentation);
  const order = new Int32Array(count);
  return {
    batches: Math.ceil(count / batchSize),
    async *each(epoch) {
      arrange(order, seed, epoch);
      const now = augmentation.mixup
        ? mixed(samples, count, outputs, augmentation, epoch)
        : samples;
      let first = 0;
      for await (const images of augmenter.batches({ epoch, order, batchSize })) {
        const size = Math.min(batchSize, count - first);
        yield { samples: now, order, first, size, images };
        first += size;
      }
    },
    close: () => augmenter.close(),
  };
}

/**
 * A copy of the first `count` images, because linear memory may move; shared with the worker if the platform can. Bytes
 * stay bytes.
 */
function imagesOf({ x: [source] }: Samples, count: number, shape: Shape): Pixels {
  const size = sizeOf(shape);
  const Kind = source.bytes ? Uint8Array : Float32Array;
  const bytes = count * size * Kind.BYTES_PER_ELEMENT;
  const room =
    typeof SharedArrayBuffer === 'function' ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
  const images = new Kind(room as ArrayBuffer);
  for (let i = 0; i < count; i++) source.copy(i, images, i * size);
  return images;
}

/** The validation's samples, normalized as the training's are. @throws {ValueError} for images that do not fit */
export function normalizedRange(range: Range, shape: Shape, normalization: Normalization): Range {
  const { samples } = range;
  const [source] = samples.x;
  const raw = source.bytes ? new Uint8Array(sizeOf(shape)) : new Float32Array(sizeOf(shape));
  naming(`${samples.where}: normalize`, () => checkFits(raw, normalization));
  const image = new Float32Array(raw.length);
  const x = {
    ...source,
    bytes: false,
    copy(sample: number, to: Room, at: number) {
      source.copy(sample, raw, 0);
      normalizeInto(image, raw, 0, normalization);
      to.set(image, at);
    },
  };
  return { ...range, samples: { ...samples, x: [x] } };
}

/**
 * An epoch's samples, with targets mixed like their images: λ·y + (1 − λ)·y of the partner; classes become one-hot
 * rows.
 */
function mixed(
  samples: Samples,
  count: number,
  outputs: Graph['outputs'],
  augmentation: Augmentation,
  epoch: number,
): Samples {
  const indices = Int32Array.from({ length: count }, (_, i) => i);
  const { partners, lambdas } = mixes(augmentation, count, { epoch, indices });
  const y = samples.y.map((source, i): TargetSource => {
    const classes = outputs[i].shape.at(-1) as number;
    const size = source.kind === 'labels' ? source.size * classes : source.size;
    const own = new Float32Array(source.size);
    const add = (sample: number, share: number, to: Room, at: number) => {
      source.copy(sample, own, 0);
      own.forEach((value, i) => {
        if (source.kind === 'labels') to[at + i * classes + value] += share;
        else to[at + i] += share * value;
      });
    };
    return {
      ...source,
      kind: 'targets',
      size,
      copy(sample, to, at) {
        to.fill(0, at, at + size);
        add(sample, lambdas[sample], to, at);
        add(partners[sample], 1 - lambdas[sample], to, at);
      },
    };
  });
  return keyed({ ...samples, y });
}
