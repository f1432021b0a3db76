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
