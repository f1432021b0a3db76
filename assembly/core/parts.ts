// Work for all threads where an op has fewer pieces than there are threads: the pieces are cut into parts. Parts
// are rows or columns of a result, never of a sum, so their number changes no bit.

import { NR } from '../gemm/tile';

/** The share of the time in which a thread should have work: with more parts it rises no further. */
const BUSY: f64 = 0.92;

/**
 * Into how many parts to cut each block, `most` at most: as few as give all threads about as much to do. The blocks
 * are of `size`, together `length`.
 */
export function partsFor(threads: i32, length: i32, size: i32, most: i32): i32 {
  if (threads < 2 || length < 1) return 1;
  let best = 1;
  let busiest: f64 = 0;
  for (let parts = 1; parts <= min(most, 4 * threads); parts++) {
    // Whole blocks are dealt first, then what the last ones have.
    const whole = (length / size) * parts;
    const rest = <f64>(length % size) / size;
    const over = whole % threads;
    const spare = over ? threads - over : threads;
    const rests = rest * ((parts + spare - 1) / spare);
    const longest = <f64>(whole / threads) + (over ? max(1.0, rests) : rests);
    const busy = ((<f64>length / size) * parts) / (longest * threads);
    if (busy > busiest) {
      busiest = busy;
      best = parts;
    }
    if (busy >= BUSY) break;
  }
  return best;
}

/** Columns that are worth a task of their own. */
// @ts-ignore: decorator
@inline export const LEAST_COLUMNS: i32 = 32;

/** Into how many parts of whole panels n columns can be cut, each of `least` at least. */
export function mostParts(n: i32, least: i32): i32 {
  return max(1, n / least);
}

/** The first column of a part: where a panel of either width begins. */
export function partColumn(part: i32, parts: i32, n: i32): i32 {
  return min(n, part * (((n + parts - 1) / parts + 2 * NR - 1) & -(2 * NR)));
}
