// Calls whose result is computed when it is read, if it ever is. While gradients are taped, TF.js computes a convolution,
// its bias and its ReLU in three steps; those that nobody reads in between become one.

import { type Shape, sizeOf } from '../base/shape.js';
import type { Cell, Given, PendingCall } from './cell.js';

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
