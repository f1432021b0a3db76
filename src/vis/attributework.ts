// What the methods of attribution work with.

import type { Model, Tensor } from '../core.js';
import type { Target } from './samples.js';

/** How an attribution is found. */
export type AttributionMethod =
  | 'gradient'
  | 'inputXGradient'
  | 'smoothGrad'
  | 'guided'
  | 'deconvolution'
  | 'integratedGradients'
  | 'occlusion'
  | 'rise';

/** Options of `vis.attribute`. */
export interface AttributeOptions {
  /** The class whose score is attributed: one for all images, or one for each. By default the one with the highest. */
  target?: Target;
  /** 'gradient' by default. */
  method?: AttributionMethod;
  /** smoothGrad: how many noisy copies, 50 by default; integratedGradients: how many points of the path, 64; rise: masks, 2000. */
  samples?: number;
  /** smoothGrad: the noise's standard deviation as a share of the image's range, 0.15 by default. */
  noise?: number;
  /** occlusion: the side of the square that is hidden, by default an eighth of the image's shorter side. */
  windowSize?: number;
  /** occlusion: pixels from one square to the next, by default half its side. */
  strides?: number;
  /** What hidden pixels become, and where integratedGradients begins: 0 by default. */
  baseline?: number;
  /** smoothGrad and rise: 0 by default. */
  seed?: number;
  /** Images at a time: 32 by default. */
  batchSize?: number;
  /** Called with the share of the work that is done, from 0 to 1. */
  onProgress?: (done: number) => void;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

/** What each method works with. */
export interface Work extends AttributeOptions {
  readonly model: Model;
  /** [n, ...inputShape]. */
  readonly x: Tensor;
  readonly targets: readonly number[];
}
