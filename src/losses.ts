// Losses: what training makes smaller. Plain descriptions, so that they can be saved.

import type { Loss } from './emit/loss.js';

export type { Loss } from './emit/loss.js';

/**
 * −Σ target·ln softmax(output), the mean over samples. Targets are class indices, one-hot rows or
 * any weights. A model that ends in softmax is trained on what goes into that softmax.
 */
export const softmaxCrossEntropy = (): Loss => ({ type: 'softmaxCrossEntropy' });

/** The mean of (output − target)² over outputs and samples. Targets are shaped like the output. */
export const meanSquaredError = (): Loss => ({ type: 'meanSquaredError' });
