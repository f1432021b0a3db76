// Grad-CAM: where the maps of a layer speak for a class.

import { namingAsync } from '../base/namingasync.js';
import { abortSignal, checkOptions, forwarded, oneOf, text, whole } from '../base/options.js';
import { type Data, type Model, Tensor } from '../core.js';
import { resize } from '../image/resize.js';
import { checkModel, samplesOf, type Target, targetsOf } from './samples.js';
import { temporarilyAsync } from './temporary.js';
import { mapsOf } from './units.js';

/** Options of `vis.gradCam`. */
export interface GradCamOptions {
  /** The layer whose maps are looked at: by default the last one that has maps. */
  layer?: string;
  /** The class: one for all images, or one for each. By default the one with the highest score. */
  target?: Target;
  /** 'gradCam' by default; 'gradCam++' finds several objects of a class better. */
  method?: 'gradCam' | 'gradCam++';
  /** Images at a time: 32 by default. */
  batchSize?: number;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

const words = {
  ...forwarded('target'),
  layer: text,
  method: oneOf('gradCam', 'gradCam++'),
  batchSize: whole(1),
  signal: abortSignal,
};

/**
 * Where the image speaks for a class: the maps of a layer, weighted by how much each moves the class's score, what is
 * positive of their sum, enlarged to the size of the image (Selvaraju et al., arXiv 1610.02391; for 'gradCam++'
 * Chattopadhyay et al., arXiv 1710.11063).
 *
 * @param x images [n, height, width, channels], or one without a batch dimension
 * @returns [n, height, width] of the images, numbers ≥ 0
 * @throws {ShapeError} for images of another shape, and a layer without maps
 * @throws {ValueError} for an unknown layer or class
 */
export async function gradCam(
  model: Model,
  x: Data,
  options: GradCamOptions = {},
): Promise<Tensor> {
  return namingAsync('vis.gradCam', async () => {
    checkModel(model);
    const {
      method = 'gradCam',
      target,
      layer,
      ...rest
    } = checkOptions('vis.gradCam', options, words);
    const wanted = mapsOf(model, layer).layer.name;
    return temporarilyAsync(async (keep) => {
      const images = keep(samplesOf(model, x));
      const output = targetsOf(model, images, target);
      const { gradients, values } = await model.gradients(images, {
        ...{ output, wanted, logits: true, values: true },
        ...rest,
      });
      const sides = model.inputShape.slice(0, 2);
      return heatOf(keep(values), keep(gradients), method === 'gradCam' ? mean : plusPlus, sides);
    });
  });
}

/** The weight of each map, from what it holds and its gradient: [pixels, channels] each. */
type Weigh = (values: Float32Array, gradients: Float32Array, channels: number) => Float64Array;

/** The mean of the gradient. */
const mean: Weigh = (values, gradients, channels) => {
  const weights = new Float64Array(channels);
  const pixels = values.length / channels;
  gradients.forEach((gradient, i) => {
    weights[i % channels] += gradient / pixels;
  });
  return weights;
};

/** The sum of the positive gradients, each weighted by Grad-CAM++'s α (its equation 19, for the score's exponential). */
const plusPlus: Weigh = (values, gradients, channels) => {
  const sums = new Float64Array(channels);
  values.forEach((value, i) => {
    sums[i % channels] += value;
  });
  const weights = new Float64Array(channels);
  gradients.forEach((g, i) => {
    const below = 2 * g ** 2 + sums[i % channels] * g ** 3;
    if (g > 0 && below !== 0) weights[i % channels] += (g ** 2 / below) * g;
  });
  return weights;
};

/** The weighted sums of maps [n, h, w, c], what is positive of them, enlarged to the sides. */
function heatOf(values: Tensor, gradients: Tensor, weigh: Weigh, sides: readonly number[]): Tensor {
  const [count, height, width, channels] = values.shape;
  const size = height * width * channels;
  const pixels = sides[0] * sides[1];
  const heat = new Float32Array(count * pixels);
  const whole = [
    { from: 0, length: height },
    { from: 0, length: width },
  ] as const;
  for (let n = 0; n < count; n++) {
    const maps = values.numbers.subarray(n * size, (n + 1) * size);
    const weights = weigh(maps, gradients.numbers.subarray(n * size, (n + 1) * size), channels);
    const data = new Float32Array(height * width);
    for (let pixel = 0; pixel < data.length; pixel++) {
      let sum = 0;
      for (let c = 0; c < channels; c++) sum += weights[c] * maps[pixel * channels + c];
      data[pixel] = Math.max(0, sum);
    }
    const to = heat.subarray(n * pixels, (n + 1) * pixels);
    resize(to, { data, height, width, channels: 1 }, sides, whole);
  }
  return Tensor.from(heat, [count, ...sides]);
}
