// Calls whose result is computed when it is read, if it ever is. While gradients are taped, TF.js computes a convolution,
// its bias and its ReLU in three steps; those that nobody reads in between become one.

import { type Shape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Cell } from './cell.js';
import type { Attributes, Native } from './kernel.js';

/** The shapes of inputs; null for those that were not given. */
export type Shapes = readonly (Shape | null)[];

/** What a call is computed from. */
export interface Given {
  readonly native: Native;
  readonly shapes: Shapes;
  /** The numbers of the inputs that were given. */
  readonly cells: readonly Cell[];
  readonly attrs: Attributes;
}

/** A call that waits. */
export class PendingCall implements Given {
  /** That of the result. */
  readonly shape: Shape;
  readonly native: Native;
  readonly shapes: Shapes;
  /** What TF.js disposes of meanwhile stays as long as it is needed. */
  readonly cells: readonly Cell[];
  readonly attrs: Attributes;
  readonly #run: (given: Given) => Tensor;

  constructor(
    shape: Shape,
    { native, shapes, cells, attrs }: Given,
    run: (given: Given) => Tensor,
  ) {
    this.shape = shape;
    this.native = native;
    this.shapes = shapes;
    this.cells = cells;
    this.attrs = attrs;
    this.#run = run;
    for (const cell of cells) cell.hold();
  }

  /** Computes the result, and lets go of the inputs. */
  compute(): Tensor {
    const result = this.#run(this);
    this.drop();
    return result;
  }

  /** Lets go of the inputs, uncomputed. */
  drop(): void {
    for (const cell of this.cells) cell.release();
  }
}

/** Whether a call that waits can also add a row of this shape. */
export function fitsBias({ native, shapes, shape }: PendingCall, bias: Shape): boolean {
  const channels = shape.at(-1);
  const isRow = bias.at(-1) === channels && sizeOf(bias) === channels;
  return native.takesBias === true && shapes.length === 2 && isRow;
}

/** The call that also adds a bias. */
export function withBias({ native, shapes, cells, attrs, shape }: PendingCall, bias: Cell): Given {
  return { native, shapes: [...shapes, shape.slice(-1)], cells: [...cells, bias], attrs };
}

/** The call that also applies ReLU; undefined where it cannot. */
export function withRelu({ native, shapes, cells, attrs }: Given): Given | undefined {
  const { activation } = attrs;
  if (!native.takesRelu || (activation && activation !== 'linear')) return undefined;
  return { native, shapes, cells, attrs: { ...attrs, activation: 'relu' } };
}
