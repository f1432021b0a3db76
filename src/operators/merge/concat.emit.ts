// Concatenation along the last dimension as ops, forward and backward.

import type { Emitter, Value } from '../../program/emitter.js';

const lastOf = (value: Value): number => value.shape.at(-1) as number;

/** y = the xs side by side: their last dimensions add up to y's, the others are the same. */
export function concatForward(e: Emitter, y: Value, xs: readonly Value[]): void {
  eachPart(y, xs, (x, at, size) =>
    e.emit('concat', { y: y.view(x.shape, at), x, ...size, yRow: lastOf(y), xRow: size.columns }),
  );
}

/** Each dx is its part of dy. */
export function concatBackward(e: Emitter, dxs: readonly Value[], dy: Value): void {
  eachPart(dy, dxs, (dx, at, size) =>
    e.emit('concat', {
      ...{ y: dx, x: dy.view(dx.shape, at), ...size },
      ...{ yRow: size.columns, xRow: lastOf(dy) },
    }),
  );
}

/** Visits the parts of a concatenation, and where in its first row each begins. */
function eachPart(
  whole: Value,
  parts: readonly Value[],
  visit: (part: Value, at: number, size: { rows: number; columns: number }) => void,
): void {
  const rows = whole.size / lastOf(whole);
  let at = 0;
  for (const part of parts) {
    const columns = lastOf(part);
    visit(part, at, { rows, columns });
    at += columns;
  }
}
