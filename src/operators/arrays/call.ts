// How ops over arrays of any rank run at once: their kernels must be loaded, and there must be numbers.

import { checkArrays } from '../../../bindings/usearrays.js';
import { ShapeError } from '../../base/errors.js';
import { type Shape, show } from '../../base/shape.js';
import type { Value } from '../../program/emitter.js';
import { argument, callOp, type Recipe } from '../../tensor/eager.js';
import type { Tensor } from '../../tensor/tensor.js';

/** `callOp` for ops of the module arrays. @throws {StateError} where that is not loaded, and whatever `check` throws */
export function callArrays<const S extends readonly Shape[]>(
  name: string,
  args: readonly unknown[],
  check: () => Recipe<S>,
): { [I in keyof S]: Tensor } {
  return callOp(name, args, () => {
    checkArrays(name);
    return check();
  });
}

/**
 * The value of an argument.
 *
 * @throws {ValueError} unless it is a float32 tensor
 * @throws {ShapeError} where it has no numbers
 */
export function array(name: string, tensor: Tensor): Value {
  const value = argument(name, tensor);
  if (value.size > 0) return value;
  throw new ShapeError(`${name} has no numbers: its shape is ${show(value.shape)}`);
}
