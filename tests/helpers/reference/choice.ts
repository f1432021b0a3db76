// Maxima over adaptive windows and over groups of channels, by their definitions.

import { adaptive, eachShare } from './separable.js';

type Numbers = ArrayLike<number>;
type Four = readonly [number, number, number, number];

/** Maxima, and the index into x of each, the first of equals. NaN is larger than all. */
export interface Maxima {
  y: Float64Array;
  from: Int32Array;
}

const none = (count: number): Maxima => ({
  y: new Float64Array(count),
  from: new Int32Array(count).fill(-1),
});

function offer({ y, from }: Maxima, output: number, x: Numbers, input: number): void {
  const [v, best] = [x[input], y[output]];
  if (from[output] >= 0 && !(v > best) && !(Number.isNaN(v) && !Number.isNaN(best))) return;
  y[output] = v;
  from[output] = input;
}

/** dx of `size` elements: each dy where its maximum came from. */
export function maximaBackward(dy: Numbers, { from }: Maxima, size: number): Float64Array {
  const dx = new Float64Array(size);
  from.forEach((input, output) => {
    dx[input] += dy[output];
  });
  return dx;
}

/** Of adaptive windows, as many as `output` says. */
export function adaptiveMaxima(x: Numbers, shape: Four, output: readonly [number, number]): Maxima {
  const maxima = none(shape[0] * output[0] * output[1] * shape[3]);
  const [rows, columns] = [adaptive(shape[1], output[0]), adaptive(shape[2], output[1])];
  eachShare(shape, rows, columns, (to, from) => offer(maxima, to, x, from));
  return maxima;
}

/** Of groups of `size` neighbours. */
export function groupMaxima(x: Numbers, size: number): Maxima {
  const maxima = none(x.length / size);
  for (let i = 0; i < x.length; i++) offer(maxima, Math.floor(i / size), x, i);
  return maxima;
}

/** Means of groups of `size` neighbours. */
export function groupMeans(x: Numbers, size: number): Float64Array {
  const y = new Float64Array(x.length / size);
  for (let i = 0; i < x.length; i++) y[Math.floor(i / size)] += x[i] / size;
  return y;
}
