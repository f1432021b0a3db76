// Calls whose result is computed when it is read, if it ever is. While gradients are taped, TF.js computes a convolution,
// its bias and its ReLU in three steps; those that nobody reads in between become one.

import type { Shape } from '../base/shape.js';
import type { Cell, Given, Norm, PendingCall } from './cell.js';
import { isRow } from './kernel.js';

/** Whether a call that waits can also add a row of this shape. */
export function fitsBias({ native, shapes, shape }: PendingCall, bias: Shape): boolean {
  return native.takesBias === true && shapes.length === 2 && isRow(bias, shape.at(-1));
}

/** The call that also adds a bias. */
export function withBias(
  { native, shapes, cells, attrs, type, shape }: PendingCall,
  bias: Cell,
): Given {
  return { native, shapes: [...shapes, shape.slice(-1)], cells: [...cells, bias], attrs, type };
}

/** The call that also applies ReLU; undefined where it cannot. */
export function withRelu({ native, shapes, cells, attrs, type }: Given): Given | undefined {
  const { activation } = attrs;
  if (!native.takesRelu || (activation && activation !== 'linear')) return undefined;
  return { native, shapes, cells, type, attrs: { ...attrs, activation: 'relu' } };
}

/** The norm after which a call applies ReLU, if it does. */
export function normOf({ native, cells }: Given): Norm | undefined {
  if (native.name !== 'FusedBatchNorm') return undefined;
  const [, mean, , beta] = cells;
  return { mean, beta };
}

/**
 * The gradient of a norm together with that of the ReLU after it, which waits as its dy; undefined where dy is another.
 *
 * @param given the norm's gradient: dy, x, gamma, mean, variance
 */
export function ofRelu({ native, cells: [dy, y] }: PendingCall, given: Given): Given | undefined {
  const [, ...rest] = given.cells;
  const norm = native.name === 'WasmgradReluGrad' ? y.norm : undefined;
  // Only of the ReLU of this norm's own result: dy may have come from elsewhere through a sum.
  if (norm?.mean !== given.cells[3]) return undefined;
  const shapes = [...given.shapes, given.shapes[2]];
  return { ...given, shapes, cells: [dy, ...rest, norm.beta] };
}
