// A weight as the user sees it.

import type { Tensor } from '../tensor/tensor.js';

/** A weight of a model. */
export interface Weight {
  /** `layer/parameter`, unique in the model. */
  readonly name: string;
  /** The numbers themselves: writing to `tensor.data` changes the model. */
  readonly tensor: Tensor;
  /** The gradient of the last training step, null for what is not trained. */
  readonly gradient: Tensor | null;
  /** False for running statistics, and for all weights of a layer that is not `trainable`. */
  readonly trainable: boolean;
}
