// Normalization of each sample over groups of channels, forward and backward: [batch, positions, channels], where a group is
// some neighbouring channels at all positions. Instance normalization has a group for each channel (Ulyanov et al., arXiv
// 1607.08022), group normalization is Wu & He, arXiv 1803.08494; layer normalization (Ba et al., arXiv 1607.06450) has one
// group, one position, and a sample for each row.
//
// The mean is found first, then the squares of what is left, and the mean's own rounding error with them: nothing cancels.
// A task does some samples, of neighbouring groups with at least 16 channels together.

import { SCRATCH_BYTES } from '../gemm/blocks';
import { In, Op, Out } from '../core/op';
import { storeLanes } from '../core/simd';

@unmanaged
export class Grouped extends Op {
  batch: i32;
  positions: i32;
  channels: i32;
  groups: i32;
  /** Into how many parts the batch is cut. */
  splits: i32;
  epsilon: f32;
}

// @ts-ignore: decorator
@inline
function groupSize(op: Grouped): i32 {
  return op.channels / op.groups;
}

/** Groups of a task. */
// @ts-ignore: decorator
@inline
function groupsOf(op: Grouped): i32 {
  const size = groupSize(op);
  return min(op.groups, (size + 15) / size);
}

// @ts-ignore: decorator
@inline
function blocksOf(op: Grouped): i32 {
  return (op.groups + groupsOf(op) - 1) / groupsOf(op);
}

export function groupedTasks(op: Grouped): i32 {
  return op.splits * blocksOf(op);
}

/** Bytes of a number for each channel of a task, and what whole vectors write past them. */
// @ts-ignore: decorator
@inline
function slotOf(op: Grouped): usize {
  return (<usize>(groupsOf(op) * groupSize(op) + 4)) << 2;
}

export function groupedScratch(op: Grouped): usize {
  return 4 * slotOf(op);
}

// @ts-ignore: decorator
@inline
function firstSample(op: Grouped, split: i32): i32 {
  return <i32>((<i64>op.batch * split) / op.splits);
}

/** y = (x − mean)·scale·gamma + beta; mean and scale = 1/σ are kept for backward: [batch, groups]. */
@unmanaged
export class GroupNorm extends Grouped {
  y: Out;
  mean: Out;
  scale: Out;
  x: In;
  /** [channels], or 0 for ones and zeros. */
  gamma: In;
  beta: In;
}

export function groupNorm(op: GroupNorm, task: i32, scratch: usize): void {
  const blocks = blocksOf(op);
  const split = task / blocks;
  const group = (task - split * blocks) * groupsOf(op);
  const groups = min(op.groups - group, groupsOf(op));
  const end = firstSample(op, split + 1);
  for (let sample = firstSample(op, split); sample < end; sample++)
    normalize(op, sample, group, groups, scratch + SCRATCH_BYTES);
}

function normalize(op: GroupNorm, sample: i32, group: i32, groups: i32, means: usize): void {
  const size = groupSize(op);
  const columns = groups * size;
  const channel = group * size;
  const sums = means + slotOf(op);
  const squares = sums + slotOf(op);
  const first = (<usize>(sample * op.positions * op.channels + channel)) << 2;
  const count = <f32>(op.positions * size);
  const step = (<usize>op.channels) << 2;
  for (let c = 0; c < columns; c += 4) v128.store(means + ((<usize>c) << 2), f32x4.splat(0));
  momentsOf(op, means, sums, squares, op.x + first, columns);
  for (let g = 0; g < groups; g++)
    spread(means, g * size, size, total(sums, g * size, size) / count);
  momentsOf(op, means, sums, squares, op.x + first, columns);
  for (let g = 0; g < groups; g++) {
    const at = g * size;
    const error = total(sums, at, size) / count;
    const mean = load<f32>(means + ((<usize>at) << 2)) + error;
    const variance = total(squares, at, size) / count - error * error;
    const scale: f32 = 1 / sqrt(variance + op.epsilon);
    spread(means, at, size, mean);
    spread(sums, at, size, scale);
    const index = (<usize>(sample * op.groups + group + g)) << 2;
    store<f32>(op.mean + index, mean);
    store<f32>(op.scale + index, scale);
  }
  const offset = (<usize>channel) << 2;
  for (let p = 0; p < op.positions; p++) {
    const row = first + <usize>p * step;
    for (let c = 0; c < columns; c += 4) {
      const at = (<usize>c) << 2;
      let v = f32x4.sub(v128.load(op.x + row + at), v128.load(means + at));
      v = f32x4.mul(v, v128.load(sums + at));
      if (op.gamma) v = f32x4.mul(v, v128.load(op.gamma + offset + at));
      if (op.beta) v = f32x4.add(v, v128.load(op.beta + offset + at));
      storeLanes(op.y + row + at, v, columns - c);
    }
  }
}

/** Positions that are added up before they are added to the rest. */
const CHUNK: i32 = 128;

/** For each column: sums = Σ (x − mean), squares = Σ (x − mean)². */
function momentsOf(
  op: Grouped,
  means: usize,
  sums: usize,
  squares: usize,
  x: usize,
  columns: i32,
): void {
  const step = (<usize>op.channels) << 2;
  for (let c = 0; c < columns; c += 4) {
    const at = (<usize>c) << 2;
    const mean = v128.load(means + at);
    let sum = f32x4.splat(0),
      square = f32x4.splat(0);
    let from = x + at;
    for (let left = op.positions; left > 0; left -= CHUNK) {
      let s = f32x4.splat(0),
        q = f32x4.splat(0);
      for (let p = min(left, CHUNK); p > 0; p--) {
        const d = f32x4.sub(v128.load(from), mean);
        s = f32x4.add(s, d);
        q = f32x4.add(q, f32x4.mul(d, d));
        from += step;
      }
      sum = f32x4.add(sum, s);
      square = f32x4.add(square, q);
    }
    v128.store(sums + at, sum);
    v128.store(squares + at, square);
  }
}

/** The sum of a group's columns, in f64. */
function total(columns: usize, first: i32, count: i32): f32 {
  let sum: f64 = 0;
  for (let c = first; c < first + count; c++) sum += <f64>load<f32>(columns + ((<usize>c) << 2));
  return <f32>sum;
}

/** Gives all columns of a group a number. */
function spread(columns: usize, first: i32, count: i32, value: f32): void {
  for (let c = first; c < first + count; c++) store<f32>(columns + ((<usize>c) << 2), value);
}

/**
 * With x̂ = (x − mean)·scale: dx = scale·(dy·gamma − the group's means of dy·gamma, and of dy·gamma·x̂ times x̂);
 * partials[split] = Σ dy·x̂ and Σ dy of the part's samples.
 */
@unmanaged
export class GroupNormBackward extends Grouped {
  /** 0 where it is not wanted. */
  dx: Out;
  /** [splits, 2, channels]. */
  partials: Out;
  dy: In;
  x: In;
  mean: In;
  scale: In;
  gamma: In;
}

export function groupNormBackward(op: GroupNormBackward, task: i32, scratch: usize): void {
  const blocks = blocksOf(op);
  const split = task / blocks;
  const group = (task - split * blocks) * groupsOf(op);
  const groups = min(op.groups - group, groupsOf(op));
  const size = groupSize(op);
  const dgamma = op.partials + ((<usize>(2 * split * op.channels + group * size)) << 2);
  const dbeta = dgamma + ((<usize>op.channels) << 2);
  for (let c = 0; c < groups * size; c++) {
    store<f32>(dgamma + ((<usize>c) << 2), 0);
    store<f32>(dbeta + ((<usize>c) << 2), 0);
  }
  const end = firstSample(op, split + 1);
  for (let sample = firstSample(op, split); sample < end; sample++)
    backwardOf(op, sample, group, groups, dgamma, dbeta, scratch + SCRATCH_BYTES);
}

function backwardOf(
  op: GroupNormBackward,
  sample: i32,
  group: i32,
  groups: i32,
  dgamma: usize,
  dbeta: usize,
  means: usize,
): void {
  const size = groupSize(op);
  const columns = groups * size;
  const channel = group * size;
  const sums = means + slotOf(op);
  const products = sums + slotOf(op);
  const offsets = products + slotOf(op);
  const first = (<usize>(sample * op.positions * op.channels + channel)) << 2;
  const count = <f32>(op.positions * size);
  const statistics = (<usize>(sample * op.groups + group)) << 2;
  for (let g = 0; g < groups; g++) {
    const mean = load<f32>(op.mean + statistics + ((<usize>g) << 2));
    spread(means, g * size, size, mean);
  }
  productsOf(op, means, sums, products, first, columns);
  for (let g = 0; g < groups; g++) {
    const scale = load<f32>(op.scale + statistics + ((<usize>g) << 2));
    let sum: f64 = 0,
      product: f64 = 0;
    for (let c = g * size; c < (g + 1) * size; c++) {
      const at = (<usize>c) << 2;
      const s = load<f32>(sums + at);
      const d = load<f32>(products + at) * scale;
      store<f32>(dgamma + at, load<f32>(dgamma + at) + d);
      store<f32>(dbeta + at, load<f32>(dbeta + at) + s);
      const gamma = gammaAt(op, channel + c);
      sum += <f64>(gamma * s);
      product += <f64>(gamma * d);
      store<f32>(sums + at, gamma * scale);
    }
    spread(products, g * size, size, scale * scale * (<f32>product / count));
    spread(offsets, g * size, size, scale * (<f32>sum / count));
  }
  if (!op.dx) return;
  const step = (<usize>op.channels) << 2;
  for (let p = 0; p < op.positions; p++) {
    const row = first + <usize>p * step;
    for (let c = 0; c < columns; c += 4) {
      const at = (<usize>c) << 2;
      const own = f32x4.mul(v128.load(op.dy + row + at), v128.load(sums + at));
      const d = f32x4.sub(v128.load(op.x + row + at), v128.load(means + at));
      const others = f32x4.add(v128.load(offsets + at), f32x4.mul(d, v128.load(products + at)));
      storeLanes(op.dx + row + at, f32x4.sub(own, others), columns - c);
    }
  }
}

// @ts-ignore: decorator
@inline
function gammaAt(op: GroupNormBackward, channel: i32): f32 {
  return op.gamma ? load<f32>(op.gamma + ((<usize>channel) << 2)) : 1;
}

/** For each column: sums = Σ dy, products = Σ dy·(x − mean). */
function productsOf(
  op: GroupNormBackward,
  means: usize,
  sums: usize,
  products: usize,
  first: usize,
  columns: i32,
): void {
  const step = (<usize>op.channels) << 2;
  for (let c = 0; c < columns; c += 4) {
    const at = (<usize>c) << 2;
    const mean = v128.load(means + at);
    let sum = f32x4.splat(0),
      product = f32x4.splat(0);
    let from = first + at;
    for (let left = op.positions; left > 0; left -= CHUNK) {
      let s = f32x4.splat(0),
        d = f32x4.splat(0);
      for (let p = min(left, CHUNK); p > 0; p--) {
        const dy = v128.load(op.dy + from);
        s = f32x4.add(s, dy);
        d = f32x4.add(d, f32x4.mul(dy, f32x4.sub(v128.load(op.x + from), mean)));
        from += step;
      }
      sum = f32x4.add(sum, s);
      product = f32x4.add(product, d);
    }
    v128.store(sums + at, sum);
    v128.store(products + at, product);
  }
}
