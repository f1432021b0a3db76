// Optimizers: one pass over the flat vectors of parameters, gradients and state. The step's numbers
// come from memory, so that a schedule changes a float and not the program.

import { In, InOut, Op } from './op';
import { flush, storeLanes } from './simd';

/** Floats of one tile, as in elementwise.ts. */
// @ts-ignore: decorator
@inline const TILE: i32 = 16384;

/**
 * g += weightDecay·p; v = momentum·v + g; p −= learningRate·(nesterov ? g + momentum·v : v)
 * (Sutskever et al., 2013, in PyTorch's form).
 */
@unmanaged
export class Sgd extends Op {
  parameters: InOut;
  gradients: In;
  /** Velocity, or 0 for plain descent. */
  velocity: InOut;
  /** Floats: learningRate, momentum, weightDecay, nesterov (0 or 1). */
  settings: In;
  count: i32;
}

export function sgd(op: Sgd, tile: i32): void {
  const end = min(op.count, (tile + 1) * TILE);
  const rate = v128.load32_splat(op.settings);
  const momentum = v128.load32_splat(op.settings, 4);
  const decay = v128.load32_splat(op.settings, 8);
  const nesterov = load<f32>(op.settings, 12) != 0;
  for (let i = tile * TILE; i < end; i += 4) {
    const at = <usize>i << 2;
    const p = v128.load(op.parameters + at);
    const g = f32x4.add(v128.load(op.gradients + at), f32x4.mul(decay, p));
    let step = g;
    if (op.velocity) {
      const v = flush(f32x4.add(f32x4.mul(momentum, v128.load(op.velocity + at)), g));
      storeLanes(op.velocity + at, v, end - i);
      step = nesterov ? f32x4.add(g, f32x4.mul(momentum, v)) : v;
    }
    storeLanes(op.parameters + at, f32x4.sub(p, f32x4.mul(rate, step)), end - i);
  }
}

/**
 * Adam (Kingma & Ba, arXiv 1412.6980) and AdamW (Loshchilov & Hutter, arXiv 1711.05101):
 * p −= decoupledDecay·p; g += weightDecay·p; m = β₁m + (1−β₁)g; v = β₂v + (1−β₂)g²;
 * p −= stepSize·m / (√v·correction + ε).
 */
@unmanaged
export class Adam extends Op {
  parameters: InOut;
  gradients: In;
  m: InOut;
  v: InOut;
  /**
   * Floats: stepSize = learningRate/(1−β₁ᵗ), β₁, β₂, ε, weightDecay, decoupledDecay =
   * learningRate·weightDecay, correction = 1/√(1−β₂ᵗ), 1−β₁, 1−β₂.
   */
  settings: In;
  count: i32;
}

export function adam(op: Adam, tile: i32): void {
  const end = min(op.count, (tile + 1) * TILE);
  const stepSize = v128.load32_splat(op.settings);
  const beta1 = v128.load32_splat(op.settings, 4);
  const beta2 = v128.load32_splat(op.settings, 8);
  const epsilon = v128.load32_splat(op.settings, 12);
  const decay = v128.load32_splat(op.settings, 16);
  const decoupled = v128.load32_splat(op.settings, 20);
  const correction = v128.load32_splat(op.settings, 24);
  const fresh1 = v128.load32_splat(op.settings, 28);
  const fresh2 = v128.load32_splat(op.settings, 32);
  for (let i = tile * TILE; i < end; i += 4) {
    const at = <usize>i << 2;
    const p = v128.load(op.parameters + at);
    const g = f32x4.add(v128.load(op.gradients + at), f32x4.mul(decay, p));
    const m = flush(f32x4.add(f32x4.mul(beta1, v128.load(op.m + at)), f32x4.mul(fresh1, g)));
    const v = flush(f32x4.add(f32x4.mul(beta2, v128.load(op.v + at)), f32x4.mul(fresh2, f32x4.mul(g, g))));
    storeLanes(op.m + at, m, end - i);
    storeLanes(op.v + at, v, end - i);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(v), correction), epsilon);
    const kept = f32x4.sub(p, f32x4.mul(decoupled, p));
    storeLanes(op.parameters + at, f32x4.sub(kept, f32x4.div(f32x4.mul(stepSize, m), root)), end - i);
  }
}

