// Calls whose result is computed when it is read, if it ever is. While gradients are taped, TF.js computes a convolution,
// its bias and its ReLU in three steps; those that nobody reads in between become one.

import { type Shape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Resident } from './cell.js';
import type { Attributes, Native } from './kernel.js';

/** The shapes of inputs; null for those that were not given. */
export type Shapes = readonly (Shape | null)[];

/** What a call is computed from. */
export interface Given {
  readonly native: Native;
  readonly shapes: Shapes;
  readonly tensors: readonly Tensor[];
  readonly attrs: Attributes;
  /** The type of the inputs which may have any. */
  readonly type: Resident;
}

/** A call that waits. */
export class PendingCall implements Given {
  /** That of the result. */
  readonly shape: Shape;
  readonly native: Native;
  readonly shapes: Shapes;
  /** The inputs: what TF.js disposes of meanwhile stays as long as it is needed. */
  readonly tensors: readonly Tensor[];
  readonly attrs: Attributes;
  readonly type: Resident;
  readonly #run: (given: Given) => Tensor;

  constructor(
    shape: Shape,
    { native, shapes, tensors, attrs, type }: Given,
    run: (given: Given) => Tensor,
  ) {
    this.shape = shape;
    this.native = native;
    this.shapes = shapes;
    this.tensors = tensors.map((tensor) => tensor.reshape([tensor.size]));
    this.attrs = attrs;
    this.type = type;
    this.#run = run;
  }

  /** Computes the result, and lets go of the inputs. */
  compute(): Tensor {
    const result = this.#run(this);
    this.drop();
    return result;
  }

  /** Lets go of the inputs, uncomputed. */
  drop(): void {
    for (const tensor of this.tensors) tensor.dispose();
  }
}

/** Whether a call that waits can also add a row of this shape. */
export function fitsBias({ native, shapes, shape }: PendingCall, bias: Shape): boolean {
  const channels = shape.at(-1);
  const isRow = bias.at(-1) === channels && sizeOf(bias) === channels;
  return native.takesBias === true && shapes.length === 2 && isRow;
}

/** The call that also adds a bias. */
export function withBias(
  { native, shapes, tensors, attrs, type }: PendingCall,
  bias: Tensor,
): Given {
  return { native, shapes: [...shapes, [bias.size]], tensors: [...tensors, bias], attrs, type };
}

/** The call that also applies ReLU; undefined where it cannot. */
export function withRelu(given: Given): Given | undefined {
  const { native, attrs } = given;
  const { activation } = attrs;
  if (!native.takesRelu || (activation && activation !== 'linear')) return undefined;
  const { shapes, tensors, type } = given;
  return { native, shapes, tensors, type, attrs: { ...attrs, activation: 'relu' } };
}
