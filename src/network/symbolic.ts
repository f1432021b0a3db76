// Symbolic tensors: what a network is described with. They have a shape and say how they come about;
// numbers they have none.

import type { Shape } from '../base/shape.js';
import type { Layer } from './layer.js';

/** What a layer makes of what it was applied to. Made by `input` and by a layer's `apply`. */
export class SymbolicTensor {
  /** Without the batch. */
  readonly shape: Shape;
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];

  /** @internal */
  constructor(shape: Shape, layer: Layer, inputs: readonly SymbolicTensor[]) {
    this.shape = Object.freeze([...shape]);
    this.layer = layer;
    this.inputs = Object.freeze([...inputs]);
  }

  /** That of its layer. */
  get name(): string {
    return this.layer.name;
  }
}
