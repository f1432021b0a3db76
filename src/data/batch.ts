// Batches of augmented images, in the calling thread. augmenter.ts has them made in another.

import { ShapeError, ValueError } from '../base/errors.js';
import { about, naming } from '../base/naming.js';
import { checkRank, type Shape, show, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { type Augmentation, checkAugmentation } from './augment.js';
import { type BatchRequest, checkRequest, drawTransform } from './draw.js';
import { checkFits, normalizeInto } from './normalize.js';
import { checkPixels, type Pixels } from './pixels.js';
import { type ImageShape, transformImage } from './warp.js';

/** Images of one batch, in memory that one thread can hand to another. */
export type Batch = Float32Array<ArrayBuffer>;

/** Images of a data set, and what is done to them. */
export interface AugmentedSet {
  /** NHWC, all images of the set. */
  readonly images: Pixels;
  /** Of one image: [height, width, channels]. */
  readonly shape: ImageShape;
  readonly augmentation: Augmentation;
}

/**
 * Returns how many images there are.
 *
 * @throws {ShapeError} unless the images are a whole number of such shapes
 * @throws {ValueError} for images that are not pixels: see `checkPixels`
 */
export function checkSet(images: Pixels, shape: Shape, augmentation: Augmentation) {
  checkPixels(images);
  checkRank(shape, ['height', 'width', 'channels']);
  const count = images.length / sizeOf(shape);
  if (!Number.isInteger(count) || count === 0) {
    throw new ShapeError(`${images.length} numbers are no whole number of images ${show(shape)}`);
  }
  checkAugmentation(augmentation);
  const { normalize } = augmentation;
  const channels = normalize?.mean.length ?? 1;
  if (channels !== 1 && channels !== shape[2]) {
    throw new ShapeError(
      `normalize has a mean and std for each of ${channels} channels, images ${show(shape)} have ${shape[2]}`,
    );
  }
  if (normalize) about('normalize', () => checkFits(images, normalize));
  return count;
}

/**
 * Writes augmented images, in the order of `indices`, to `to`: float32 [indices, height, width, channels]. How a sample
 * is transformed depends on its number, the epoch and the seed alone.
 *
 * @param images NHWC; pixels are used as they are, unless the augmentation normalizes them
 * @param shape of one image: [height, width, channels]
 * @throws {ShapeError} if images, shape and `to` do not fit each other
 * @throws {ValueError} for an index that there is not
 */
export function augmentBatch(
  to: Float32Array,
  images: Pixels,
  shape: Shape,
  augmentation: Augmentation,
  request: BatchRequest,
): void {
  naming('data.augmentBatch', () => {
    checkRequest(request, checkSet(images, shape, augmentation));
    const expected = request.indices.length * sizeOf(shape);
    if (!(to instanceof Float32Array))
      throw new ValueError(`'to' must be a Float32Array, not ${shown(to)}`);
    if (to.length !== expected) {
      throw new ShapeError(
        `${request.indices.length} images ${show(shape)} take ${expected} numbers, 'to' has ${to.length}`,
      );
    }
  });
  fillBatch(to, { images, shape: shape as ImageShape, augmentation }, request);
}

/** `augmentBatch` without the checks. */
export function fillBatch(to: Float32Array, set: AugmentedSet, request: BatchRequest): void {
  const { images, shape, augmentation } = set;
  const { epoch, indices } = request;
  const size = sizeOf(shape);
  const count = images.length / size;
  const pixels = new Float32Array(size);
  const other = new Float32Array(size);

  /** Writes a sample without mixup; returns what was drawn for it. */
  const write = (image: Float32Array, sample: number) => {
    const from = pixelsOf(pixels, images, sample * size, augmentation);
    const drawn = drawTransform(augmentation, shape, { epoch, sample, count });
    transformImage(image, from, shape, drawn, augmentation);
    return drawn;
  };
  for (let i = 0; i < indices.length; i++) {
    const image = to.subarray(i * size, (i + 1) * size);
    const { partner, lambda } = write(image, indices[i]);
    if (augmentation.mixup === 0) continue;
    write(other, partner);
    for (let j = 0; j < size; j++) image[j] = lambda * image[j] + (1 - lambda) * other[j];
  }
}

/** An image's pixels as float32, normalized: a view of `images` if that is enough, else written to `scratch`. */
function pixelsOf(
  scratch: Float32Array,
  images: Pixels,
  first: number,
  { normalize }: Augmentation,
): Float32Array {
  if (normalize) normalizeInto(scratch, images, first, normalize);
  else if (images instanceof Float32Array) return images.subarray(first, first + scratch.length);
  else scratch.set(images.subarray(first, first + scratch.length));
  return scratch;
}
