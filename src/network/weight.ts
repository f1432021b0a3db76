// The public type of a weight.

import type { Tensor } from '../tensor/tensor.js';

/** A weight of a model. */
export interface Weight {
  /** 'layer/parameter'; no other weight of the model has the same. */
  readonly name: string;
  /** The numbers themselves: writing to `tensor.data` changes the model. */
  readonly tensor: Tensor;
  /** The gradient of the last training step; null for weights that are not trained. */
  readonly gradient: Tensor | null;
  /** False for running statistics, and for all weights of a layer that is not `trainable`. */
  readonly trainable: boolean;
}
