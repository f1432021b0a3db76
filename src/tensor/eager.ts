// What ops that run at once are made of: their calls, over the same kernels that training uses, and their arguments.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { type Shape, sameShape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { asValue, type Value } from '../program/emitter.js';
import { callAs, type Emit, type Recipe, type Tensors } from './calls.js';
import { readCall } from './signature.js';
import { Tensor } from './tensor.js';

export type { Recipe } from './calls.js';

/** A `Recipe`, with its type inferred. */
export function recipe<const S extends readonly Shape[]>(shapes: S, emit: Emit<S>): Recipe<S> {
  return { shapes, emit };
}

/**
 * Computes an op's results. An earlier call with the same arguments, except for the numbers in tensors, has made the
 * program already: then it is only run.
 *
 * @param name the op's
 * @param args all arguments that `check` reads
 * @param check throws if an argument is wrong, else returns how the results are computed
 * @throws whatever `check` throws, which gets the op's name; nothing stays allocated then
 */
export function callOp<const S extends readonly Shape[]>(
  name: string,
  args: readonly unknown[],
  check: () => Recipe<S>,
): Tensors<S> {
  return callAs(readCall(name, args), () => naming(name, check), Tensor.create);
}

/** An op that refuses more arguments than it has parameters, such as options: JavaScript would ignore them. */
export function withoutOptions<P extends unknown[], R>(
  name: string,
  op: (...args: P) => R,
): (...args: P) => R {
  const { length } = op;
  return (...args) => {
    // What was not given, and options without words, say nothing.
    const surplus: unknown[] = args.slice(length);
    const first = surplus.map(shown).find((one) => one !== 'undefined' && one !== '{}');
    if (first === undefined || isMapped(args[0], surplus)) return op(...args);
    throw new ValueError(
      `${name}: takes ${length === 1 ? 'one argument' : `${length} arguments`} and no options, but received ${first} too`,
    );
  };
}

/** Whether that is what `map` gives a function besides an element: `tensors.map(relu)`. */
const isMapped = (element: unknown, [index, list]: unknown[]): boolean =>
  Array.isArray(list) && Number.isInteger(index) && list[index as number] === element;

/** The value of an argument. @throws {ValueError} unless it is a float32 tensor */
export function argument(name: string, tensor: Tensor): Value {
  if (!(tensor instanceof Tensor)) {
    throw new ValueError(`${name} must be a Tensor, not ${shown(tensor)}: see Tensor.from`);
  }
  if (tensor.dtype !== 'float32') {
    throw new ValueError(`${name} must be float32, not ${tensor.dtype}`);
  }
  return asValue(tensor);
}

/** @throws {ShapeError} unless the tensor has this shape */
export function expectShape(name: string, tensor: Tensor, shape: Shape): void {
  if (!sameShape(tensor.shape, shape)) {
    throw new ShapeError(`${name} must have shape ${show(shape)}, not ${show(tensor.shape)}`);
  }
}
