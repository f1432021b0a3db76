// Options of the networks of the zoo.

import { ShapeError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { any, anySeed, checkOptions, type Words, whole } from '../base/options.js';
import { checkShape, type Shape, show } from '../base/shape.js';

/** The options that every network of the zoo takes. Their defaults are those of the network's paper. */
export interface ZooOptions {
  /** How many classes. */
  classes?: number;
  /** [height, width, channels] of an image. */
  inputShape?: Shape;
  /** 0 by default. */
  seed?: number;
}

/** The words of `ZooOptions`. */
export const zooWords = { classes: whole(1), inputShape: any, seed: anySeed };

/** A network's defaults, and the least side of an image of which its pools leave at least one pixel. */
interface ZooDefaults {
  readonly classes: number;
  readonly inputShape: Shape;
  readonly smallest: number;
}

/**
 * The options that every network takes, filled in.
 *
 * @param words the network's own options
 * @throws {ValueError} for unknown words, and values that make no sense
 * @throws {ShapeError} for images that are too small
 */
export function zooOptions(
  name: string,
  options: ZooOptions,
  { smallest, ...defaults }: ZooDefaults,
  words: Words = {},
): Required<ZooOptions> {
  const { classes, inputShape, seed } = checkOptions<ZooOptions>(`zoo.${name}`, options, {
    ...zooWords,
    ...words,
  });
  const shape = naming(`zoo.${name}: inputShape`, () =>
    checkShape(inputShape ?? defaults.inputShape, 1),
  );
  if (Math.min(...shape.slice(0, 2)) < smallest) {
    throw new ShapeError(
      `zoo.${name}: images must be at least ${smallest}×${smallest}, or nothing is left of them on their way; inputShape is ${show(shape)}`,
    );
  }
  return { classes: classes ?? defaults.classes, inputShape: shape, seed: seed ?? 0 };
}
