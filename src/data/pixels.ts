// Images in memory: what loaders return, and what normalization and augmentation take.

import { ValueError } from '../base/errors.js';
import type { Shape } from '../base/shape.js';
import { shown } from '../base/shown.js';

/** Images as files have them, or as networks take them: NHWC. */
export type Pixels = Uint8Array | Uint8ClampedArray | Float32Array;

/** Images with their classes. */
export interface LabelledImages {
  /** NHWC bytes. */
  readonly images: Uint8Array;
  /** [n, height, width, channels] */
  readonly shape: Shape;
  /** A class's index for each image. */
  readonly labels: Int32Array;
  /** Names of the classes. */
  readonly classes: readonly string[];
}

/** @throws {ValueError} for anything but bytes, a canvas's among them, or a Float32Array */
export function checkPixels(where: string, images: Pixels): void {
  if ([Uint8Array, Uint8ClampedArray, Float32Array].some((Kind) => images instanceof Kind)) return;
  throw new ValueError(
    `${where}: images must be a Uint8Array, a Uint8ClampedArray or a Float32Array, not ${shown(images)}`,
  );
}
