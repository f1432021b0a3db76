// Elementwise ops over flat vectors: addition, multiplication, dropout. Activations are in activation.ts.

import { In, Op, Out } from './op';
import { philox } from './random';
import { storeLanes } from './simd';

/** Floats of one task. A multiple of 16, the numbers one call of the generator makes. */
// @ts-ignore: decorator
@inline export const TASK: i32 = 16384;

/** What goes through flat vectors, element by element. */
@unmanaged
export class Elements extends Op {
  count: i32;
}

export function elementsTasks(op: Elements): i32 {
  return (op.count + TASK - 1) / TASK;
}

/** y = a + b. y may be a or b. */
@unmanaged
export class Add extends Elements {
  y: Out;
  a: In;
  b: In;
}

export function add(op: Add, task: i32): void {
  combine(op.y, op.a, op.b, task, op.count, false);
}

/** y = a·b. y may be a or b. */
@unmanaged
export class Multiply extends Elements {
  y: Out;
  a: In;
  b: In;
}

export function multiply(op: Multiply, task: i32): void {
  combine(op.y, op.a, op.b, task, op.count, true);
}

// @ts-ignore: decorator
@inline
function combine(y: usize, a: usize, b: usize, task: i32, count: i32, product: bool): void {
  const end = min(count, (task + 1) * TASK);
  let i = task * TASK;
  for (; i + 8 <= end; i += 8) {
    const at = (<usize>i) << 2;
    const y0 = pair(v128.load(a + at), v128.load(b + at), product);
    const y1 = pair(v128.load(a + at, 16), v128.load(b + at, 16), product);
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (; i < end; i += 4) {
    const at = (<usize>i) << 2;
    storeLanes(y + at, pair(v128.load(a + at), v128.load(b + at), product), end - i);
  }
}

// @ts-ignore: decorator
@inline
function pair(a: v128, b: v128, product: bool): v128 {
  return product ? f32x4.mul(a, b) : f32x4.add(a, b);
}

/**
 * y = x·scale with probability keep / 2³², else 0. The mask is a function of the state, the stream
 * and the element's place, so backward is the same op on dy and no mask is stored.
 */
@unmanaged
export class Dropout extends Elements {
  y: Out;
  x: In;
  /** Three u32: the key's two halves and the step. */
  state: In;
  /** A number of each dropout layer's own. */
  stream: u32;
  keep: u32;
  scale: f32;
}

export function dropout(op: Dropout, task: i32, scratch: usize): void {
  const end = min(op.count, (task + 1) * TASK);
  const keep = i32x4.splat(op.keep);
  const scale = f32x4.splat(op.scale);
  const key0 = load<u32>(op.state);
  const key1 = load<u32>(op.state, 4);
  const step = load<u32>(op.state, 8);
  for (let i = task * TASK; i < end; i += 16) {
    philox(scratch, <u32>i >> 2, op.stream, step, 0, key0, key1);
    for (let part = 0; part < 16 && i + part < end; part += 4) {
      const at = (<usize>(i + part)) << 2;
      const kept = i32x4.lt_u(v128.load(scratch + ((<usize>part) << 2)), keep);
      const y = v128.and(f32x4.mul(v128.load(op.x + at), scale), kept);
      storeLanes(op.y + at, y, end - i - part);
    }
  }
}
