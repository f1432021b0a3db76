// Runs ops at once: a program of one call over the same kernels that training uses.

import { backend } from '../../bindings/backend.js';
import { OutOfMemoryError, ShapeError, ValueError } from '../base/errors.js';
import { type Shape, sameShape, show } from '../base/shape.js';
import { asValue, Emitter, type Value } from '../program/emitter.js';
import { dropSpareForms, usingForms } from '../program/forms.js';
import { withProgram } from '../program/plan.js';
import { Tensor } from './tensor.js';

type Emit<S extends readonly Shape[]> = (e: Emitter, ...results: { [I in keyof S]: Value }) => void;

/**
 * Makes tensors of the given shapes, lets `emit` say how they come about, and runs that.
 *
 * @throws whatever `emit` throws; nothing stays allocated then
 */
export function compute<const S extends readonly Shape[]>(
  shapes: S,
  emit: Emit<S>,
): { [I in keyof S]: Tensor } {
  try {
    return attempt(shapes, emit, true);
  } catch (error) {
    // Forms are kept for speed: none is worth a failure.
    if (!(error instanceof OutOfMemoryError && dropSpareForms())) throw error;
    return attempt(shapes, emit, false);
  }
}

function attempt<const S extends readonly Shape[]>(
  shapes: S,
  emit: Emit<S>,
  keepsForms: boolean,
): { [I in keyof S]: Tensor } {
  const results = shapes.map((shape) => Tensor.create(shape));
  try {
    const e = new Emitter(keepsForms);
    emit(e, ...(results.map(asValue) as { [I in keyof S]: Value }));
    usingForms(() => {
      for (const form of e.forms) if (!form.source.keeper?.keep(form)) e.ops.unshift(...form.ops);
      withProgram(backend(), e, 'the scratch of an op', (program) => program.run());
    });
  } catch (error) {
    for (const tensor of results) tensor.dispose();
    throw error;
  }
  return results as { [I in keyof S]: Tensor };
}

/** The value of an argument. @throws {ValueError} unless it is a float32 tensor */
export function argument(where: string, name: string, tensor: Tensor): Value {
  if (!(tensor instanceof Tensor)) {
    throw new ValueError(
      `${where}: ${name} must be a Tensor, not ${typeof tensor}: see Tensor.from`,
    );
  }
  if (tensor.dtype !== 'float32') {
    throw new ValueError(`${where}: ${name} must be float32, not ${tensor.dtype}`);
  }
  return asValue(tensor);
}

/** @throws {ShapeError} unless the tensor has this shape */
export function expectShape(where: string, name: string, tensor: Tensor, shape: Shape): void {
  if (!sameShape(tensor.shape, shape)) {
    throw new ShapeError(
      `${where}: ${name} must have shape ${show(shape)}, not ${show(tensor.shape)}`,
    );
  }
}
