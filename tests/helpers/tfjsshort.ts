// A program of TF.js that holds more than linear memory may: prints what came of it, as JSON.

import * as tf from '@tensorflow/tfjs-core';
import { memory } from '../../src/index.js';
import { configure } from '../../src/tfjs/index.js';

/** MiB of linear memory, of each tensor, and how many there are. */
const [LIMIT, EACH, COUNT] = [16, 1, 40];
const size = (EACH << 20) / 4;

configure({ threads: 1, maximumMemory: LIMIT });
await tf.setBackend('wasmgrad');

/** Whether a tensor has nothing but this number. */
const isAll = (x: tf.Tensor, value: number): boolean => x.dataSync().every((y) => y === value);

const one = tf.ones([size]);
const held = Array.from({ length: COUNT }, (_, i) => tf.mul(one, i));
const whole = memory().bytes;
const read = held.every((x, i) => isAll(x, i));
// Each of two is brought in again, in an order that none was made in.
const sums = held.every((x, i) => {
  const j = (i * 7 + 3) % COUNT;
  const sum = tf.add(x, held[j]);
  const isRight = isAll(sum, i + j);
  sum.dispose();
  return isRight;
});
// What shares numbers comes and goes with them.
const views = held.every((x, i) => {
  const view = tf.reshape(x, [size / 4, 4]);
  const isRight = isAll(view, i) && isAll(tf.neg(view), -i);
  view.dispose();
  return isRight;
});
tf.dispose(held);

let survived = 0;
for (; survived < 3 * COUNT; survived++) tf.relu(tf.add(one, survived));

let message = '';
try {
  tf.square(tf.zeros([(LIMIT + 1) * size]));
} catch (error) {
  message = `${(error as Error).name}: ${(error as Error).message}`;
}
const after = isAll(tf.add(one, 1), 2);
tf.disposeVariables();
const left = memory().tensors;
tf.engine().reset();

console.log(
  JSON.stringify({ limit: LIMIT << 20, whole, read, sums, views, survived, message, after, left }),
);
process.exit();
