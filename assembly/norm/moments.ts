// What batch normalisation knows of each channel: the parts' sums merged, running statistics, and the
// factors that its passes over whole activations (batchnorm.ts) take from them.
//
// Parts are merged in order (Chan, Golub & LeVeque), and their number depends on the shape alone, so
// that the bits do too.

import { In, InOut, Op, Out } from '../core/op';
import { firstRow } from '../core/rows';
import { storeLanes } from '../core/simd';

// @ts-ignore: decorator
@inline
function channel(base: usize, c: i32): v128 {
  return v128.load(base + ((<usize>c) << 2));
}

/** The parts' statistics together: mean, variance (biased), scale = gamma / √(variance + ε). */
@unmanaged
export class NormMerge extends Op {
  mean: Out;
  variance: Out;
  scale: Out;
  partials: In;
  gamma: In;
  rows: i32;
  channels: i32;
  splits: i32;
  epsilon: f32;
}

export function normMerge(op: NormMerge): void {
  const count = op.channels;
  const stride = (<usize>count) << 2;
  // Less the first part's mean: at a large mean, small steps would be rounded away.
  const shift = op.partials;
  for (let c = 0; c < count; c += 4) {
    storeLanes(op.mean + ((<usize>c) << 2), f32x4.splat(0), count - c);
    storeLanes(op.variance + ((<usize>c) << 2), channel(op.partials + stride, c), count - c);
  }
  for (let part = 1; part < op.splits; part++) mergePart(op, shift, part);
  for (let c = 0; c < count; c += 4) {
    const at = (<usize>c) << 2;
    const variance = f32x4.mul(channel(op.variance, c), f32x4.splat(1 / <f32>op.rows));
    storeLanes(op.mean + at, f32x4.add(channel(shift, c), channel(op.mean, c)), count - c);
    storeLanes(op.variance + at, variance, count - c);
    storeLanes(op.scale + at, scaleOf(channel(op.gamma, c), variance, op.epsilon), count - c);
  }
}

/** Merges a part into those before it: `mean` holds their mean less the shift, `variance` their variance times the rows. */
function mergePart(op: NormMerge, shift: usize, part: i32): void {
  const stride = (<usize>op.channels) << 2;
  const from = op.partials + <usize>(2 * part) * stride;
  const before = firstRow(op.rows, op.channels, part, op.splits);
  const rows = firstRow(op.rows, op.channels, part + 1, op.splits);
  const share = f32x4.splat(<f32>(rows - before) / <f32>rows);
  const weight = f32x4.mul(f32x4.splat(<f32>before), share);
  for (let c = 0; c < op.channels; c += 4) {
    const at = (<usize>c) << 2;
    const mean = channel(op.mean, c);
    const d = f32x4.sub(f32x4.sub(channel(from, c), channel(shift, c)), mean);
    const between = f32x4.mul(f32x4.mul(d, d), weight);
    const m2 = f32x4.add(channel(op.variance, c), f32x4.add(channel(from + stride, c), between));
    storeLanes(op.mean + at, f32x4.add(mean, f32x4.mul(d, share)), op.channels - c);
    storeLanes(op.variance + at, m2, op.channels - c);
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

function blend(to: usize, from: usize, channels: i32, old: f32, fresh: f32): void {
  for (let c = 0; c < channels; c += 4) {
    const before = f32x4.mul(channel(to, c), f32x4.splat(old));
    const added = f32x4.mul(channel(from, c), f32x4.splat(fresh));
    storeLanes(to + ((<usize>c) << 2), f32x4.add(before, added), channels - c);
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
    storeLanes(op.scale + ((<usize>c) << 2), scale, op.channels - c);
  }
}

/**
 * Filters that do the work of the batch norm after them: folded = filter·gamma/σ, and after its rows one
 * of (bias − mean)·gamma/σ + beta, with σ = √(variance + ε).
 */
@unmanaged
export class NormFoldFilter extends Op {
  /** [rows + 1][filters]. */
  folded: Out;
  /** [rows × filters]: filters are the last dimension. */
  filter: In;
  /** [filters], or 0 for none. */
  bias: In;
  gamma: In;
  beta: In;
  mean: In;
  variance: In;
  rows: i32;
  filters: i32;
  epsilon: f32;
}

export function normFoldFilterTasks(op: NormFoldFilter): i32 {
  return op.rows + 1;
}

export function normFoldFilter(op: NormFoldFilter, row: i32): void {
  const n = op.filters;
  const at = (<usize>(row * n)) << 2;
  for (let f = 0; f < n; f += 4) {
    const scale = scaleOf(channel(op.gamma, f), channel(op.variance, f), op.epsilon);
    let v: v128;
    if (row < op.rows) {
      v = f32x4.mul(channel(op.filter + at, f), scale);
    } else {
      const bias = op.bias ? channel(op.bias, f) : f32x4.splat(0);
      v = f32x4.add(f32x4.mul(f32x4.sub(bias, channel(op.mean, f)), scale), channel(op.beta, f));
    }
    storeLanes(op.folded + at + ((<usize>f) << 2), v, n - f);
  }
}

/**
 * dbeta = Σ dy, dgamma = Σ dy·x̂, from the parts in order; and their shares in the gradient of x:
 * offset = dbeta/rows, slope = dgamma/(rows·σ).
 */
@unmanaged
export class NormBackwardMerge extends Op {
  dgamma: Out;
  dbeta: Out;
  slope: Out;
  offset: Out;
  partials: In;
  variance: In;
  rows: i32;
  channels: i32;
  splits: i32;
  epsilon: f32;
}

export function normBackwardMerge(op: NormBackwardMerge): void {
  const stride = (<usize>op.channels) << 2;
  const share = f32x4.splat(1 / <f32>op.rows);
  for (let c = 0; c < op.channels; c += 4) {
    let from = op.partials + ((<usize>c) << 2);
    let sum = f32x4.splat(0);
    let product = f32x4.splat(0);
    for (let part = 0; part < op.splits; part++) {
      sum = f32x4.add(sum, v128.load(from));
      product = f32x4.add(product, v128.load(from + stride));
      from += 2 * stride;
    }
    const at = (<usize>c) << 2;
    const variance = channel(op.variance, c);
    const dgamma = scaleOf(product, variance, op.epsilon);
    const slope = f32x4.mul(scaleOf(dgamma, variance, op.epsilon), share);
    storeLanes(op.dgamma + at, dgamma, op.channels - c);
    storeLanes(op.dbeta + at, sum, op.channels - c);
    storeLanes(op.slope + at, slope, op.channels - c);
    storeLanes(op.offset + at, f32x4.mul(sum, share), op.channels - c);
  }
}
