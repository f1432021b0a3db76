// The filter of blur pooling (Zhang, arXiv 1904.11486): a row of Pascal's triangle along each axis,
// 1 2 1 for three taps, all taps together 1.

import { Op, Out } from '../core/op';
import { storeLanes } from '../core/simd';

/** filter[size × size × channels]: the same taps for every channel. */
@unmanaged
export class Binomial extends Op {
  filter: Out;
  size: i32;
  channels: i32;
}

/** A task is one tap of all channels. */
export function binomialTasks(op: Binomial): i32 {
  return op.size * op.size;
}

export function binomial(op: Binomial, task: i32): void {
  const r = task / op.size;
  const s = task - r * op.size;
  const total = <f32>(1 << (2 * (op.size - 1)));
  const tap = f32x4.splat((choose(op.size - 1, r) * choose(op.size - 1, s)) / total);
  const to = op.filter + ((<usize>(task * op.channels)) << 2);
  for (let c = 0; c < op.channels; c += 4) storeLanes(to + ((<usize>c) << 2), tap, op.channels - c);
}

/** n over k. */
function choose(n: i32, k: i32): f32 {
  let ways = 1;
  for (let i = 0; i < k; i++) ways = (ways * (n - i)) / (i + 1);
  return <f32>ways;
}
