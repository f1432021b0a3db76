// `losses`: what training makes smaller. Plain descriptions, so that they can be saved.
//
// A loss is computed for each row of the output, and averaged over rows. A row is the output's last dimension: a
// network that classifies each pixel has a row for each pixel.

import { checkObject } from '../base/options.js';
import { checkLoss, type Loss } from '../operators/loss/loss.emit.js';

export type { Loss } from '../operators/loss/loss.emit.js';

const make = (type: Loss['type'], options: object): Loss =>
  checkLoss({
    ...checkObject(`losses.${type}`, options, type === 'huber' ? 'delta' : 'labelSmoothing'),
    type,
  });

/** The factory of a loss without options. */
const plain =
  (type: Loss['type']) =>
  (options: Record<string, never> = {}): Loss =>
    make(type, options);

/** Options of `binaryCrossEntropy`. */
export interface CrossEntropyOptions {
  /** This share of each target is spread evenly over all classes (arXiv 1512.00567): 0 by default. */
  labelSmoothing?: number;
}

/** Options of `softmaxCrossEntropy`. */
export interface SoftmaxCrossEntropyOptions extends CrossEntropyOptions {
  /**
   * Rows with this label, such as 255 for unlabelled pixels, do not count in the loss and the metrics: means are over
   * all other rows, as in Keras and PyTorch (`ignore_index`). Targets must then be class indices.
   */
  ignoreClass?: number;
}

/** Options of `huber`. */
export interface HuberOptions {
  /** Errors up to this size count by their square, larger ones linearly: 1 by default. */
  delta?: number;
}

/**
 * −Σ target·ln softmax(output). Targets are class indices, one-hot rows, or any weights of the classes. If the model
 * ends in softmax, the loss is computed on the logits, the input of that softmax.
 */
export function softmaxCrossEntropy(options: SoftmaxCrossEntropyOptions = {}): Loss {
  return make('softmaxCrossEntropy', options);
}

/**
 * −target·ln p − (1 − target)·ln(1 − p) with p = sigmoid(output), the mean over a row: for a yes or no, or for several
 * that do not exclude each other. Targets are from 0 to 1, shaped like the output; smoothing moves them towards ½. If
 * the model ends in sigmoid, the loss is computed on the logits, the input of that sigmoid.
 */
export function binaryCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  return make('binaryCrossEntropy', options);
}

/** The mean of (output − target)² over a row. Targets are shaped like the output. */
export const meanSquaredError = plain('meanSquaredError');

/** The mean of |output − target| over a row. Targets are shaped like the output. */
export const meanAbsoluteError = plain('meanAbsoluteError');

/**
 * With d = |output − target|, the mean over a row of d²/2 if d ≤ delta, else of delta·(d − delta/2) (Huber, 1964): the
 * slope of an outlier is at most delta. Targets are shaped like the output.
 */
export function huber(options: HuberOptions = {}): Loss {
  return make('huber', options);
}

/**
 * The mean of max(0, 1 − target·output) over a row. Targets are −1 and 1, shaped like the output; 0 counts as −1, as in
 * Keras.
 */
export const hinge = plain('hinge');
