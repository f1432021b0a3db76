// Images in memory, as loaders return them and normalization and augmentation take them.

import { ValueError } from '../base/errors.js';
import type { Shape } from '../base/shape.js';
import { shown } from '../base/shown.js';

/** Pixels, NHWC: bytes as in files, or floats as networks take them. */
export type Pixels = Uint8Array | Uint8ClampedArray | Float32Array;

/** Images with their classes. */
export interface LabelledImages {
  /** NHWC bytes. */
  readonly images: Uint8Array;
  /** [n, height, width, channels] */
  readonly shape: Shape;
  /** The index of each image's class. */
  readonly labels: Int32Array;
  /** Names of the classes. */
  readonly classes: readonly string[];
}

/** @throws {ValueError} for anything but bytes (a canvas's too) or a Float32Array */
export function checkPixels(images: Pixels): void {
  if ([Uint8Array, Uint8ClampedArray, Float32Array].some((Kind) => images instanceof Kind)) return;
  throw new ValueError(
    `images must be a Uint8Array, a Uint8ClampedArray or a Float32Array, not ${shown(images)}`,
  );
}
