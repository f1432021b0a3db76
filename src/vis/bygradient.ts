// Attributions by gradients of the score.

import { purpose, Random } from '../base/random.js';
import { sizeOf } from '../base/shape.js';
import { type GradientsOptions, Tensor } from '../core.js';
import type { Work } from './attributework.js';
import { temporarilyAsync } from './temporary.js';

/** The score's gradient for the images, by a rule for ReLU if one is given. */
export async function byGradient(
  { model, x, targets, batchSize, onProgress, signal }: Work,
  relu?: GradientsOptions['relu'],
): Promise<Tensor> {
  const how = { logits: true, wanted: 'input', relu, batchSize, signal } as const;
  const gradient = await model.gradients(x, { output: Array.from(targets), ...how });
  onProgress?.(1);
  return gradient;
}

/** The gradient times the image. */
export async function inputXGradient(work: Work): Promise<Tensor> {
  const gradient = await byGradient(work);
  const to = gradient.numbers;
  const from = work.x.numbers;
  for (let i = 0; i < to.length; i++) to[i] *= from[i];
  return gradient;
}

/** The standard deviation of a normal number within ±2. */
const TRUNCATED = 0.87962566103423978;

/** The mean gradient of noisy copies. */
export async function smoothGrad(work: Work): Promise<Tensor> {
  const { samples = 50, noise = 0.15, seed = 0 } = work;
  const random = new Random(seed, purpose.augment);
  return meanGradient(work, samples, (to, image) => {
    const deviation = (noise * (maximum(image) - minimum(image))) / TRUNCATED;
    for (let i = 0; i < to.length; i++) to[i] = image[i] + deviation * random.truncatedNormal();
  });
}

/** The mean gradient on the straight way from the baseline to the image, times that way. */
export async function integrated(work: Work): Promise<Tensor> {
  const { samples = 64, baseline = 0 } = work;
  // The middles of equal parts: the error falls with their square.
  const mean = await meanGradient(work, samples, (to, image, sample) => {
    const share = (sample + 0.5) / samples;
    for (let i = 0; i < to.length; i++) to[i] = baseline + share * (image[i] - baseline);
  });
  const to = mean.numbers;
  const from = work.x.numbers;
  for (let i = 0; i < to.length; i++) to[i] *= from[i] - baseline;
  return mean;
}

/** The mean over `samples` variants of each image of the score's gradient. */
async function meanGradient(
  work: Work,
  samples: number,
  vary: (to: Float32Array, image: Float32Array, sample: number) => void,
): Promise<Tensor> {
  const { model, x, targets, batchSize = 32, onProgress, signal } = work;
  const count = x.shape[0];
  const size = sizeOf(model.inputShape);
  const images = Float32Array.from(x.numbers);
  const sums = new Float64Array(images.length);
  for (const [index, target] of targets.entries()) {
    const image = images.subarray(index * size, (index + 1) * size);
    for (let first = 0; first < samples; first += batchSize) {
      const length = Math.min(batchSize, samples - first);
      const variants = new Float32Array(length * size);
      for (let i = 0; i < length; i++)
        vary(variants.subarray(i * size, (i + 1) * size), image, first + i);
      await temporarilyAsync(async (keep) => {
        const batch = keep(Tensor.from(variants, [length, ...model.inputShape]));
        const same = { model, x: batch, targets: Array(length).fill(target) };
        const found = keep(await byGradient({ ...same, batchSize, signal }));
        found.numbers.forEach((value, i) => {
          sums[index * size + (i % size)] += value / samples;
        });
      });
      onProgress?.((index + (first + length) / samples) / count);
    }
  }
  return Tensor.from(Float32Array.from(sums), x.shape);
}

const maximum = (values: Float32Array): number => values.reduce((a, b) => Math.max(a, b));
const minimum = (values: Float32Array): number => values.reduce((a, b) => Math.min(a, b));
