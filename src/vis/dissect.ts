// Network dissection: where a unit is at its strongest, and which concept that is (Bau et al., arXiv 1704.05796).

import { ShapeError } from '../base/errors.js';
import { namingAsync } from '../base/namingasync.js';
import {
  abortSignal,
  callable,
  checkOptions,
  forwarded,
  fraction,
  required,
  text,
  whole,
} from '../base/options.js';
import { show } from '../base/shape.js';
import { type Data, type Model, Tensor } from '../core.js';
import { resize } from '../image/resize.js';
import { checkTensor } from '../io/record.js';
import { featuresOf } from './features.js';
import { checkModel, samplesOf } from './samples.js';
import { temporarilyAsync } from './temporary.js';
import { checkUnit, mapsOf } from './units.js';

/** Options of `vis.dissect`. */
export interface DissectOptions {
  /** The layer whose unit is meant. */
  layer: string;
  /** The channel of its maps. */
  unit: number;
  /** Where a concept is in each image: [n, height, width], 0 elsewhere. By name for several concepts. */
  masks?: Tensor | Readonly<Record<string, Tensor>>;
  /** The share of all places of the maps at which the unit counts as on: 0.005 by default. */
  share?: number;
  /** Called with the share of the work that is done, from 0 to 1. */
  onProgress?: (done: number) => void;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

/** Where a unit is on. */
export interface Dissection {
  /** [n, height, width] of the images: 1 where it is on, else 0. */
  readonly regions: Tensor;
  /** The answer from which on it counts as on: infinite for a unit that answers the same everywhere. */
  readonly threshold: number;
  /**
   * For each concept how well region and concept agree over all images: what both have, as a share of what either has
   * (IoU). A number if `masks` is one tensor.
   */
  readonly iou: number | Readonly<Record<string, number>> | undefined;
}

const words = {
  ...required({ layer: text, unit: whole(0) }),
  ...forwarded('masks'),
  onProgress: callable,
  signal: abortSignal,
  share: fraction,
};

/**
 * Where a unit is at its strongest: its maps, enlarged to the images, are on where they pass the threshold that a share
 * of all places pass.
 *
 * @param x images [n, height, width, channels]
 * @throws {ShapeError} for images or masks of another shape, and a layer without maps
 * @throws {ValueError} for an unknown layer or unit
 */
export async function dissect(model: Model, x: Data, options: DissectOptions): Promise<Dissection> {
  return namingAsync('vis.dissect', async () => {
    checkModel(model);
    const {
      layer,
      unit,
      masks,
      share = 0.005,
      ...rest
    } = checkOptions('vis.dissect', options, words);
    const node = mapsOf(model, layer);
    checkUnit(node, unit);
    const { maps, whole, concepts } = await temporarilyAsync(async (keep) => {
      const images = keep(samplesOf(model, x));
      const whole = images.shape.slice(0, 3);
      const concepts = conceptsOf(masks, whole);
      const answers = keep(await featuresOf(model, images, node, rest));
      return { maps: mapsOfUnit(answers, node.shape, unit), whole, concepts };
    });
    const threshold = thresholdOf(maps, share);
    const regions = regionsOf(maps, node.shape, whole, threshold);
    const found = Object.entries(concepts).map(
      ([name, mask]) => [name, agreement(regions, mask)] as const,
    );
    const byName = Object.fromEntries(found);
    const iou = masks === undefined ? undefined : masks instanceof Tensor ? found[0][1] : byName;
    return { regions: Tensor.from(regions, whole), threshold, iou };
  });
}

/** @throws {ValueError} for masks that are no tensors @throws {ShapeError} for those of another shape than the images */
export function conceptsOf(
  masks: DissectOptions['masks'],
  whole: readonly number[],
): Readonly<Record<string, Tensor>> {
  const concepts = masks instanceof Tensor ? { masks } : (masks ?? {});
  for (const [name, mask] of Object.entries(concepts)) {
    const { shape } = checkTensor(`the mask '${name}'`, mask);
    if (shape.join() !== whole.join())
      throw new ShapeError(`the mask '${name}' must have shape ${show(whole)}, not ${show(shape)}`);
  }
  return concepts;
}

/**
 * The answer that a share of all answers reach. Where that is the smallest of all, as of a unit that hardly ever answers,
 * the next larger one: the unit is not on where it does not answer.
 */
export function thresholdOf(maps: Float32Array, share: number): number {
  const sorted = Float32Array.from(maps).sort();
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * (1 - share)))];
  return found > sorted[0]
    ? found
    : (sorted.find((answer) => answer > found) ?? Number.POSITIVE_INFINITY);
}

/** The unit's maps alone, [n × h × w]. */
export function mapsOfUnit(maps: Tensor, shape: readonly number[], unit: number): Float32Array {
  const { numbers } = maps;
  const channels = shape[2];
  return Float32Array.from(
    { length: numbers.length / channels },
    (_, i) => numbers[i * channels + unit],
  );
}

/** 1 where the enlarged maps pass the threshold. */
export function regionsOf(
  maps: Float32Array,
  [h, w]: readonly number[],
  [count, height, width]: readonly number[],
  threshold: number,
): Float32Array {
  const to = new Float32Array(count * height * width);
  const all = [
    { from: 0, length: h },
    { from: 0, length: w },
  ] as const;
  for (let n = 0; n < count; n++) {
    const data = maps.subarray(n * h * w, (n + 1) * h * w);
    const own = to.subarray(n * height * width, (n + 1) * height * width);
    resize(own, { data, height: h, width: w, channels: 1 }, [height, width], all);
  }
  return to.map((value) => Number(value >= threshold));
}

function agreement(regions: Float32Array, { numbers }: Tensor): number {
  const [both, either] = overlap(regions, numbers);
  return either > 0 ? both / either : 0;
}

/** How many pixels a region and a mask have both, and how many either has. */
export function overlap(
  region: Float32Array,
  mask: Float32Array,
): readonly [both: number, either: number] {
  let [both, either] = [0, 0];
  region.forEach((on, i) => {
    if (on && mask[i]) both++;
    if (on || mask[i]) either++;
  });
  return [both, either];
}
