// Rows of channels as lines of whole vectors: how an op that treats channels alike walks memory from
// end to end, however few or odd the channels are.
//
// A line is several rows, as many as make whole pairs of vectors. What the op knows of each channel is
// repeated along the line, in slots of the thread's scratch, so that constants and sums are read in the
// order of memory too. Rows that do not fill a line are completed in scratch.

import { copy } from './simd';

/** The most floats of a line: all its slots together should stay in the core's own cache. */
// @ts-ignore: decorator
@inline export const LINE: i32 = 2040;
/** Lines shorter than this are not worth a loop of their own. */
// @ts-ignore: decorator
@inline const SHORT: i32 = 128;
/**
 * Bytes from one slot to the next: a line, what whole vectors write past it, and 1 KiB more, so that not all
 * slots share the same sets of the cache.
 */
// @ts-ignore: decorator
@inline export const SLOT: usize = 9216;

/** Rows that make a line: a power of two. Their floats are no multiple of 8 where that would not fit. */
export function rowsPerLine(channels: i32): i32 {
  let rows = 1;
  for (let width = channels; width <= LINE / 2 && (width < SHORT || (width & 7) != 0); width <<= 1)
    rows <<= 1;
  return rows;
}

/** The first row of a part; the number of rows where `part` is `parts`. Parts begin with whole lines. */
export function firstRow(rows: i32, channels: i32, part: i32, parts: i32): i32 {
  if (part == parts) return rows;
  return <i32>((<i64>rows * part) / parts) & -rowsPerLine(channels);
}

/** Repeats `count` floats until there are `width`, a power of two times as many. */
export function spread(to: usize, from: usize, count: i32, width: i32): void {
  copy(to, from, count);
  for (; count < width; count <<= 1) copy(to + ((<usize>count) << 2), to, count);
}

/** The opposite: sums what lies `count` floats apart into the first `count`. */
export function gather(sums: usize, count: i32, width: i32): void {
  while (width > count) {
    width >>= 1;
    for (let i = 0; i < width; i += 4) {
      const at = sums + ((<usize>i) << 2);
      v128.store(at, f32x4.add(v128.load(at), v128.load(at + ((<usize>width) << 2))));
    }
  }
}
