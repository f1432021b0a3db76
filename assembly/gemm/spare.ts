// Tiles that a microkernel leaves in a thread's spare tile and does not store to C itself: those that are added to
// what C holds, and those that are narrower than the microkernel.

import { storeLanes } from '../core/simd';

/** C = what is `addend` bytes after it + what a microkernel left in `spare`: its first `nr` columns. */
export function addTile(
  c: usize,
  cOffset: usize,
  addend: i32,
  spare: usize,
  rows: i32,
  columns: i32,
  nr: i32,
  rectify: bool,
): void {
  const floor = f32x4.splat(rectify ? 0 : -Infinity);
  for (let i = 0; i < rows; i++) {
    const to = load<usize>(c + ((<usize>i) << 2)) + cOffset;
    for (let j = 0; j < nr; j += 8) {
      const from = spare + ((<usize>j) << 2),
        at = to + ((<usize>j) << 2);
      const c0 = v128.load(at + addend),
        c1 = v128.load(at + addend, 16);
      const v0 = f32x4.pmax(f32x4.add(c0, v128.load(from)), floor);
      const v1 = f32x4.pmax(f32x4.add(c1, v128.load(from, 16)), floor);
      if (nr - j >= 8) {
        v128.store(at, v1, 16);
        v128.store(at, v0);
      } else {
        storePart(at, v0, v1, nr - j);
      }
    }
    spare += (<usize>columns) << 2;
  }
}

/** Stores what a microkernel left in `spare`: its first `nr` columns. */
export function storeTile(
  c: usize,
  cOffset: usize,
  spare: usize,
  rows: i32,
  columns: i32,
  nr: i32,
  rectify: bool,
): void {
  const floor = f32x4.splat(rectify ? 0 : -Infinity);
  // What a row of C stores too far, the next one overwrites where it follows at once.
  const spills = 2 * nr >= columns;
  let to = load<usize>(c) + cOffset;
  for (let i = 1; i <= rows; i++) {
    const next = i < rows ? load<usize>(c + ((<usize>i) << 2)) + cOffset : 0;
    const whole = spills && next == to + ((<usize>nr) << 2);
    for (let j = 0; j < nr; j += 8) {
      const from = spare + ((<usize>j) << 2),
        at = to + ((<usize>j) << 2);
      const v0 = f32x4.pmax(v128.load(from), floor),
        v1 = f32x4.pmax(v128.load(from, 16), floor);
      if (whole || nr - j >= 8) {
        v128.store(at, v0);
        v128.store(at, v1, 16);
      } else {
        storePart(at, v0, v1, nr - j);
      }
    }
    spare += (<usize>columns) << 2;
    to = next;
  }
}

/** The first `count` lanes of eight. */
// @ts-ignore: decorator
@inline
function storePart(to: usize, v0: v128, v1: v128, count: i32): void {
  storeLanes(to, v0, count);
  if (count > 4) storeLanes(to + 16, v1, count - 4);
}
