// Local response normalisation as ops, forward and backward, over rows of channels.

import { between, positive, whole } from '../../base/options.js';
import type { Emitter, Value } from '../../program/emitter.js';

/**
 * Options of local response normalisation: y = x / (bias + alpha/size · Σ x²)^beta over `size` channels,
 * as in PyTorch and ONNX. AlexNet's paper does not divide by the size: its α = 1e-4 over 5 channels with
 * k = 2 is `{ size: 5, alpha: 5e-4, beta: 0.75, bias: 2 }` here.
 */
export interface LrnOptions {
  /**
   * Channels of a window, half of them before the channel: 5 by default. An even number takes one more
   * before than after, as PyTorch does; ONNX takes it after.
   */
  size?: number;
  /** 1e-4 by default. */
  alpha?: number;
  /** 0.75 by default, which is also the fastest. */
  beta?: number;
  /** 1 by default. */
  bias?: number;
}

/** The words of `LrnOptions`. */
export const lrnWords = { size: whole(1), alpha: between(0), beta: between(0), bias: positive };

/** The options in full. */
export function fullLrn({
  size = 5,
  alpha = 1e-4,
  beta = 0.75,
  bias = 1,
}: LrnOptions): Required<LrnOptions> {
  return { size, alpha, beta, bias };
}

function fields(x: Value, { size, alpha, beta, bias }: Required<LrnOptions>) {
  const channels = x.shape.at(-1) as number;
  return {
    rows: x.size / channels,
    channels,
    before: Math.min(Math.floor(size / 2), channels - 1),
    after: Math.min(Math.floor((size - 1) / 2), channels - 1),
    scale: alpha / size,
    beta,
    bias,
  };
}

/** y = x / (bias + alpha/size · Σ x²)^beta. */
export function lrnForward(e: Emitter, y: Value, x: Value, options: Required<LrnOptions>): void {
  e.emit('lrn', { y, x, ...fields(x, options) });
}

/** dx, which may be dy. */
export function lrnBackward(
  e: Emitter,
  dx: Value,
  dy: Value,
  x: Value,
  options: Required<LrnOptions>,
): void {
  e.emit('lrnBackward', { dx, dy, x, ...fields(x, options) });
}
