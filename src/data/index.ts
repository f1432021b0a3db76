// Data sets on their way into tensors.

import { imageFolder as readImageFolder } from '#platform/src/data/folder';
import type { ReadImageFolder } from './imagefolder.js';

export { type Augmentation, type AugmentOptions, augment } from './augment.js';
export { Augmenter, type AugmenterOptions, type EpochRequest } from './augmenter.js';
export { augmentBatch, type Batch } from './batch.js';
export { type CoarseLabelledImages, parseCifar10, parseCifar100 } from './cifar.js';
export { type BatchRequest, type Mixes, mixes } from './draw.js';
export { type IdxArray, parseIdx, readIdx } from './idx.js';
export type { Decoder, ImageFolder, ImageFolderOptions, ReadImageFolder } from './imagefolder.js';
export { type Normalization, type NormalizeOptions, normalize } from './normalize.js';
export type { LabelledImages, Pixels } from './pixels.js';
export type { DecodedImage } from './resize.js';
export { type Split, type SplitOptions, type Splittable, split } from './split.js';
export { type PrefetchOptions, prefetch, type Source } from './stream.js';

/**
 * Reads all images of a folder: each of its sub-folders is a class. Classes and files are in the order
 * of their names; folders below a class belong to it. Hidden files and folders are left out, `__MACOSX` too; links
 * are followed, but each folder counts once for a class.
 *
 * @throws {FormatError} for a file that cannot be decoded, a class without images, links that lead nowhere, and
 *   images of different sizes where `size` does not say what to make of them
 * @throws {EngineError} where the decoder is missing
 * @throws {OutOfMemoryError} where there is no memory for so many images
 * @throws {ValueError} for a directory that there is not, and options that make no sense
 */
export const imageFolder: ReadImageFolder = readImageFolder;
