// Batch normalisation (Ioffe & Szegedy, arXiv 1502.03167) over rows of channels, forward and backward.
//
// Training reads x twice forward and twice backward; x̂ is recomputed, not kept. Statistics are taken
// per chunk of rows, shifted by the chunk's first row so that a large mean costs no digits, and the
// chunks are merged in order (Chan, Golub & LeVeque): the bits depend on the shape alone.

import { In, InOut, Op, Out } from './op';
import { storeLanes } from './simd';

/** Rows of one chunk, and of one tile. */
// @ts-ignore: decorator
@inline const CHUNK: i32 = 256;

// @ts-ignore: decorator
@inline
function chunks(rows: i32): i32 {
  return (rows + CHUNK - 1) / CHUNK;
}

// @ts-ignore: decorator
@inline
function channel(base: usize, c: i32): v128 {
  return v128.load(base + (<usize>c << 2));
}

/** partials[chunk] = { mean, Σ(x − mean)² } of each channel: [⌈rows/256⌉][2][channels]. */
@unmanaged
export class NormStatistics extends Op {
  partials: Out;
  x: In;
  rows: i32;
  channels: i32;
}

export function normStatisticsTiles(op: NormStatistics): i32 {
  return chunks(op.rows);
}

export function normStatistics(op: NormStatistics, tile: i32): void {
  const channels = op.channels;
  const rows = min(CHUNK, op.rows - tile * CHUNK);
  const stride = <usize>channels << 2;
  const from = op.x + <usize>(tile * CHUNK) * stride;
  const to = op.partials + <usize>(tile * 2) * stride;
  const share = f32x4.splat(1 / <f32>rows);
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    const shift = v128.load(from + at);
    let sum = f32x4.splat(0);
    let squares = f32x4.splat(0);
    let x = from + at;
    for (let r = 0; r < rows; r++) {
      const d = f32x4.sub(v128.load(x), shift);
      sum = f32x4.add(sum, d);
      squares = f32x4.add(squares, f32x4.mul(d, d));
      x += stride;
    }
    const mean = f32x4.mul(sum, share);
    const m2 = f32x4.pmax(f32x4.sub(squares, f32x4.mul(sum, mean)), f32x4.splat(0));
    storeLanes(to + at, f32x4.add(shift, mean), channels - c);
    storeLanes(to + stride + at, m2, channels - c);
  }
}

/** The chunks' statistics together: mean, variance (biased), scale = gamma / √(variance + ε). */
@unmanaged
export class NormMerge extends Op {
  mean: Out;
  variance: Out;
  scale: Out;
  partials: In;
  gamma: In;
  rows: i32;
  channels: i32;
  epsilon: f32;
}

export function normMerge(op: NormMerge): void {
  const stride = <usize>op.channels << 2;
  for (let c = 0; c < op.channels; c += 4) {
    const at = <usize>c << 2;
    let from = op.partials + at;
    // Less the first chunk's mean: at a large mean, small steps would be rounded away.
    const shift = v128.load(from);
    let mean = f32x4.splat(0);
    let m2 = v128.load(from + stride);
    for (let first = CHUNK; first < op.rows; first += CHUNK) {
      from += 2 * stride;
      const rows = min(CHUNK, op.rows - first);
      const share = <f32>rows / <f32>(first + rows);
      const d = f32x4.sub(f32x4.sub(v128.load(from), shift), mean);
      mean = f32x4.add(mean, f32x4.mul(d, f32x4.splat(share)));
      const between = f32x4.mul(f32x4.mul(d, d), f32x4.splat(<f32>first * share));
      m2 = f32x4.add(m2, f32x4.add(v128.load(from + stride), between));
    }
    const count = op.channels - c;
    const variance = f32x4.mul(m2, f32x4.splat(1 / <f32>op.rows));
    storeLanes(op.mean + at, f32x4.add(shift, mean), count);
    storeLanes(op.variance + at, variance, count);
    storeLanes(op.scale + at, scaleOf(channel(op.gamma, c), variance, op.epsilon), count);
  }
}

// @ts-ignore: decorator
@inline
function scaleOf(gamma: v128, variance: v128, epsilon: f32): v128 {
  return f32x4.div(gamma, f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
}

/** running = momentum·running + (1 − momentum)·batch, the variance unbiased (rows / (rows − 1)). */
@unmanaged
export class NormRunning extends Op {
  runningMean: InOut;
  runningVariance: InOut;
  mean: In;
  variance: In;
  rows: i32;
  channels: i32;
  momentum: f32;
}

export function normRunning(op: NormRunning): void {
  const unbiased = <f32>op.rows / <f32>max(1, op.rows - 1);
  blend(op.runningMean, op.mean, op.channels, op.momentum, 1 - op.momentum);
  blend(op.runningVariance, op.variance, op.channels, op.momentum, (1 - op.momentum) * unbiased);
}

function blend(to: usize, from: usize, channels: i32, keep: f32, take: f32): void {
  for (let c = 0; c < channels; c += 4) {
    const kept = f32x4.mul(channel(to, c), f32x4.splat(keep));
    const taken = f32x4.mul(channel(from, c), f32x4.splat(take));
    storeLanes(to + (<usize>c << 2), f32x4.add(kept, taken), channels - c);
  }
}

/** scale = gamma / √(variance + ε), from running statistics: what inference needs. */
@unmanaged
export class NormFold extends Op {
  scale: Out;
  gamma: In;
  variance: In;
  channels: i32;
  epsilon: f32;
}

export function normFold(op: NormFold): void {
  for (let c = 0; c < op.channels; c += 4) {
    const scale = scaleOf(channel(op.gamma, c), channel(op.variance, c), op.epsilon);
    storeLanes(op.scale + (<usize>c << 2), scale, op.channels - c);
  }
}

/** y = (x − mean)·scale + beta. */
@unmanaged
export class NormApply extends Op {
  y: Out;
  x: In;
  mean: In;
  scale: In;
  beta: In;
  rows: i32;
  channels: i32;
}

export function normApplyTiles(op: NormApply): i32 {
  return chunks(op.rows);
}

export function normApply(op: NormApply, tile: i32): void {
  const channels = op.channels;
  const stride = <usize>channels << 2;
  const rows = min(CHUNK, op.rows - tile * CHUNK);
  const offset = <usize>(tile * CHUNK) * stride;
  for (let c = 0; c < channels; c += 4) {
    const mean = channel(op.mean, c);
    const scale = channel(op.scale, c);
    const beta = channel(op.beta, c);
    let at = offset + (<usize>c << 2);
    for (let r = 0; r < rows; r++) {
      const x = f32x4.sub(v128.load(op.x + at), mean);
      storeLanes(op.y + at, f32x4.add(f32x4.mul(x, scale), beta), channels - c);
      at += stride;
    }
  }
}

/** partials[chunk] = { Σ dy, Σ dy·(x − mean) } of each channel: [⌈rows/256⌉][2][channels]. */
@unmanaged
export class NormBackwardSums extends Op {
  partials: Out;
  dy: In;
  x: In;
  mean: In;
  rows: i32;
  channels: i32;
}

export function normBackwardSumsTiles(op: NormBackwardSums): i32 {
  return chunks(op.rows);
}

export function normBackwardSums(op: NormBackwardSums, tile: i32): void {
  const channels = op.channels;
  const stride = <usize>channels << 2;
  const rows = min(CHUNK, op.rows - tile * CHUNK);
  const offset = <usize>(tile * CHUNK) * stride;
  const to = op.partials + <usize>(tile * 2) * stride;
  for (let c = 0; c < channels; c += 4) {
    const mean = channel(op.mean, c);
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    let at = offset + (<usize>c << 2);
    for (let r = 0; r < rows; r++) {
      const dy = v128.load(op.dy + at);
      sum = f32x4.add(sum, dy);
      product = f32x4.add(product, f32x4.mul(dy, f32x4.sub(v128.load(op.x + at), mean)));
      at += stride;
    }
    storeLanes(to + (<usize>c << 2), sum, channels - c);
    storeLanes(to + stride + (<usize>c << 2), product, channels - c);
  }
}

/** dbeta = Σ dy, dgamma = Σ dy·x̂, from the chunks in order. */
@unmanaged
export class NormBackwardMerge extends Op {
  dgamma: Out;
  dbeta: Out;
  partials: In;
  variance: In;
  rows: i32;
  channels: i32;
  epsilon: f32;
}

export function normBackwardMerge(op: NormBackwardMerge): void {
  const stride = <usize>op.channels << 2;
  for (let c = 0; c < op.channels; c += 4) {
    let from = op.partials + (<usize>c << 2);
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    for (let chunk = chunks(op.rows); chunk > 0; chunk--) {
      sum = f32x4.add(sum, v128.load(from));
      product = f32x4.add(product, v128.load(from + stride));
      from += 2 * stride;
    }
    const dgamma = scaleOf(product, channel(op.variance, c), op.epsilon);
    storeLanes(op.dgamma + (<usize>c << 2), dgamma, op.channels - c);
    storeLanes(op.dbeta + (<usize>c << 2), sum, op.channels - c);
  }
}

/** dx = gamma/σ · (dy − dbeta/rows − x̂·dgamma/rows), with x̂ = (x − mean)/σ and σ = √(variance + ε). */
@unmanaged
export class NormBackward extends Op {
  dx: Out;
  dy: In;
  x: In;
  mean: In;
  variance: In;
  gamma: In;
  dgamma: In;
  dbeta: In;
  rows: i32;
  channels: i32;
  epsilon: f32;
}

export function normBackwardTiles(op: NormBackward): i32 {
  return chunks(op.rows);
}

export function normBackward(op: NormBackward, tile: i32): void {
  const channels = op.channels;
  const stride = <usize>channels << 2;
  const rows = min(CHUNK, op.rows - tile * CHUNK);
  const offset = <usize>(tile * CHUNK) * stride;
  const share = f32x4.splat(1 / <f32>op.rows);
  for (let c = 0; c < channels; c += 4) {
    const variance = channel(op.variance, c);
    const mean = channel(op.mean, c);
    const scale = scaleOf(channel(op.gamma, c), variance, op.epsilon);
    const slope = f32x4.mul(scaleOf(channel(op.dgamma, c), variance, op.epsilon), share);
    const constant = f32x4.mul(channel(op.dbeta, c), share);
    let at = offset + (<usize>c << 2);
    for (let r = 0; r < rows; r++) {
      const x = f32x4.sub(v128.load(op.x + at), mean);
      const d = f32x4.sub(f32x4.sub(v128.load(op.dy + at), constant), f32x4.mul(x, slope));
      storeLanes(op.dx + at, f32x4.mul(d, scale), channels - c);
      at += stride;
    }
  }
}
