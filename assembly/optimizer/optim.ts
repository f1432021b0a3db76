// Optimizers: one pass over the flat vectors of parameters, gradients and state. The step's numbers
// come from memory, so that a schedule changes a float and not the program.

import { Elements, TASK } from '../core/elementwise';
import { In, InOut } from '../core/op';
import { copy, copyExactly, flush, storeLanes } from '../core/simd';

/**
 * g += weightDecay·p; v = momentum·v + g; p −= learningRate·(nesterov ? g + momentum·v : v)
 * (Sutskever et al., 2013, as PyTorch writes it).
 */
@unmanaged
export class Sgd extends Elements {
  parameters: InOut;
  gradients: In;
  /** Velocity, or 0 for plain descent. */
  velocity: InOut;
  /** Floats: learningRate, momentum, weightDecay, nesterov (0 or 1). */
  settings: In;
  /** 0 where these parameters are spared weight decay. */
  decays: i32;
}

export function sgd(op: Sgd, task: i32, scratch: usize): void {
  const at = (<usize>(task * TASK)) << 2;
  const count = min(TASK, op.count - task * TASK);
  const whole = (<usize>(count & ~7)) << 2;
  const p = op.parameters + at;
  const g = op.gradients + at;
  // What is no pair of vectors is completed in scratch.
  const rest = count & 7;
  copy(scratch, p + whole, rest);
  copy(scratch + 32, g + whole, rest);
  if (op.velocity) {
    const v = op.velocity + at;
    momentumSteps(p, g, v, whole, op.settings, op.decays);
    copy(scratch + 64, v + whole, rest);
    momentumSteps(scratch, scratch + 32, scratch + 64, 32, op.settings, op.decays);
    copyExactly(v + whole, scratch + 64, rest);
  } else {
    plainSteps(p, g, whole, op.settings, op.decays);
    plainSteps(scratch, scratch + 32, 32, op.settings, op.decays);
  }
  copyExactly(p + whole, scratch, rest);
}

/** A number of the settings, or 0 for parameters that are spared. */
// @ts-ignore: decorator
@inline
function decayOf(decays: i32, setting: usize): v128 {
  return f32x4.splat(decays ? load<f32>(setting) : 0);
}

function plainSteps(p: usize, g: usize, bytes: usize, settings: usize, decays: i32): void {
  const rate = v128.load32_splat(settings);
  const decay = decayOf(decays, settings + 8);
  for (let at: usize = 0; at < bytes; at += 32) {
    const p0 = v128.load(p + at);
    const p1 = v128.load(p + at, 16);
    const g0 = f32x4.add(v128.load(g + at), f32x4.mul(decay, p0));
    const g1 = f32x4.add(v128.load(g + at, 16), f32x4.mul(decay, p1));
    v128.store(p + at, f32x4.sub(p0, f32x4.mul(rate, g0)));
    v128.store(p + at, f32x4.sub(p1, f32x4.mul(rate, g1)), 16);
  }
}

function momentumSteps(
  p: usize,
  g: usize,
  v: usize,
  bytes: usize,
  settings: usize,
  decays: i32,
): void {
  const rate = v128.load32_splat(settings);
  const momentum = v128.load32_splat(settings, 4);
  const decay = decayOf(decays, settings + 8);
  const nesterov = f32x4.ne(v128.load32_splat(settings, 12), f32x4.splat(0));
  for (let at: usize = 0; at < bytes; at += 32) {
    const p0 = v128.load(p + at);
    const p1 = v128.load(p + at, 16);
    const g0 = f32x4.add(v128.load(g + at), f32x4.mul(decay, p0));
    const g1 = f32x4.add(v128.load(g + at, 16), f32x4.mul(decay, p1));
    const v0 = flush(f32x4.add(f32x4.mul(momentum, v128.load(v + at)), g0));
    const v1 = flush(f32x4.add(f32x4.mul(momentum, v128.load(v + at, 16)), g1));
    const step0 = v128.bitselect(f32x4.add(g0, f32x4.mul(momentum, v0)), v0, nesterov);
    const step1 = v128.bitselect(f32x4.add(g1, f32x4.mul(momentum, v1)), v1, nesterov);
    v128.store(v + at, v0);
    v128.store(v + at, v1, 16);
    v128.store(p + at, f32x4.sub(p0, f32x4.mul(rate, step0)));
    v128.store(p + at, f32x4.sub(p1, f32x4.mul(rate, step1)), 16);
  }
}

/**
 * Adam (Kingma & Ba, arXiv 1412.6980) and AdamW (Loshchilov & Hutter, arXiv 1711.05101):
 * p −= decoupledDecay·p; g += weightDecay·p; m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²;
 * p −= stepSize·m / (√v·correction + ε).
 */
@unmanaged
export class Adam extends Elements {
  parameters: InOut;
  gradients: In;
  m: InOut;
  v: InOut;
  /**
   * Floats: stepSize = learningRate/(1−β₁ᵗ), β₁, β₂, ε, weightDecay, decoupledDecay =
   * learningRate·weightDecay, correction = 1/√(1−β₂ᵗ), 1−β₁, 1−β₂.
   */
  settings: In;
  /** 0 where these parameters are spared weight decay. */
  decays: i32;
}

export function adam(op: Adam, task: i32, scratch: usize): void {
  const at = (<usize>(task * TASK)) << 2;
  const count = min(TASK, op.count - task * TASK);
  const whole = (<usize>(count & ~7)) << 2;
  const p = op.parameters + at;
  const g = op.gradients + at;
  const m = op.m + at;
  const v = op.v + at;
  adamSteps(p, g, m, v, whole, op.settings, op.decays);
  // What is no pair of vectors is completed in scratch.
  const rest = count & 7;
  copy(scratch, p + whole, rest);
  copy(scratch + 32, g + whole, rest);
  copy(scratch + 64, m + whole, rest);
  copy(scratch + 96, v + whole, rest);
  adamSteps(scratch, scratch + 32, scratch + 64, scratch + 96, 32, op.settings, op.decays);
  copyExactly(p + whole, scratch, rest);
  copyExactly(m + whole, scratch + 64, rest);
  copyExactly(v + whole, scratch + 96, rest);
}

function adamSteps(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  bytes: usize,
  settings: usize,
  decays: i32,
): void {
  const stepSize = v128.load32_splat(settings);
  const beta1 = v128.load32_splat(settings, 4);
  const beta2 = v128.load32_splat(settings, 8);
  const epsilon = v128.load32_splat(settings, 12);
  const decay = decayOf(decays, settings + 16);
  const decoupled = decayOf(decays, settings + 20);
  const correction = v128.load32_splat(settings, 24);
  const fresh1 = v128.load32_splat(settings, 28);
  const fresh2 = v128.load32_splat(settings, 32);
  for (let at: usize = 0; at < bytes; at += 32) {
    const p0 = v128.load(p + at);
    const p1 = v128.load(p + at, 16);
    const g0 = f32x4.add(v128.load(g + at), f32x4.mul(decay, p0));
    const g1 = f32x4.add(v128.load(g + at, 16), f32x4.mul(decay, p1));
    const m0 = flush(f32x4.add(f32x4.mul(beta1, v128.load(m + at)), f32x4.mul(fresh1, g0)));
    const m1 = flush(f32x4.add(f32x4.mul(beta1, v128.load(m + at, 16)), f32x4.mul(fresh1, g1)));
    const v0 = flush(
      f32x4.add(f32x4.mul(beta2, v128.load(v + at)), f32x4.mul(fresh2, f32x4.mul(g0, g0))),
    );
    const v1 = flush(
      f32x4.add(f32x4.mul(beta2, v128.load(v + at, 16)), f32x4.mul(fresh2, f32x4.mul(g1, g1))),
    );
    const root0 = f32x4.add(f32x4.mul(f32x4.sqrt(v0), correction), epsilon);
    const root1 = f32x4.add(f32x4.mul(f32x4.sqrt(v1), correction), epsilon);
    const kept0 = f32x4.sub(p0, f32x4.mul(decoupled, p0));
    const kept1 = f32x4.sub(p1, f32x4.mul(decoupled, p1));
    v128.store(m + at, m0);
    v128.store(m + at, m1, 16);
    v128.store(v + at, v0);
    v128.store(v + at, v1, 16);
    v128.store(p + at, f32x4.sub(kept0, f32x4.div(f32x4.mul(stepSize, m0), root0)));
    v128.store(p + at, f32x4.sub(kept1, f32x4.div(f32x4.mul(stepSize, m1), root1)), 16);
  }
}

/**
 * RMSprop (Tieleman & Hinton, 2012) as PyTorch writes it, ε outside the root: g += weightDecay·p;
 * square = ρ·square + (1−ρ)g²; v = momentum·v + g / (√square + ε); p −= learningRate·v.
 */
@unmanaged
export class Rmsprop extends Elements {
  parameters: InOut;
  gradients: In;
  square: InOut;
  /** Velocity, or 0 where there is no momentum. */
  velocity: InOut;
  /** Floats: learningRate, ρ, momentum, ε, weightDecay, 1−ρ. */
  settings: In;
  /** 0 where these parameters are spared weight decay. */
  decays: i32;
}

export function rmsprop(op: Rmsprop, task: i32, scratch: usize): void {
  const at = (<usize>(task * TASK)) << 2;
  const count = min(TASK, op.count - task * TASK);
  const whole = (<usize>(count & ~7)) << 2;
  const p = op.parameters + at;
  const g = op.gradients + at;
  const s = op.square + at;
  // What is no pair of vectors is completed in scratch.
  const rest = count & 7;
  copy(scratch, p + whole, rest);
  copy(scratch + 32, g + whole, rest);
  copy(scratch + 64, s + whole, rest);
  if (op.velocity) {
    const v = op.velocity + at;
    copy(scratch + 96, v + whole, rest);
    rmspropSteps(true, p, g, s, v, whole, op.settings, op.decays);
    rmspropSteps(
      true,
      scratch,
      scratch + 32,
      scratch + 64,
      scratch + 96,
      32,
      op.settings,
      op.decays,
    );
    copyExactly(v + whole, scratch + 96, rest);
  } else {
    rmspropSteps(false, p, g, s, 0, whole, op.settings, op.decays);
    rmspropSteps(false, scratch, scratch + 32, scratch + 64, 0, 32, op.settings, op.decays);
  }
  copyExactly(p + whole, scratch, rest);
  copyExactly(s + whole, scratch + 64, rest);
}

// @ts-ignore: decorator
@inline
function rmspropSteps(
  hasMomentum: bool,
  p: usize,
  g: usize,
  s: usize,
  v: usize,
  bytes: usize,
  settings: usize,
  decays: i32,
): void {
  const rate = v128.load32_splat(settings);
  const rho = v128.load32_splat(settings, 4);
  const momentum = v128.load32_splat(settings, 8);
  const epsilon = v128.load32_splat(settings, 12);
  const decay = decayOf(decays, settings + 16);
  const fresh = v128.load32_splat(settings, 20);
  for (let at: usize = 0; at < bytes; at += 32) {
    const p0 = v128.load(p + at);
    const p1 = v128.load(p + at, 16);
    const g0 = f32x4.add(v128.load(g + at), f32x4.mul(decay, p0));
    const g1 = f32x4.add(v128.load(g + at, 16), f32x4.mul(decay, p1));
    const s0 = flush(
      f32x4.add(f32x4.mul(rho, v128.load(s + at)), f32x4.mul(fresh, f32x4.mul(g0, g0))),
    );
    const s1 = flush(
      f32x4.add(f32x4.mul(rho, v128.load(s + at, 16)), f32x4.mul(fresh, f32x4.mul(g1, g1))),
    );
    let v0 = f32x4.div(g0, f32x4.add(f32x4.sqrt(s0), epsilon));
    let v1 = f32x4.div(g1, f32x4.add(f32x4.sqrt(s1), epsilon));
    if (hasMomentum) {
      v0 = flush(f32x4.add(f32x4.mul(momentum, v128.load(v + at)), v0));
      v1 = flush(f32x4.add(f32x4.mul(momentum, v128.load(v + at, 16)), v1));
      v128.store(v + at, v0);
      v128.store(v + at, v1, 16);
    }
    v128.store(s + at, s0);
    v128.store(s + at, s1, 16);
    v128.store(p + at, f32x4.sub(p0, f32x4.mul(rate, v0)));
    v128.store(p + at, f32x4.sub(p1, f32x4.mul(rate, v1)), 16);
  }
}

/**
 * Adagrad (Duchi et al., 2011): g += weightDecay·p; sum += g²; p −= learningRate·g / (√(initial + sum) + ε). The
 * sum is kept without its initial value, so that it may begin as zeros.
 */
@unmanaged
export class Adagrad extends Elements {
  parameters: InOut;
  gradients: In;
  sum: InOut;
  /** Floats: learningRate, initial, ε, weightDecay. */
  settings: In;
  /** 0 where these parameters are spared weight decay. */
  decays: i32;
}

export function adagrad(op: Adagrad, task: i32, scratch: usize): void {
  const at = (<usize>(task * TASK)) << 2;
  const count = min(TASK, op.count - task * TASK);
  const whole = (<usize>(count & ~7)) << 2;
  const p = op.parameters + at;
  const g = op.gradients + at;
  const s = op.sum + at;
  adagradSteps(p, g, s, whole, op.settings, op.decays);
  // What is no pair of vectors is completed in scratch.
  const rest = count & 7;
  copy(scratch, p + whole, rest);
  copy(scratch + 32, g + whole, rest);
  copy(scratch + 64, s + whole, rest);
  adagradSteps(scratch, scratch + 32, scratch + 64, 32, op.settings, op.decays);
  copyExactly(p + whole, scratch, rest);
  copyExactly(s + whole, scratch + 64, rest);
}

function adagradSteps(
  p: usize,
  g: usize,
  s: usize,
  bytes: usize,
  settings: usize,
  decays: i32,
): void {
  const rate = v128.load32_splat(settings);
  const initial = v128.load32_splat(settings, 4);
  const epsilon = v128.load32_splat(settings, 8);
  const decay = decayOf(decays, settings + 12);
  for (let at: usize = 0; at < bytes; at += 32) {
    const p0 = v128.load(p + at);
    const p1 = v128.load(p + at, 16);
    const g0 = f32x4.add(v128.load(g + at), f32x4.mul(decay, p0));
    const g1 = f32x4.add(v128.load(g + at, 16), f32x4.mul(decay, p1));
    const s0 = flush(f32x4.add(v128.load(s + at), f32x4.mul(g0, g0)));
    const s1 = flush(f32x4.add(v128.load(s + at, 16), f32x4.mul(g1, g1)));
    const root0 = f32x4.add(f32x4.sqrt(f32x4.add(initial, s0)), epsilon);
    const root1 = f32x4.add(f32x4.sqrt(f32x4.add(initial, s1)), epsilon);
    v128.store(s + at, s0);
    v128.store(s + at, s1, 16);
    v128.store(p + at, f32x4.sub(p0, f32x4.div(f32x4.mul(rate, g0), root0)));
    v128.store(p + at, f32x4.sub(p1, f32x4.div(f32x4.mul(rate, g1), root1)), 16);
  }
}

/** average = old·average + fresh·x: the exponential moving average of the weights. */
@unmanaged
export class MovingAverage extends Elements {
  average: InOut;
  x: In;
  /** Two floats: old and fresh, the shares of both. */
  settings: In;
}

export function movingAverage(op: MovingAverage, task: i32): void {
  const end = min(op.count, (task + 1) * TASK);
  const average = op.average,
    x = op.x;
  const old = v128.load32_splat(op.settings);
  const fresh = v128.load32_splat(op.settings, 4);
  for (let i = task * TASK; i < end; i += 4) {
    const at = (<usize>i) << 2;
    const next = f32x4.add(
      f32x4.mul(old, v128.load(average + at)),
      f32x4.mul(fresh, v128.load(x + at)),
    );
    storeLanes(average + at, flush(next), end - i);
  }
}
