// The points of Winograd's algorithm, and polynomials that are zero at some of them.

/** Zero, if it is one, and the positive ones, by how many there are with their opposites and ∞. */
interface Points {
  readonly zero: boolean;
  readonly positive: readonly number[];
}

/** The sets, by how many points there are. */
export const everyPoints: Readonly<Record<number, Points>> = {
  // Half the error of 0, ±1, ±2 (Barabasz et al., arXiv 1803.10986).
  6: { zero: true, positive: [Math.SQRT1_2, Math.SQRT2] },
  5: { zero: false, positive: [0.5, 1.25] },
  4: { zero: true, positive: [1] },
  3: { zero: false, positive: [1] },
  // A dimension that is left as it is.
  1: { zero: false, positive: [] },
};

/** [points, outputs]: a gradient of filters takes taps for outputs. */
export const outputsOf = [
  [6, 4],
  [6, 3],
  [6, 2],
  [5, 4],
  [5, 2],
  [4, 2],
  [3, 2],
  [1, 1],
] as const;

/** [points, taps]: a gradient of filters has gradients for taps. */
export const tapsOf = [
  [6, 3],
  [6, 4],
  [6, 5],
  [5, 2],
  [5, 4],
  [4, 3],
  [3, 2],
  [1, 1],
] as const;

/** A polynomial: its coefficients, from that of 1 on. */
export type Polynomial = readonly number[];

/** The product of two. */
export const times = (a: Polynomial, b: Polynomial): Polynomial =>
  Array.from({ length: a.length + b.length - 1 }, (_, k) =>
    a.reduce((sum, v, i) => sum + v * (b[k - i] ?? 0), 0),
  );

/** The product of all. */
export const product = (factors: readonly Polynomial[]): Polynomial => factors.reduce(times, [1]);
/** x itself. */
export const x: Polynomial = [0, 1];
/** x² − p². */
export const square = (p: number): Polynomial => [-rounded(p * p), 0, 1];

/** √½² is ½. */
export const rounded = (value: number): number => Number(value.toPrecision(15));
