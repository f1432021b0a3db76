// Options of the networks of the zoo.

import type { Shape } from '../shape.js';

/** What every network of the zoo takes; its defaults are those of its paper. */
export interface ZooOptions {
  /** How many classes. */
  classes?: number;
  /** [height, width, channels] of an image. */
  inputShape?: Shape;
  /** 0 by default. */
  seed?: number;
}

/** The words of `ZooOptions`. */
export const zooWords = ['classes', 'inputShape', 'seed'];
