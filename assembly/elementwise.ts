// Elementwise ops over flat vectors: activations, addition, dropout. Derivatives are taken from the
// output y alone, so that an activation may overwrite its input and its gradient.

import { In, Op, Out } from './op';
import { philox } from './random';
import { exp, passed, relu, storeLanes } from './simd';

/** Floats of one tile. A multiple of 16, the numbers one call of the generator makes. */
// @ts-ignore: decorator
@inline const TILE: i32 = 16384;

export const enum Activation {
  Relu = 0,
  Sigmoid,
  Tanh,
}

export function elementTiles(count: i32): i32 {
  return (count + TILE - 1) / TILE;
}

/** y = f(x). */
@unmanaged
export class Unary extends Op {
  y: Out;
  x: In;
  count: i32;
  /** An `Activation`. */
  kind: i32;
}

export function unary(op: Unary, tile: i32): void {
  const end = min(op.count, (tile + 1) * TILE);
  if (op.kind == Activation.Relu) return rectify(op.y, op.x, tile * TILE, end);
  for (let i = tile * TILE; i < end; i += 4) {
    const at = <usize>i << 2;
    const x = v128.load(op.x + at);
    storeLanes(op.y + at, op.kind == Activation.Sigmoid ? sigmoid(x) : tanh(x), end - i);
  }
}

function rectify(y: usize, x: usize, i: i32, end: i32): void {
  for (; i + 8 <= end; i += 8) {
    const at = <usize>i << 2;
    const y0 = relu(v128.load(x + at));
    const y1 = relu(v128.load(x + at, 16));
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (; i < end; i += 4) {
    const at = <usize>i << 2;
    storeLanes(y + at, relu(v128.load(x + at)), end - i);
  }
}

/** dx = dy·f′, f′ from y = f(x). */
@unmanaged
export class UnaryBackward extends Op {
  dx: Out;
  dy: In;
  y: In;
  count: i32;
  /** An `Activation`. */
  kind: i32;
}

export function unaryBackward(op: UnaryBackward, tile: i32): void {
  const end = min(op.count, (tile + 1) * TILE);
  if (op.kind == Activation.Relu) return rectifyBackward(op.dx, op.dy, op.y, tile * TILE, end);
  const one = f32x4.splat(1);
  for (let i = tile * TILE; i < end; i += 4) {
    const at = <usize>i << 2;
    const y = v128.load(op.y + at);
    const slope = op.kind == Activation.Sigmoid ? f32x4.mul(y, f32x4.sub(one, y)) : f32x4.sub(one, f32x4.mul(y, y));
    storeLanes(op.dx + at, f32x4.mul(v128.load(op.dy + at), slope), end - i);
  }
}

function rectifyBackward(dx: usize, dy: usize, y: usize, i: i32, end: i32): void {
  for (; i + 8 <= end; i += 8) {
    const at = <usize>i << 2;
    const dx0 = passed(v128.load(dy + at), v128.load(y + at));
    const dx1 = passed(v128.load(dy + at, 16), v128.load(y + at, 16));
    v128.store(dx + at, dx0);
    v128.store(dx + at, dx1, 16);
  }
  for (; i < end; i += 4) {
    const at = <usize>i << 2;
    storeLanes(dx + at, passed(v128.load(dy + at), v128.load(y + at)), end - i);
  }
}

export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))));
}

/** tanh(x): Cephes' polynomial below 0.625, where 1 − 2/(e²ˣ + 1) would cancel. */
function tanh(x: v128): v128 {
  const magnitude = f32x4.abs(x);
  const one = f32x4.splat(1);
  const e = exp(f32x4.add(magnitude, magnitude));
  const large = f32x4.sub(one, f32x4.div(f32x4.splat(2), f32x4.add(e, one)));
  const z = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-3.33332819422e-1));
  const small = f32x4.add(f32x4.mul(f32x4.mul(p, z), magnitude), magnitude);
  const y = v128.bitselect(large, small, f32x4.gt(magnitude, f32x4.splat(0.625)));
  const sign = v128.and(x, i32x4.splat(0x80000000));
  return v128.bitselect(x, v128.or(y, sign), f32x4.ne(x, x));
}

/** y = a + b. y may be a or b. */
@unmanaged
export class Add extends Op {
  y: Out;
  a: In;
  b: In;
  count: i32;
}

export function add(op: Add, tile: i32): void {
  const end = min(op.count, (tile + 1) * TILE);
  const y = op.y, a = op.a, b = op.b;
  let i = tile * TILE;
  for (; i + 8 <= end; i += 8) {
    const at = <usize>i << 2;
    const y0 = f32x4.add(v128.load(a + at), v128.load(b + at));
    const y1 = f32x4.add(v128.load(a + at, 16), v128.load(b + at, 16));
    v128.store(y + at, y0);
    v128.store(y + at, y1, 16);
  }
  for (; i < end; i += 4) {
    const at = <usize>i << 2;
    storeLanes(y + at, f32x4.add(v128.load(a + at), v128.load(b + at)), end - i);
  }
}

/**
 * y = x·scale with probability keep / 2³², else 0. The mask is a function of the state, the stream
 * and the element's place, so backward is the same op on dy and no mask is stored.
 */
@unmanaged
export class Dropout extends Op {
  y: Out;
  x: In;
  /** Three u32: the key's two halves and the step. */
  state: In;
  count: i32;
  /** Tells one dropout layer from another. */
  stream: u32;
  keep: u32;
  scale: f32;
}

export function dropout(op: Dropout, tile: i32, scratch: usize): void {
  const end = min(op.count, (tile + 1) * TILE);
  const keep = i32x4.splat(op.keep);
  const scale = f32x4.splat(op.scale);
  const key0 = load<u32>(op.state);
  const key1 = load<u32>(op.state, 4);
  const step = load<u32>(op.state, 8);
  for (let i = tile * TILE; i < end; i += 16) {
    philox(scratch, <u32>i >> 2, op.stream, step, 0, key0, key1);
    for (let part = 0; part < 16 && i + part < end; part += 4) {
      const at = <usize>(i + part) << 2;
      const kept = i32x4.lt_u(v128.load(scratch + (<usize>part << 2)), keep);
      const y = v128.and(f32x4.mul(v128.load(op.x + at), scale), kept);
      storeLanes(op.y + at, y, end - i - part);
    }
  }
}
