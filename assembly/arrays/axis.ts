// Linear maps along one dimension, [outer, n, inner] to [outer, m, inner], by the taps of taps.ts, forward and backward;
// and the maximum of windows. Lanes run along inner.

import { SCRATCH_BYTES } from '../gemm/blocks';
import { In, Out } from '../core/op';
import { addScaled, copyExactly, storeLanes, zeroExactly } from '../core/simd';
import { Axis, blocksOf, COLUMNS, outersOf, TAP, tapsOf, windowElement, writeTaps } from './taps';

/** y = the map of x. */
@unmanaged
export class AxisMap extends Axis {
  y: Out;
  x: In;
}

/** dx = the transposed map of dy. */
@unmanaged
export class AxisMapBackward extends Axis {
  dx: Out;
  dy: In;
}

/** Writes all taps to scratch; returns where. */
function allTaps(op: Axis, scratch: usize): usize {
  const taps = scratch + SCRATCH_BYTES;
  const bytes = <usize>tapsOf(op) * TAP;
  for (let o = 0; o < op.m; o++) writeTaps(op, taps + <usize>o * bytes, o);
  return taps;
}

export function axisMap(op: AxisMap, task: i32, scratch: usize): void {
  const taps = allTaps(op, scratch);
  const count = tapsOf(op);
  const blocks = blocksOf(op);
  const group = task / blocks;
  const column = (task - group * blocks) * COLUMNS;
  const columns = min(COLUMNS, op.inner - column);
  const step = (<usize>op.inner) << 2;
  const end = min(op.outer, (group + 1) * outersOf(op));
  for (let outer = group * outersOf(op); outer < end; outer++) {
    const x = op.x + <usize>(outer * op.n) * step + ((<usize>column) << 2);
    let y = op.y + <usize>(outer * op.m) * step + ((<usize>column) << 2);
    let tap = taps;
    for (let o = 0; o < op.m; o++) {
      mix(op, y, x, tap, count, columns, step);
      tap += <usize>count * TAP;
      y += step;
    }
  }
}

/** y = the taps' sum, `columns` floats. */
function mix(
  op: AxisMap,
  y: usize,
  x: usize,
  tap: usize,
  count: i32,
  columns: i32,
  step: usize,
): void {
  if (load<i32>(tap) < 0) {
    for (let c = 0; c < columns; c += 4)
      storeLanes(y + ((<usize>c) << 2), f32x4.splat(op.extrapolation), columns - c);
    return;
  }
  const first = x + <usize>load<i32>(tap) * step;
  if (count == 1 && load<f32>(tap, 4) == 1) return copyExactly(y, first, columns);
  if (count == 2) {
    // The commonest, without going through y twice.
    const second = x + <usize>load<i32>(tap, 8) * step;
    const s0 = v128.load32_splat(tap, 4),
      s1 = v128.load32_splat(tap, 12);
    for (let c = 0; c < columns; c += 4) {
      const at = (<usize>c) << 2;
      const v = f32x4.mul(s0, v128.load(first + at));
      storeLanes(y + at, f32x4.add(v, f32x4.mul(s1, v128.load(second + at))), columns - c);
    }
    return;
  }
  zeroExactly(y, columns);
  for (let k = 0; k < count; k++) {
    const share = load<f32>(tap, 4);
    if (share != 0) addScaled(y, x + <usize>load<i32>(tap) * step, share, columns);
    tap += TAP;
  }
}

export function axisMapBackward(op: AxisMapBackward, task: i32, scratch: usize): void {
  const taps = allTaps(op, scratch);
  const count = tapsOf(op);
  const blocks = blocksOf(op);
  const group = task / blocks;
  const column = (task - group * blocks) * COLUMNS;
  const columns = min(COLUMNS, op.inner - column);
  const step = (<usize>op.inner) << 2;
  const end = min(op.outer, (group + 1) * outersOf(op));
  for (let outer = group * outersOf(op); outer < end; outer++) {
    const dx = op.dx + <usize>(outer * op.n) * step + ((<usize>column) << 2);
    let dy = op.dy + <usize>(outer * op.m) * step + ((<usize>column) << 2);
    for (let i = 0; i < op.n; i++) zeroExactly(dx + <usize>i * step, columns);
    let tap = taps;
    for (let o = 0; o < op.m; o++) {
      for (let k = 0; k < count; k++) {
        const share = load<f32>(tap, 4);
        if (share != 0) addScaled(dx + <usize>load<i32>(tap) * step, dy, share, columns);
        tap += TAP;
      }
      dy += step;
    }
  }
}

/** y = the largest of each window; `choice`, where it is not 0, keeps which: the first of equal ones, NaN before all. */
@unmanaged
export class AxisMaximum extends Axis {
  y: Out;
  choice: Out;
  x: In;
}

export function axisMaximum(op: AxisMaximum, task: i32): void {
  const blocks = blocksOf(op);
  const group = task / blocks;
  const column = (task - group * blocks) * COLUMNS;
  const end = min(op.outer, (group + 1) * outersOf(op));
  for (let outer = group * outersOf(op); outer < end; outer++) {
    for (let o = 0; o < op.m; o++) largestOfWindow(op, outer, o, column);
  }
}

function largestOfWindow(op: AxisMaximum, outer: i32, o: i32, column: i32): void {
  const inner = op.inner;
  const step = (<usize>op.inner) << 2;
  const to = (<usize>((outer * op.m + o) * inner)) << 2;
  const x = op.x + <usize>(outer * op.n) * step;
  for (let c = column; c < min(inner, column + COLUMNS); c += 4) {
    const at = (<usize>c) << 2;
    let best = f32x4.splat(-Infinity);
    let which = i32x4.splat(-1);
    for (let k = 0; k < op.kernel; k++) {
      const i = windowElement(op, o, k);
      if (<u32>i >= <u32>op.n) continue;
      const v = v128.load(x + <usize>i * step + at);
      const known = f32x4.eq(best, best);
      const none = i32x4.eq(which, i32x4.splat(-1));
      const better = v128.or(v128.or(f32x4.gt(v, best), none), v128.and(f32x4.ne(v, v), known));
      best = v128.bitselect(v, best, better);
      which = v128.bitselect(i32x4.splat(k), which, better);
    }
    storeLanes(op.y + to + at, best, inner - c);
    if (op.choice) storeLanes(op.choice + to + at, which, inner - c);
  }
}

/** dx: each dy goes to the element that was chosen. */
@unmanaged
export class AxisMaximumBackward extends Axis {
  dx: Out;
  dy: In;
  choice: In;
}

export function axisMaximumBackward(op: AxisMaximumBackward, task: i32): void {
  const blocks = blocksOf(op);
  const group = task / blocks;
  const column = (task - group * blocks) * COLUMNS;
  const columns = min(COLUMNS, op.inner - column);
  const step = (<usize>op.inner) << 2;
  const end = min(op.outer, (group + 1) * outersOf(op));
  for (let outer = group * outersOf(op); outer < end; outer++) {
    const dx = op.dx + <usize>(outer * op.n) * step + ((<usize>column) << 2);
    for (let i = 0; i < op.n; i++) zeroExactly(dx + <usize>i * step, columns);
    for (let o = 0; o < op.m; o++) {
      const from = <usize>(outer * op.m + o) * step + ((<usize>column) << 2);
      for (let k = 0; k < op.kernel; k++) {
        const i = windowElement(op, o, k);
        if (<u32>i >= <u32>op.n) continue;
        const to = dx + <usize>i * step;
        for (let c = 0; c < columns; c += 4) {
          const at = (<usize>c) << 2;
          const own = i32x4.eq(v128.load(op.choice + from + at), i32x4.splat(k));
          const d = v128.and(v128.load(op.dy + from + at), own);
          storeLanes(to + at, f32x4.add(v128.load(to + at), d), columns - c);
        }
      }
    }
  }
}
