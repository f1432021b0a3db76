// The windows of adaptive pools, and their means as products with a matrix: a row for each window.

/** Where each of the windows that share a side begins and ends: see `adaptivePoolGeometry`. */
export const shares = (side: number, outputs: number): [begin: number, end: number][] =>
  Array.from({ length: outputs }, (_, i) => [
    Math.floor((i * side) / outputs),
    Math.ceil(((i + 1) * side) / outputs),
  ]);

/** The matrix for a side: in each row the share that every number has of the window's mean. */
export const meansOf = (side: number, outputs: number): number[][] =>
  shares(side, outputs).map(([begin, end]) =>
    Array.from({ length: side }, (_, i) => (i >= begin && i < end ? 1 / (end - begin) : 0)),
  );

/** Its numbers with rows and columns exchanged. */
export const transposed = (rows: readonly (readonly number[])[]): number[] =>
  rows[0].flatMap((_, i) => rows.map((row) => row[i]));

/** A line of Pascal's triangle, divided by its sum: 1 2 1 over 4 for three taps. */
function binomial(size: number): number[] {
  let taps = [1];
  for (let i = 1; i < size; i++)
    taps = [...taps, 0].map((tap, at) => (tap + (taps[at - 1] ?? 0)) / 2);
  return taps;
}

/** The filters of a blur pooling, [channels, 1, size, size]: the same for each channel. */
export function binomials(channels: number, size: number): number[] {
  const row = binomial(size);
  return new Array(channels).fill(row.flatMap((a) => row.map((b) => a * b))).flat();
}
