// Batch normalisation as ops, over rows of channels.

import { ValueError } from '../errors.js';
import type { Emitter, Value } from './emitter.js';

/** Rows of one chunk of statistics: CHUNK of assembly/batchnorm.ts. */
const CHUNK = 256;

/** What is normalised. */
export interface NormSize {
  readonly rows: number;
  readonly channels: number;
  readonly epsilon: number;
}

/** @throws {ValueError} unless the number is positive */
export function checkEpsilon(where: string, epsilon: number): number {
  if (epsilon > 0 && Number.isFinite(epsilon)) return epsilon;
  throw new ValueError(`${where}: epsilon must be a positive number, not ${epsilon}`);
}

const partialSums = (e: Emitter, { rows, channels }: NormSize): Value =>
  e.value([Math.ceil(rows / CHUNK), 2, channels]);

/** y = (x − mean)/σ·gamma + beta with this batch's mean and (biased) variance, which are written. */
export function normTraining(
  e: Emitter,
  y: Value,
  mean: Value,
  variance: Value,
  x: Value,
  gamma: Value,
  beta: Value,
  size: NormSize,
): void {
  const { rows, channels, epsilon } = size;
  const partials = partialSums(e, size);
  const scale = e.value([channels]);
  e.emit('normStatistics', { partials, x, rows, channels });
  e.emit('normMerge', { mean, variance, scale, partials, gamma, rows, channels, epsilon });
  e.emit('normApply', { y, x, mean, scale, beta, rows, channels });
}

/** running = momentum·running + (1 − momentum)·batch. */
export function normRunning(
  e: Emitter,
  runningMean: Value,
  runningVariance: Value,
  mean: Value,
  variance: Value,
  momentum: number,
  { rows, channels }: NormSize,
): void {
  e.emit('normRunning', { runningMean, runningVariance, mean, variance, rows, channels, momentum });
}

/** y = (x − mean)/σ·gamma + beta with given mean and variance. */
export function normInference(
  e: Emitter,
  y: Value,
  x: Value,
  gamma: Value,
  beta: Value,
  mean: Value,
  variance: Value,
  size: NormSize,
): void {
  const { rows, channels, epsilon } = size;
  const scale = e.value([channels]);
  e.emit('normFold', { scale, gamma, variance, channels, epsilon });
  e.emit('normApply', { y, x, mean, scale, beta, rows, channels });
}

/** dgamma, dbeta and dx of `normTraining`. */
export function normBackward(
  e: Emitter,
  dx: Value,
  dgamma: Value,
  dbeta: Value,
  dy: Value,
  x: Value,
  mean: Value,
  variance: Value,
  gamma: Value,
  size: NormSize,
): void {
  const { rows, channels, epsilon } = size;
  const partials = partialSums(e, size);
  e.emit('normBackwardSums', { partials, dy, x, mean, rows, channels });
  e.emit('normBackwardMerge', { dgamma, dbeta, partials, variance, rows, channels, epsilon });
  e.emit('normBackward', {
    dx,
    dy,
    x,
    mean,
    variance,
    gamma,
    dgamma,
    dbeta,
    rows,
    channels,
    epsilon,
  });
}
