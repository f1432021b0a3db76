// The patches that a unit answers to most.

import { namingAsync } from '../base/namingasync.js';
import { abortSignal, callable, checkOptions, required, text, whole } from '../base/options.js';
import type { Data, Model, SymbolicTensor, Tensor } from '../core.js';
import { featuresOf } from './features.js';
import { type Box, fieldsOf } from './fields.js';
import { type Light, lightOf } from './light.js';
import { newPicture, type Picture } from './picture.js';
import { checkModel, samplesOf } from './samples.js';
import { temporarilyAsync } from './temporary.js';
import { checkUnit, mapsOf } from './units.js';

/** Options of `vis.topPatches`. */
export interface TopPatchesOptions {
  /** The layer whose unit is meant. */
  layer: string;
  /** The channel of its maps. */
  unit: number;
  /** How many, 9 by default; fewer if there are fewer images. */
  count?: number;
  /** Called with the share of the work that is done, from 0 to 1. */
  onProgress?: (done: number) => void;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

/** A patch of an image that a unit answers to. */
export interface Patch {
  /** The image's row in x. */
  readonly index: number;
  /** How much the unit answers. */
  readonly value: number;
  /** What the unit sees of the image there. */
  readonly box: Box;
  /** Its pixels: as the model's preprocessing found them, else from the darkest number of the images to the brightest. */
  readonly picture: Picture;
}

const words = {
  ...required({ layer: text, unit: whole(0) }),
  count: whole(1),
  onProgress: callable,
  signal: abortSignal,
};

/**
 * The patches of images that a unit answers to most, the strongest first, one of each image: cut out by what the unit
 * sees, its receptive field.
 *
 * @param x images [n, height, width, channels]
 * @throws {ShapeError} for images of another shape, and a layer without maps
 * @throws {ValueError} for an unknown layer or unit
 */
export async function topPatches(
  model: Model,
  x: Data,
  options: TopPatchesOptions,
): Promise<Patch[]> {
  return namingAsync('vis.topPatches', async () => {
    checkModel(model);
    const { layer, unit, count = 9, ...rest } = checkOptions('vis.topPatches', options, words);
    const maps = mapsOf(model, layer);
    checkUnit(maps, unit);
    return temporarilyAsync(async (keep) => {
      const images = keep(samplesOf(model, x));
      const answers = keep(await featuresOf(model, images, maps, rest));
      return patchesOf(model, images, answers, maps, unit, count);
    });
  });
}

/** The strongest patches of a unit. @param answers what the layer makes of the images, as `vis.features` gives it */
export function patchesOf(
  model: Model,
  images: Tensor,
  answers: Tensor,
  maps: SymbolicTensor,
  unit: number,
  count: number,
): Patch[] {
  const fieldAt = fieldsOf(model, maps);
  const light = lightOf(model, images);
  return strongestPlaces(answers, maps.shape, unit)
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .slice(0, count)
    .map(({ index, value, row, column }) => {
      const box = fieldAt(row, column);
      return { index, value, box, picture: cut(images, index, box, light) };
    });
}

/** Where the unit answers most in each image. */
function strongestPlaces(
  answers: Tensor,
  [height, width, channels]: readonly number[],
  unit: number,
) {
  const [count, size] = answers.shape;
  return Array.from({ length: count }, (_, index) => {
    let [value, place] = [Number.NEGATIVE_INFINITY, 0];
    for (let pixel = 0; pixel < height * width; pixel++) {
      const answer = answers.numbers[index * size + pixel * channels + unit];
      if (answer > value) [value, place] = [answer, pixel];
    }
    return { index, value, row: Math.floor(place / width), column: place % width };
  });
}

/** A part of an image as a picture; beyond the image's edges it is transparent. */
function cut(
  images: Tensor,
  index: number,
  { top, left, height, width }: Box,
  light: Light,
): Picture {
  const [, tall, wide, channels] = images.shape;
  const picture = newPicture(width, height);
  for (let i = 0; i < height * width; i++) {
    const [row, column] = [top + Math.floor(i / width), left + (i % width)];
    if (row < 0 || row >= tall || column < 0 || column >= wide) continue;
    const at = ((index * tall + row) * wide + column) * channels;
    picture.data.set([...light(images.numbers, at), 255], i * 4);
  }
  return picture;
}
