// Losses: what training makes smaller. Plain descriptions, so that they can be saved.
//
// Each is taken row by row and averaged over rows: a row is the last dimension of the output, so that a
// network with a class for every pixel has a row for every pixel.

import { checkObject } from '../base/options.js';
import { checkLoss, type Loss } from '../operators/loss/loss.emit.js';

export type { Loss } from '../operators/loss/loss.emit.js';

/** How sure targets may be. */
export interface CrossEntropyOptions {
  /** This share of each target is spread evenly over all classes (arXiv 1512.00567): 0 by default. */
  labelSmoothing?: number;
}

/** How sure targets may be, and which do not count. */
export interface SoftmaxCrossEntropyOptions extends CrossEntropyOptions {
  /**
   * Rows of this label, such as 255 for pixels that nobody labelled, count neither in the loss nor in metrics: means
   * are over the others, as in Keras and PyTorch (`ignore_index`). Targets must then be class indices.
   */
  ignoreClass?: number;
}

/** When the error counts as large. */
export interface HuberOptions {
  /** Errors up to it count by their square: 1 by default. */
  delta?: number;
}

/**
 * −Σ target·ln softmax(output). Targets are class indices, one-hot rows or any weights. A model that ends
 * in softmax is trained on what goes into that softmax.
 */
export function softmaxCrossEntropy(options: SoftmaxCrossEntropyOptions = {}): Loss {
  return make('softmaxCrossEntropy', options);
}

/**
 * −target·ln p − (1 − target)·ln(1 − p) with p = sigmoid(output), the mean over outputs: for one yes or no,
 * or several that do not exclude each other. Targets are from 0 to 1, shaped like the output; smoothing
 * draws them towards ½. Taken on logits: a model that ends in sigmoid is trained on what goes into it.
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return make('binaryCrossEntropy', options);
}

/** The mean of (output − target)² over outputs. Targets are shaped like the output. */
export const meanSquaredError = (): Loss => checkLoss('meanSquaredError');

/** The mean of |output − target| over outputs. Targets are shaped like the output. */
export const meanAbsoluteError = (): Loss => checkLoss('meanAbsoluteError');

/**
 * The mean over outputs of d²/2 where d = |output − target| is at most delta, of delta·(d − delta/2) beyond
 * (Huber, 1964): outliers pull no harder than delta. Targets are shaped like the output.
 */
export function huber(options: HuberOptions = {}): Loss {
  return make('huber', options);
}

/**
 * The mean of max(0, 1 − target·output) over outputs. Targets are −1 and 1, or 0 and 1, where 0 counts as
 * −1 (Keras's way); shaped like the output.
 */
export const hinge = (): Loss => checkLoss('hinge');

const make = (type: Loss['type'], options: object): Loss =>
  checkLoss({ ...checkObject(`losses.${type}`, options), type });
