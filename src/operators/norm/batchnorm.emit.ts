// Batch normalisation as ops, over rows of channels, with the ReLU that may follow it.

import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';

/** What is normalised. */
export interface NormSize {
  readonly rows: number;
  readonly channels: number;
  readonly epsilon: number;
  /** Whether ReLU is applied to the result. */
  readonly rectify?: boolean;
  /** What is added to the result before the ReLU: [rows, channels]. */
  readonly residual?: Operand;
}

/**
 * How many parts sums over rows have: the shape alone decides. Up to 16, each of at least 2¹⁴ numbers, as a part is
 * one thread's work; more where a part had over 2¹⁸: memory is read best in long runs, but long sums round.
 */
function partsOf({ rows, channels }: NormSize): number {
  const numbers = rows * channels;
  const parts = Math.max(Math.min(16, numbers / 2 ** 14), numbers / 2 ** 18);
  return Math.max(1, Math.floor(Math.min(parts, rows)));
}

const rectified = ({ rows, channels, rectify }: NormSize) => ({
  rows,
  channels,
  rectify: rectify ? 1 : 0,
});

/** What is normalised and how: x is [rows, channels], the rest [channels]. */
export interface Parameters {
  readonly x: Value;
  readonly gamma: Value;
  readonly beta: Value;
}

/** Mean and (biased) variance, [channels] each: this batch's or running ones. */
export interface Moments {
  readonly mean: Value;
  readonly variance: Value;
}

/** This batch's mean and variance; returns gamma/σ. */
export function normMoments(
  e: Emitter,
  { mean, variance }: Moments,
  { x, gamma }: Omit<Parameters, 'beta'>,
  size: NormSize,
): Value {
  const { rows, channels, epsilon } = size;
  const splits = partsOf(size);
  const partials = e.value([splits, 2, channels]);
  const scale = e.value([channels]);
  e.emit('normStatistics', { partials, x, rows, channels, splits });
  e.emit('normMerge', { mean, variance, scale, partials, gamma, rows, channels, splits, epsilon });
  return scale;
}

/** y = (x − mean)/σ·gamma + beta with this batch's mean and variance, which are written. */
export function normTraining(
  e: Emitter,
  { y, mean, variance }: Moments & { readonly y: Value },
  { x, gamma, beta }: Parameters,
  size: NormSize,
): void {
  const scale = normMoments(e, { mean, variance }, { x, gamma }, size);
  const { residual = none } = size;
  e.emit('normApply', { y, x, mean, scale, beta, residual, ...rectified(size) });
}

/** running = momentum·running + (1 − momentum)·batch. */
export function normRunning(
  e: Emitter,
  runningMean: Value,
  runningVariance: Value,
  { mean, variance }: Moments,
  momentum: number,
  { rows, channels }: NormSize,
): void {
  e.emit('normRunning', { runningMean, runningVariance, mean, variance, rows, channels, momentum });
}

/** y = (x − mean)/σ·gamma + beta with given mean and variance. */
export function normInference(
  e: Emitter,
  y: Value,
  { x, gamma, beta, mean, variance }: Parameters & Moments,
  size: NormSize,
): void {
  const { channels, epsilon } = size;
  const scale = e.value([channels]);
  e.emit('normFold', { scale, gamma, variance, channels, epsilon });
  const { residual = none } = size;
  e.emit('normApply', { y, x, mean, scale, beta, residual, ...rectified(size) });
}

/** The gradient of `normInference` for its x: dy·gamma/σ. dx may be dy. */
export function normInferenceBackward(
  e: Emitter,
  dx: Value,
  dy: Value,
  { gamma, variance }: Pick<Parameters, 'gamma'> & Pick<Moments, 'variance'>,
  { rows, channels, epsilon }: NormSize,
): void {
  const scale = e.value([channels]);
  const nothing = { mean: none, beta: none, residual: none } as const;
  e.emit('normFold', { scale, gamma, variance, channels, epsilon });
  e.emit('normApply', { y: dx, x: dy, scale, ...nothing, rows, channels, rectify: 0 });
}

/**
 * The kernel and bias with which a layer does the work of the inference batch norm after it.
 *
 * @param kernel [..., filters]
 * @param bias [filters]
 */
export function normFolded(
  e: Emitter,
  kernel: Value,
  bias: Operand,
  { gamma, beta, mean, variance }: Omit<Parameters, 'x'> & Moments,
  epsilon: number,
): { kernel: Value; bias: Value } {
  const filters = kernel.shape.at(-1) as number;
  const rows = kernel.size / filters;
  const statistics = { gamma, beta, mean, variance };
  const folded = e.form(kernel, [rows + 1, filters], (to, form) =>
    to.emit('normFoldFilter', {
      folded: form,
      filter: kernel,
      bias,
      ...statistics,
      rows,
      filters,
      epsilon,
    }),
  );
  return { kernel: folded.view(kernel.shape), bias: folded.view([filters], kernel.size) };
}

/** Gradients of `normTraining`: dx, which may be dy or `none`, is [rows, channels], the rest [channels]. */
export interface Gradients {
  readonly dx: Operand;
  readonly dgamma: Value;
  readonly dbeta: Value;
}

/** The gradients of `normTraining`. beta is needed where it rectifies. */
export function normBackward(
  e: Emitter,
  { dx, dgamma, dbeta }: Gradients,
  dy: Value,
  from: Omit<Parameters, 'beta'> & Moments & { readonly beta?: Value },
  size: NormSize,
): void {
  const { x, gamma, mean, variance } = from;
  const beta: Operand = from.beta ?? none;
  const { rows, channels, epsilon } = size;
  const splits = partsOf(size);
  const partials = e.value([splits, 2, channels]);
  const [scale, slope, offset] = [e.value([channels]), e.value([channels]), e.value([channels])];
  const both = { dy, x, mean, scale, beta, ...rectified(size) };
  const merged = { dgamma, dbeta, slope, offset };
  e.emit('normFold', { scale, gamma, variance, channels, epsilon });
  e.emit('normBackwardSums', { ...both, partials, splits });
  e.emit('normBackwardMerge', { ...merged, partials, variance, rows, channels, splits, epsilon });
  if (dx) e.emit('normBackward', { ...both, dx, slope, offset });
}
