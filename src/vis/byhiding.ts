// Attributions by hiding parts of the image and watching the output.

import { ShapeError } from '../base/errors.js';
import { purpose, Random } from '../base/random.js';
import { show } from '../base/shape.js';
import { Tensor } from '../core.js';
import { breathe } from '../training/measure.js';
import type { Work } from './attributework.js';
import { temporarily } from './temporary.js';

/** A mask [height, width]: 1 where the image is seen, 0 where it is hidden. */
type Mask = Float32Array;

/** The sides of the model's images. @throws {ShapeError} */
function sidesOf({ model }: Work): readonly [number, number, number] {
  const { inputShape } = model;
  if (inputShape.length === 3) return inputShape as [number, number, number];
  throw new ShapeError(`the model takes ${show(inputShape)}, not images [height, width, channels]`);
}

/** How far the target's output falls where a square is hidden, on average over the squares that hide a pixel. */
export async function occlusion(work: Work): Promise<Tensor> {
  const [height, width] = sidesOf(work);
  const { windowSize = Math.ceil(Math.min(height, width) / 8) } = work;
  const { strides = Math.max(1, windowSize >> 1) } = work;
  const corners = (side: number) => {
    const last = Math.max(0, side - windowSize);
    const count = Math.ceil(last / strides) + 1;
    return Array.from({ length: count }, (_, i) => Math.min(i * strides, last));
  };
  const columns = corners(width);
  const places = corners(height).flatMap((top) => columns.map((left) => [top, left]));
  const each = (index: number, at: (pixel: number) => void): void => {
    const [top, left] = places[index];
    for (let row = top; row < Math.min(height, top + windowSize); row++)
      for (let column = left; column < Math.min(width, left + windowSize); column++)
        at(row * width + column);
  };
  const hidden = new Float64Array(height * width);
  for (let i = 0; i < places.length; i++) each(i, (pixel) => hidden[pixel]++);
  return watch(work, places.length, {
    make: (mask, i) => {
      mask.fill(1);
      each(i, (pixel) => {
        mask[pixel] = 0;
      });
    },
    add: (to, mask, output, whole) => {
      for (let i = 0; i < mask.length; i++)
        if (mask[i] === 0) to[i] += (whole - output) / hidden[i];
    },
  });
}

/** Cells of a random mask's grid along each side, and the share of them that is seen: as the paper has them. */
const [CELLS, SEEN] = [7, 0.5];

/** The mean of random masks, each times the output of the image that it lets through. */
export async function rise(work: Work): Promise<Tensor> {
  const [height, width] = sidesOf(work);
  const { samples = 2000, seed = 0 } = work;
  return watch(work, samples, {
    make: (mask, i) => randomMask(mask, height, width, new Random(seed, purpose.augment, i)),
    add: (to, mask, output) => {
      for (let i = 0; i < mask.length; i++) to[i] += (mask[i] * output) / (samples * SEEN);
    },
  });
}

/** A grid of cells that are seen or not, enlarged by bilinear interpolation, and shifted by less than a cell. */
function randomMask(mask: Mask, height: number, width: number, random: Random): void {
  const side = CELLS + 1;
  const grid = Array.from({ length: side * side }, () => Number(random.uniform() < SEEN));
  const [tall, wide] = [height / CELLS, width / CELLS];
  const [down, right] = [random.uniform(), random.uniform()];
  for (let row = 0; row < height; row++) {
    const y = Math.min(row / tall + down, CELLS);
    const top = Math.min(Math.floor(y), CELLS - 1);
    for (let column = 0; column < width; column++) {
      const x = Math.min(column / wide + right, CELLS);
      const left = Math.min(Math.floor(x), CELLS - 1);
      const at = top * side + left;
      const across = (from: number) => grid[from] + (x - left) * (grid[from + 1] - grid[from]);
      mask[row * width + column] = across(at) + (y - top) * (across(at + side) - across(at));
    }
  }
}

/** How masks are made, and what the output of an image under a mask adds to the result. */
interface Watching {
  make(mask: Mask, index: number): void;
  add(to: Float64Array, mask: Mask, output: number, whole: number): void;
}

/** Predicts each image under `count` masks. Returns [n, height, width]. */
async function watch(work: Work, count: number, { make, add }: Watching): Promise<Tensor> {
  const { model, x, targets, batchSize = 32, baseline = 0, signal, onProgress } = work;
  const [height, width, channels] = sidesOf(work);
  const pixels = height * width;
  const images = Float32Array.from(x.numbers);
  const sums = new Float64Array(targets.length * pixels);
  const score = (batch: Float32Array, length: number, target: number): number[] =>
    temporarily((keep) => {
      const given = keep(Tensor.from(batch, [length, height, width, channels]));
      const { numbers } = keep(model.predict(given));
      const classes = numbers.length / length;
      return Array.from({ length }, (_, i) => numbers[i * classes + target]);
    });
  for (const [index, target] of targets.entries()) {
    const image = images.subarray(index * pixels * channels, (index + 1) * pixels * channels);
    const [whole] = score(image, 1, target);
    const to = sums.subarray(index * pixels, (index + 1) * pixels);
    for (let first = 0; first < count; first += batchSize) {
      signal?.throwIfAborted();
      const length = Math.min(batchSize, count - first);
      const masks = Array.from({ length }, (_, i) => {
        const mask = new Float32Array(pixels);
        make(mask, first + i);
        return mask;
      });
      const batch = new Float32Array(length * image.length);
      for (let i = 0; i < batch.length; i++) {
        const mask = masks[Math.floor(i / image.length)];
        const at = i % image.length;
        const seen = mask[Math.floor(at / channels)];
        batch[i] = baseline + seen * (image[at] - baseline);
      }
      score(batch, length, target).forEach((output, i) => {
        add(to, masks[i], output, whole);
      });
      onProgress?.((index + (first + length) / count) / targets.length);
      await breathe();
    }
  }
  return Tensor.from(Float32Array.from(sums), [targets.length, height, width]);
}
