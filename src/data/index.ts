// Data sets on their way into tensors.

export { type Augmentation, type AugmentOptions, augment } from './augment.js';
export { Augmenter, type AugmenterOptions, type Batch, type EpochRequest } from './augmenter.js';
export { augmentBatch } from './batch.js';
export { type CoarseLabelledImages, parseCifar10, parseCifar100 } from './cifar.js';
export { type BatchRequest, type Mixes, mixes } from './draw.js';
export {
  type Decoder,
  type ImageFolder,
  type ImageFolderOptions,
  imageFolder,
} from './folder.js';
export { type IdxArray, parseIdx, readIdx } from './idx.js';
export { type Normalization, type NormalizeOptions, normalize } from './normalize.js';
export type { LabelledImages, Pixels } from './pixels.js';
export type { DecodedImage } from './resize.js';
export { type Split, type SplitOptions, type Splittable, split } from './split.js';
export { type PrefetchOptions, prefetch, type Source } from './stream.js';
