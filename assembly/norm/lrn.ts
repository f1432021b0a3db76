// Local response normalisation across channels (Krizhevsky et al., 2012, section 3.3), forward and
// backward: y = x / s^β with s = bias + scale·Σ x² over a window of channels.
//
// Lanes run over channels: a row's squares are in scratch with zeros on either side, and the vectors of a
// window are loaded from neighbouring addresses. Backward computes s again: that takes no longer than to
// read it.

import { SCRATCH_BYTES } from '../gemm/blocks';
import { In, Op, Out } from '../core/op';
import { exp, log, storeLanes, zero } from '../core/simd';

/** All buffers are [rows × channels]. */
@unmanaged
export class Normalization extends Op {
  rows: i32;
  channels: i32;
  /** The window of channel c: c − before … c + after. Both are less than `channels`. */
  before: i32;
  after: i32;
  scale: f32;
  beta: f32;
  bias: f32;
}

@unmanaged
export class Lrn extends Normalization {
  y: Out;
  x: In;
}

/** dx = dy / s^β − 2·scale·β·x·Σ dy·x / s^(β+1), the sum over the windows that see the channel. dx may be dy. */
@unmanaged
export class LrnBackward extends Normalization {
  dx: Out;
  dy: In;
  x: In;
}

/** Floats of a task: some 64 KiB. */
const TASK: i32 = 16384;

// @ts-ignore: decorator
@inline
function taskRows(op: Normalization): i32 {
  return max(1, TASK / op.channels);
}

export function normalizationTasks(op: Normalization): i32 {
  return (op.rows + taskRows(op) - 1) / taskRows(op);
}

/** Bytes of a row in scratch: zeros on either side, and what whole vectors write past it. */
// @ts-ignore: decorator
@inline
function rowBytes(op: Normalization): usize {
  return (<usize>(op.before + op.channels + op.after + 8)) << 2;
}

export function normalizationScratch(op: Normalization): usize {
  return 2 * rowBytes(op);
}

export function lrn(op: Lrn, task: i32, scratch: usize): void {
  const squares = scratch + SCRATCH_BYTES;
  zero(squares, op.before);
  const last = min(op.rows, (task + 1) * taskRows(op));
  for (let row = task * taskRows(op); row < last; row++) {
    const at = (<usize>(row * op.channels)) << 2;
    square(op, squares, op.x + at);
    for (let c = 0; c < op.channels; c += 4) {
      const to = at + ((<usize>c) << 2);
      const y = f32x4.div(v128.load(op.x + to), power(baseOf(op, squares, c), op.beta));
      storeLanes(op.y + to, y, op.channels - c);
    }
  }
}

export function lrnBackward(op: LrnBackward, task: i32, scratch: usize): void {
  const squares = scratch + SCRATCH_BYTES;
  // The channels whose windows see a channel: `after` of them before it, `before` after it.
  const shares = squares + rowBytes(op);
  zero(squares, op.before);
  zero(shares, op.after);
  const channels = op.channels;
  const slope = f32x4.splat(2 * op.scale * op.beta);
  const last = min(op.rows, (task + 1) * taskRows(op));
  for (let row = task * taskRows(op); row < last; row++) {
    const at = (<usize>(row * channels)) << 2;
    square(op, squares, op.x + at);
    for (let c = 0; c < channels; c += 4) {
      const to = at + ((<usize>c) << 2);
      const s = baseOf(op, squares, c);
      const own = f32x4.div(v128.load(op.dy + to), power(s, op.beta));
      const share = f32x4.div(f32x4.mul(own, v128.load(op.x + to)), s);
      storeLanes(op.dx + to, own, channels - c);
      v128.store(shares + ((<usize>(op.after + c)) << 2), share);
    }
    zero(shares + ((<usize>(op.after + channels)) << 2), op.before);
    for (let c = 0; c < channels; c += 4) {
      const to = at + ((<usize>c) << 2);
      const others = f32x4.mul(windowSum(op, shares, c), f32x4.mul(slope, v128.load(op.x + to)));
      storeLanes(op.dx + to, f32x4.sub(v128.load(op.dx + to), others), channels - c);
    }
  }
}

/** Squares a row of x: after the zeros that are there, and with zeros after it. */
function square(op: Normalization, squares: usize, x: usize): void {
  const own = squares + ((<usize>op.before) << 2);
  for (let c = 0; c < op.channels; c += 4) {
    const at = (<usize>c) << 2;
    const v = v128.load(x + at);
    v128.store(own + at, f32x4.mul(v, v));
  }
  zero(own + ((<usize>op.channels) << 2), op.after);
}

/** The sums of the windows that begin at number c of a row in scratch and at the following ones. */
// @ts-ignore: decorator
@inline
function windowSum(op: Normalization, row: usize, c: i32): v128 {
  let from = row + ((<usize>c) << 2);
  let sum = v128.load(from);
  for (const end = from + ((<usize>(op.before + op.after)) << 2); from < end; ) {
    from += 4;
    sum = f32x4.add(sum, v128.load(from));
  }
  return sum;
}

/** s of channel c and the following ones. */
// @ts-ignore: decorator
@inline
function baseOf(op: Normalization, squares: usize, c: i32): v128 {
  return f32x4.add(
    f32x4.splat(op.bias),
    f32x4.mul(f32x4.splat(op.scale), windowSum(op, squares, c)),
  );
}

/** s^β for s > 0: by roots for the usual 0.75, else by exp and ln. */
// @ts-ignore: decorator
@inline
function power(s: v128, beta: f32): v128 {
  if (beta != 0.75) return exp(f32x4.mul(f32x4.splat(beta), log(s)));
  const root = f32x4.sqrt(s);
  return f32x4.mul(root, f32x4.sqrt(root));
}
