// Describes what is done to training images at random: plain data, checked. draw.ts draws the random numbers.

import { ValueError } from '../base/errors.js';
import { about, naming } from '../base/naming.js';
import { any, anySeed, between, finite, oneOf, optionsOf, or } from '../base/options.js';
import { keyOf } from '../base/random.js';
import { type Pair, pairOf } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { checkNormalization, type Normalization, type NormalizeOptions } from './normalization.js';

/** Options of `augment`. What no option names is not done. */
export interface AugmentOptions {
  /** Done first: `data.normalize` of the pixels, so that the data set can stay in memory as bytes. */
  normalize?: NormalizeOptions;
  /** Mirrors images with probability ½: left to right, top to bottom, or each of both, drawn separately. */
  flip?: 'horizontal' | 'vertical' | 'both';
  /** Turns images about their middle by up to ± this many degrees. */
  rotate?: number;
  /** Enlarges images about their middle by a factor between these two, such as [0.9, 1.1]. */
  scale?: readonly [number, number];
  /** Moves images by up to ± this many whole pixels: for both axes, or [vertical, horizontal]. */
  shift?: Pair;
  /** Pads by so many pixels on all sides, then cuts out a random part of the image's size: 4 is usual for CIFAR. */
  crop?: { padding: Pair };
  /** The value of pixels outside the image: a number, 0 by default, or 'edge' for the nearest pixel's. */
  fill?: number | 'edge';
  /** Multiplies each pixel's distance from the image's mean by a factor from 1 − this to 1 + this. */
  contrast?: number;
  /** Adds a number of up to ± this to all pixels, in the unit of the (normalized) pixels. */
  brightness?: number;
  /**
   * The size of a rectangle in pixels, a side or [height, width], that is overwritten with the fill (with 0 if that is
   * 'edge'). Its middle is anywhere in the image (DeVries & Taylor, arXiv 1708.04552).
   */
  cutout?: Pair;
  /**
   * Mixes each image with another one of the data set, λ·image + (1 − λ)·other, where λ has the distribution
   * Beta(mixup, mixup) (arXiv 1710.09412). Targets must be mixed in the same way: see `mixes`.
   */
  mixup?: number;
  /** The seed of all random numbers: 0 by default. */
  seed?: number;
}

/** What `augment` returns: plain data, frozen, with the defaults filled in. */
export interface Augmentation {
  readonly normalize: Normalization | null;
  readonly flip: readonly [vertical: boolean, horizontal: boolean];
  readonly rotate: number;
  readonly scale: readonly [number, number];
  readonly shift: readonly [number, number];
  readonly padding: readonly [number, number];
  readonly fill: number | 'edge';
  readonly contrast: number;
  readonly brightness: number;
  readonly cutout: readonly [number, number];
  /** 0 for none. */
  readonly mixup: number;
  readonly seed: number;
}

const words = {
  normalize: any,
  flip: oneOf('horizontal', 'vertical', 'both'),
  rotate: between(0, 180),
  scale: any,
  shift: any,
  crop: any,
  fill: or(finite, 'edge'),
  contrast: between(0, 1),
  brightness: between(0),
  cutout: any,
  mixup: between(0),
  seed: anySeed,
};

const flips = {
  none: [false, false],
  horizontal: [false, true],
  vertical: [true, false],
  both: [true, true],
} as const;

/**
 * Describes what is done to training images at random, in this order: normalize; flip, rotate, scale, shift and crop
 * (in one resampling); contrast; brightness; cutout; mixup.
 *
 * @throws {ValueError} for options that make no sense
 */
export function augment(options: AugmentOptions): Augmentation {
  const augmentation = naming('data.augment', () => augmentationOf(options));
  keyOf(augmentation.seed);
  return augmentation;
}

function augmentationOf(options: AugmentOptions): Augmentation {
  const { normalize, flip, crop, fill = 0, seed = 0 } = optionsOf(options, words);
  const { rotate = 0, contrast = 0, brightness = 0, mixup = 0 } = options;
  const { shift = 0, cutout = 0, scale = [1, 1] } = options;
  if (
    !Array.isArray(scale) ||
    scale.length !== 2 ||
    !(scale[0] > 0 && scale[1] >= scale[0] && Number.isFinite(scale[1]))
  ) {
    throw new ValueError(
      `scale must be [smallest, largest], two factors greater than 0 such as [0.9, 1.1], not ${shown(scale)}`,
    );
  }
  return Object.freeze({
    normalize:
      normalize === undefined ? null : about('normalize', () => checkNormalization(normalize)),
    flip: flips[flip ?? 'none'],
    rotate,
    scale: [scale[0], scale[1]] as const,
    shift: pairOf('shift', shift, 0),
    padding: pairOf('crop: padding', paddingOf(crop), 0),
    fill,
    contrast,
    brightness,
    cutout: pairOf('cutout', cutout, 0),
    mixup,
    seed,
  });
}

/** @throws {ValueError} for anything but what `augment` returns, or a copy of it */
export function checkAugmentation(augmentation: Augmentation): void {
  const { rotate, contrast, brightness, mixup, seed, fill } = Object(augmentation) as Augmentation;
  const { scale, shift, padding, cutout, flip } = Object(augmentation) as Augmentation;
  const pairs: readonly unknown[] = [scale, shift, padding, cutout, flip];
  const isPair = (pair: unknown): boolean => Array.isArray(pair) && pair.length === 2;
  const numbers = [rotate, contrast, brightness, mixup, seed, fill === 'edge' ? 0 : fill];
  if (pairs.every(isPair)) {
    const within = [...numbers, ...scale, ...shift, ...padding, ...cutout].every(Number.isFinite);
    if (within && rotate <= 180 && Number.isSafeInteger(seed) && seed >= 0) return;
  }
  throw new ValueError(
    `augmentation must be what data.augment() returns, not ${shown(augmentation)}`,
  );
}

function paddingOf(crop: AugmentOptions['crop']): Pair {
  if (crop === undefined) return 0;
  return about('crop', () => optionsOf(crop, { padding: any })).padding;
}
