// The entry 'wasmgrad/data': reads, splits, normalizes and augments data sets.

import { imageFolder as readImageFolder } from '#platform/src/data/folder';
import type { ReadImageFolder } from './imagefolder.js';

export type { DecodedImage } from '../image/resize.js';
export { type Augmentation, type AugmentOptions, augment } from './augment.js';
export { Augmenter, type AugmenterOptions, type EpochRequest } from './augmenter.js';
export { augmentBatch, type Batch } from './batch.js';
export { type CoarseLabelledImages, parseCifar10, parseCifar100 } from './cifar.js';
export { type BatchRequest, type Mixes, mixes } from './draw.js';
export { type IdxArray, parseIdx, readIdx } from './idx.js';
export type { Decoder, ImageFolder, ImageFolderOptions, ReadImageFolder } from './imagefolder.js';
export type { Normalization, NormalizeOptions } from './normalization.js';
export { normalize } from './normalize.js';
export type { LabelledImages, Pixels } from './pixels.js';
export { type Split, type SplitOptions, type Splittable, split } from './split.js';
export { type PrefetchOptions, prefetch, type Source } from './stream.js';

/**
 * Reads all images of a folder: each of its sub-folders is a class, with all folders in it. Classes and files are in
 * the order of their names. Hidden files and folders are left out, `__MACOSX` too. Links are followed, but a class
 * takes each folder once.
 *
 * @throws {FormatError} for a file that cannot be decoded, a class without images, links that lead nowhere, and
 *   images of different sizes without the option `size`
 * @throws {OutOfMemoryError} if there is no memory for so many images
 * @throws {ValueError} for a directory that does not exist, and options that make no sense
 */
export const imageFolder: ReadImageFolder = readImageFolder;
