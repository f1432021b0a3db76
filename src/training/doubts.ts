// Warnings of what is probably a mistake, but may be meant: each is given once for each model, and nothing is refused.

import { sizeOf } from '../base/shape.js';
import type { Engine } from './engine.js';
import type { Samples } from './samples.js';

/** The warnings that each model's engine has given. */
const said = new WeakMap<Engine, Set<string>>();

/** Warns, unless it was said of this model before. */
export function warnOnce(engine: Engine, { where }: Samples, what: string): void {
  const before = said.get(engine) ?? new Set();
  said.set(engine, before);
  if (!before.has(what)) console.warn(`wasmgrad: ${where}: ${what}`);
  before.add(what);
}

/** How many samples are looked at, spread evenly over all of them. */
const LOOKS = 64;

/** No pixel of a normalized image is this large. Even dark images of bytes from 0 to 255 have one that is. */
const BRIGHT = 32;

/** Rows of so many whole numbers from 0 to 255 are images that were made flat, such as MNIST's 784 pixels. */
const PIXELS = 64;

/**
 * Warns of images with pixels from 0 to 255, unless the first layer is a batch norm: training on them explodes, or
 * learns little.
 */
export function warnOfRawPixels(
  engine: Engine,
  samples: Samples,
  from = 0,
  to = samples.count,
): void {
  const { inputs, nodes } = engine.network.graph;
  inputs.forEach((input, i) => {
    const { shape } = input;
    const isFlat = shape.length === 1 && shape[0] >= PIXELS;
    const isImage = isFlat || (shape.length === 3 && [1, 3, 4].includes(shape[2]));
    const readers = nodes.filter((node) => node.inputs.includes(input));
    if (!isImage || readers.every(({ layer }) => layer.type === 'batchNorm')) return;
    const image = new Float32Array(sizeOf(shape));
    let most = 0;
    for (let look = 0; look < LOOKS; look++) {
      samples.x[i].copy(from + Math.floor((look * (to - from)) / LOOKS), image, 0);
      for (const value of image) {
        if (!(value >= 0 && value <= 255) || (isFlat && value % 1)) return;
        most = Math.max(most, value);
      }
    }
    if (most <= BRIGHT) return;
    warnOnce(
      engine,
      samples,
      `the images in ${samples.x[i].name} have numbers from 0 to ${most}: networks learn best from about −1 to 1, which data.normalize(images) makes of bytes`,
    );
  });
}
