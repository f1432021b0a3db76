// Losses by their definitions, in f64, with smoothing and weights; x and t are [rows, columns].

import { softmaxCrossEntropy } from '../reference.js';

type Numbers = ArrayLike<number>;

/** A loss of one output, and its derivative by x. */
export interface ElementLoss {
  f(x: number, t: number): number;
  slope(x: number, t: number): number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** Classes 0 and 1 as −1 and 1. */
const side = (t: number): number => (t === 0 ? -1 : t);

export const squaredError: ElementLoss = {
  f: (x, t) => (x - t) ** 2,
  slope: (x, t) => 2 * (x - t),
};

export const absoluteError: ElementLoss = {
  f: (x, t) => Math.abs(x - t),
  slope: (x, t) => Math.sign(x - t),
};

export const huber = (delta: number): ElementLoss => ({
  f(x, t) {
    const d = Math.abs(x - t);
    return d <= delta ? d ** 2 / 2 : delta * (d - delta / 2);
  },
  slope: (x, t) => (Math.abs(x - t) <= delta ? x - t : delta * Math.sign(x - t)),
});

export const hinge: ElementLoss = {
  f: (x, t) => Math.max(0, 1 - side(t) * x),
  slope: (x, t) => (side(t) * x < 1 ? -side(t) : 0),
};

export const binaryCrossEntropy = (smoothing = 0): ElementLoss => {
  const soft = (t: number) => (1 - smoothing) * t + smoothing / 2;
  return {
    f: (x, t) => -soft(t) * Math.log(sigmoid(x)) - (1 - soft(t)) * Math.log(sigmoid(-x)),
    slope: (x, t) => sigmoid(x) - soft(t),
  };
};

/** Mean over rows of w·(mean over columns of f), and its gradient. */
export function elementLoss(
  { f, slope }: ElementLoss,
  x: Numbers,
  t: Numbers,
  columns: number,
  weights?: Numbers,
): { loss: number; dx: Float64Array } {
  const share = (i: number) => (weights ? weights[Math.floor(i / columns)] : 1) / x.length;
  let loss = 0;
  for (let i = 0; i < x.length; i++) loss += share(i) * f(x[i], t[i]);
  return { loss, dx: Float64Array.from(x, (v, i) => share(i) * slope(v, t[i])) };
}

/** Softmax cross-entropy with smoothed targets. It is linear in them, so that weights may go there. */
export function smoothedCrossEntropy(
  x: Numbers,
  t: Numbers,
  classes: number,
  smoothing: number,
  weights?: Numbers,
): { loss: number; dx: Float64Array } {
  const target = Float64Array.from(
    t,
    (v, i) =>
      (weights ? weights[Math.floor(i / classes)] : 1) *
      ((1 - smoothing) * v + smoothing / classes),
  );
  return softmaxCrossEntropy(x, target, classes);
}
