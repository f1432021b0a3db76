// Windows folded to one pixel, where nobody asks which it was. Lanes run over channels.

import { storeLanes } from '../core/simd';

/** y = `share` of the sum of a window's pixels. */
export function meanOfWindow(
  y: usize,
  corner: usize,
  channels: i32,
  line: usize,
  rows: i32,
  columns: i32,
  share: f32,
): void {
  foldWindow(true, y, corner, channels, line, rows, columns, share);
}

/** y = the maximum of a window's pixels, which passes over NaN. */
export function largestOfWindow(
  y: usize,
  corner: usize,
  channels: i32,
  line: usize,
  rows: i32,
  columns: i32,
): void {
  foldWindow(false, y, corner, channels, line, rows, columns, 1);
}

// @ts-ignore: decorator
@inline
function join(isSum: bool, a: v128, b: v128): v128 {
  return isSum ? f32x4.add(a, b) : f32x4.pmax(a, b);
}

/** 16 channels at a time, of two pixels: their additions need not wait for each other, and loops take longer than they do. */
// @ts-ignore: decorator
@inline
function foldWindow(
  isSum: bool,
  y: usize,
  corner: usize,
  channels: i32,
  line: usize,
  rows: i32,
  columns: i32,
  share: f32,
): void {
  const step = (<usize>channels) << 2;
  const none = f32x4.splat(isSum ? 0 : -Infinity),
    scale = f32x4.splat(share);
  for (; channels > 0; channels -= 16) {
    let f0 = none,
      f1 = none,
      f2 = none,
      f3 = none;
    let row = corner;
    for (let r = rows; r > 0; r--) {
      let from = row;
      let s = columns;
      for (; s > 1; s -= 2) {
        const next = from + step;
        f0 = join(isSum, join(isSum, f0, v128.load(from)), v128.load(next));
        f1 = join(isSum, join(isSum, f1, v128.load(from, 16)), v128.load(next, 16));
        f2 = join(isSum, join(isSum, f2, v128.load(from, 32)), v128.load(next, 32));
        f3 = join(isSum, join(isSum, f3, v128.load(from, 48)), v128.load(next, 48));
        from = next + step;
      }
      if (s > 0) {
        f0 = join(isSum, f0, v128.load(from));
        f1 = join(isSum, f1, v128.load(from, 16));
        f2 = join(isSum, f2, v128.load(from, 32));
        f3 = join(isSum, f3, v128.load(from, 48));
      }
      row += line;
    }
    if (isSum) {
      f0 = f32x4.mul(f0, scale);
      f1 = f32x4.mul(f1, scale);
      f2 = f32x4.mul(f2, scale);
      f3 = f32x4.mul(f3, scale);
    }
    if (channels >= 16) {
      v128.store(y, f0);
      v128.store(y, f1, 16);
      v128.store(y, f2, 32);
      v128.store(y, f3, 48);
    } else {
      // Each is stored as the first, which the next one then is.
      let to = y;
      for (let left = channels; left > 0; left -= 4) {
        storeLanes(to, f0, left);
        f0 = f1;
        f1 = f2;
        f2 = f3;
        to += 16;
      }
    }
    y += 64;
    corner += 64;
  }
}
