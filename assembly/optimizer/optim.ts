// Optimizers: one pass over the flat vectors of parameters, gradients and state. The step's numbers
// come from memory, so that a schedule changes a float and not the program. They are read by `load32_splat`: what
// `splat` makes of a loaded float, V8 makes again for each vector.

import { Elements, TASK } from '../core/elementwise';
import { In, InOut } from '../core/op';
import { copy, copyExactly, flush } from '../core/simd';

/** What all updates have. */
@unmanaged
export class Update extends Elements {
  parameters: InOut;
  gradients: In;
  /** The step's numbers, floats: `SgdSettings` for `Sgd`, and so on. */
  settings: In;
  /** 0 where these parameters are spared weight decay. */
  decays: i32;
}

/** What is done to each number. */
const enum Rule {
  Plain,
  Momentum,
  Adam,
  Rmsprop,
  RmspropMomentum,
  Adagrad,
}

/** One task of an update by a rule that keeps up to two vectors of state: a and b, or 0 for none. */
// @ts-ignore: decorator
@inline
function updateTask(rule: Rule, op: Update, a: usize, b: usize, task: i32, scratch: usize): void {
  const at = (<usize>(task * TASK)) << 2;
  const count = min(TASK, op.count - task * TASK);
  const whole = (<usize>(count & ~7)) << 2;
  let p = op.parameters + at;
  let g = op.gradients + at;
  if (a) a += at;
  if (b) b += at;
  steps(rule, op, p, g, a, b, whole);
  // The last floats, fewer than two vectors, are completed in scratch.
  const rest = count & 7;
  p += whole;
  g += whole;
  if (a) a += whole;
  if (b) b += whole;
  copyRest(scratch, p, g, a, b, rest);
  steps(rule, op, scratch, scratch + 32, scratch + 64, scratch + 96, 32);
  storeRest(scratch, p, a, b, rest);
}

function copyRest(scratch: usize, p: usize, g: usize, a: usize, b: usize, rest: i32): void {
  copy(scratch, p, rest);
  copy(scratch + 32, g, rest);
  if (a) copy(scratch + 64, a, rest);
  if (b) copy(scratch + 96, b, rest);
}

function storeRest(scratch: usize, p: usize, a: usize, b: usize, rest: i32): void {
  copyExactly(p, scratch, rest);
  if (a) copyExactly(a, scratch + 64, rest);
  if (b) copyExactly(b, scratch + 96, rest);
}

/** Updates `bytes` of p by g, a and b: whole pairs of vectors. */
// @ts-ignore: decorator
@inline
function steps(rule: Rule, op: Update, p: usize, g: usize, a: usize, b: usize, bytes: usize): void {
  const settings = op.settings;
  const decays = op.decays;
  switch (rule) {
    case Rule.Plain:
      return plainSteps(p, g, bytes, settings, decays);
    case Rule.Momentum:
      return momentumSteps(p, g, a, bytes, settings, decays);
    case Rule.Adam:
      return adamSteps(p, g, a, b, bytes, settings, decays);
    case Rule.Rmsprop:
      return rmspropSteps(false, p, g, a, 0, bytes, settings, decays);
    case Rule.RmspropMomentum:
      return rmspropSteps(true, p, g, a, b, bytes, settings, decays);
    default:
      return adagradSteps(p, g, a, bytes, settings, decays);
  }
}

/** The setting at an address, or 0 for parameters that are spared. */
// @ts-ignore: decorator
@inline
function decayOf(decays: i32, setting: usize): v128 {
  return f32x4.splat(decays ? load<f32>(setting) : 0);
}

/**
 * g += weightDecay·p; v = momentum·v + g; p −= learningRate·(nesterov ? g + momentum·v : v)
 * (Sutskever et al., 2013, as PyTorch writes it).
 */
@unmanaged
export class Sgd extends Update {
  /** Velocity, or 0 for plain descent. */
  velocity: InOut;
}

/** The numbers of `Sgd`. */
@unmanaged
export class SgdSettings {
  learningRate: f32;
  momentum: f32;
  weightDecay: f32;
  /** 0 or 1. */
  nesterov: f32;
}

export function sgd(op: Sgd, task: i32, scratch: usize): void {
  if (op.velocity) updateTask(Rule.Momentum, op, op.velocity, 0, task, scratch);
  else updateTask(Rule.Plain, op, 0, 0, task, scratch);
}

function plainSteps(p: usize, g: usize, bytes: usize, settings: usize, decays: i32): void {
  const rate = v128.load32_splat(settings, offsetof<SgdSettings>('learningRate'));
  const decay = decayOf(decays, settings + offsetof<SgdSettings>('weightDecay'));
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
  const rate = v128.load32_splat(settings, offsetof<SgdSettings>('learningRate'));
  const momentum = v128.load32_splat(settings, offsetof<SgdSettings>('momentum'));
  const decay = decayOf(decays, settings + offsetof<SgdSettings>('weightDecay'));
  const nesterov = f32x4.ne(
    v128.load32_splat(settings, offsetof<SgdSettings>('nesterov')),
    f32x4.splat(0),
  );
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
export class Adam extends Update {
  m: InOut;
  v: InOut;
}

/** The numbers of `Adam` at step t. */
@unmanaged
export class AdamSettings {
  /** learningRate/(1−β₁ᵗ). */
  stepSize: f32;
  beta1: f32;
  beta2: f32;
  epsilon: f32;
  weightDecay: f32;
  /** learningRate·weightDecay. */
  decoupledDecay: f32;
  /** 1/√(1−β₂ᵗ). */
  correction: f32;
  /** 1−β₁. */
  fresh1: f32;
  /** 1−β₂. */
  fresh2: f32;
}

export function adam(op: Adam, task: i32, scratch: usize): void {
  updateTask(Rule.Adam, op, op.m, op.v, task, scratch);
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
  const stepSize = v128.load32_splat(settings, offsetof<AdamSettings>('stepSize'));
  const beta1 = v128.load32_splat(settings, offsetof<AdamSettings>('beta1'));
  const beta2 = v128.load32_splat(settings, offsetof<AdamSettings>('beta2'));
  const epsilon = v128.load32_splat(settings, offsetof<AdamSettings>('epsilon'));
  const decay = decayOf(decays, settings + offsetof<AdamSettings>('weightDecay'));
  const decoupled = decayOf(decays, settings + offsetof<AdamSettings>('decoupledDecay'));
  const correction = v128.load32_splat(settings, offsetof<AdamSettings>('correction'));
  const fresh1 = v128.load32_splat(settings, offsetof<AdamSettings>('fresh1'));
  const fresh2 = v128.load32_splat(settings, offsetof<AdamSettings>('fresh2'));
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
export class Rmsprop extends Update {
  square: InOut;
  /** Velocity, or 0 where there is no momentum. */
  velocity: InOut;
}

/** The numbers of `Rmsprop`. */
@unmanaged
export class RmspropSettings {
  learningRate: f32;
  rho: f32;
  momentum: f32;
  epsilon: f32;
  weightDecay: f32;
  /** 1−ρ. */
  fresh: f32;
}

export function rmsprop(op: Rmsprop, task: i32, scratch: usize): void {
  if (op.velocity) updateTask(Rule.RmspropMomentum, op, op.square, op.velocity, task, scratch);
  else updateTask(Rule.Rmsprop, op, op.square, 0, task, scratch);
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
  const rate = v128.load32_splat(settings, offsetof<RmspropSettings>('learningRate'));
  const rho = v128.load32_splat(settings, offsetof<RmspropSettings>('rho'));
  const momentum = v128.load32_splat(settings, offsetof<RmspropSettings>('momentum'));
  const epsilon = v128.load32_splat(settings, offsetof<RmspropSettings>('epsilon'));
  const decay = decayOf(decays, settings + offsetof<RmspropSettings>('weightDecay'));
  const fresh = v128.load32_splat(settings, offsetof<RmspropSettings>('fresh'));
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
export class Adagrad extends Update {
  sum: InOut;
}

/** The numbers of `Adagrad`. */
@unmanaged
export class AdagradSettings {
  learningRate: f32;
  initial: f32;
  epsilon: f32;
  weightDecay: f32;
}

export function adagrad(op: Adagrad, task: i32, scratch: usize): void {
  updateTask(Rule.Adagrad, op, op.sum, 0, task, scratch);
}

function adagradSteps(
  p: usize,
  g: usize,
  s: usize,
  bytes: usize,
  settings: usize,
  decays: i32,
): void {
  const rate = v128.load32_splat(settings, offsetof<AdagradSettings>('learningRate'));
  const initial = v128.load32_splat(settings, offsetof<AdagradSettings>('initial'));
  const epsilon = v128.load32_splat(settings, offsetof<AdagradSettings>('epsilon'));
  const decay = decayOf(decays, settings + offsetof<AdagradSettings>('weightDecay'));
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
