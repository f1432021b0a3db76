// Runs ops at once: a program of one call over the same kernels that training uses.

import { backend } from '../../bindings/backend.js';
import { OutOfMemoryError, ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { type Shape, sameShape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { callCache } from '../program/cache.js';
import { asValue, Emitter, type Form, type Value } from '../program/emitter.js';
import { ownKeyOf } from '../program/forms.js';
import { withProgram } from '../program/plan.js';
import { dropSpare, usingSpare } from '../program/spare.js';
import { type Call, readCall } from './signature.js';
import { Tensor } from './tensor.js';

type Emit<S extends readonly Shape[]> = (e: Emitter, ...results: { [I in keyof S]: Value }) => void;

type Tensors<S extends readonly Shape[]> = { [I in keyof S]: Tensor };

/** What `check` of an op returns: the shapes of its results, and a function that emits the ops which fill them. */
export interface Recipe<S extends readonly Shape[]> {
  readonly shapes: S;
  readonly emit: Emit<S>;
}

/** A `Recipe`, with its type inferred. */
export function recipe<const S extends readonly Shape[]>(shapes: S, emit: Emit<S>): Recipe<S> {
  return { shapes, emit };
}

/** Makes a tensor whose content is not defined yet. */
type Create = (shape: Shape) => Tensor;

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

/**
 * The same for a call whose signature is known; without one no program is kept.
 *
 * @param create makes the results' tensors
 */
export function callAs<const S extends readonly Shape[]>(
  call: Call | undefined,
  check: () => Recipe<S>,
  create: Create,
): Tensors<S> {
  try {
    const known = call && (again(call, create) as Tensors<S> | undefined);
    return known ?? attempt(check(), call, create);
  } catch (error) {
    // Kept programs only save time: they are given up before a call fails for lack of memory.
    if (!(error instanceof OutOfMemoryError && dropSpare())) throw error;
    const { shapes, emit } = check();
    return compute(shapes, emit);
  }
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
  Array.isArray(list) && list[index as number] === element;

/** Computes tensors of the given shapes by the ops that `emit` emits; keeps no program. @throws whatever `emit` throws */
export function compute<const S extends readonly Shape[]>(shapes: S, emit: Emit<S>): Tensors<S> {
  return attempt({ shapes, emit }, undefined);
}

/** Runs the program of an earlier call; undefined if no kept program fits. */
function again(call: Call, create: Create): readonly Tensor[] | undefined {
  const { tensors } = call;
  const bases = tensors.map(({ address }) => address);
  return usingSpare(() => {
    const cache = callCache(backend());
    const known = cache.find(call);
    if (!known) return undefined;
    const forms = known.forms.map(({ source, key }) => tensors[source].formAt(key));
    const apart = forms.every((address) => address);
    const unbound = apart && forms.length ? known.apart : known.whole;
    if (!unbound || !(apart || forms.every((address) => address === 0))) return undefined;
    if (!apart) for (const { source, key } of known.forms) ask(tensors[source], key);
    return withResults(known.shapes, create, (results) => {
      for (const { address } of results) bases.push(address);
      if (apart) for (const address of forms) bases.push(address as number);
      cache.run(unbound, bases);
    });
  });
}

/** Tensors of which forms may be kept. */
const formed = new WeakSet<object>();

/** Whether forms of a tensor's numbers may be kept. */
export const hasForms = (tensor: Tensor): boolean => formed.has(tensor);

function ask(tensor: Tensor, key: string): void {
  formed.add(tensor);
  tensor.askForm(key);
}

/** Makes an op's program, runs it, and keeps it for later calls with the same arguments. */
function attempt<const S extends readonly Shape[]>(
  { shapes, emit }: Recipe<S>,
  call: Call | undefined,
  create: Create = Tensor.create,
): Tensors<S> {
  return withResults(shapes, create, (results) => {
    const e = new Emitter(call !== undefined);
    const values = results.map(asValue);
    emit(e, ...(values as { [I in keyof S]: Value }));
    usingSpare(() => {
      const apart = e.forms.filter(({ source: { root } }, i) => {
        if (root.keeper) formed.add(root.keeper);
        return root.keeper?.keep(e.forms[i]);
      });
      for (const form of e.forms) if (!apart.includes(form)) e.ops.unshift(...form.ops);
      const mixed = apart.length > 0 && apart.length < e.forms.length;
      if (!(call && !mixed && runKept(call, e, results, apart)))
        withProgram(backend(), e, 'the scratch of an op', (program) => program.run());
    });
  }) as Tensors<S>;
}

/** Runs a program and keeps it for later calls; returns false if it must not be kept. */
function runKept(
  call: Call,
  e: Emitter,
  results: readonly Tensor[],
  apart: readonly Form[],
): boolean {
  const cache = callCache(backend());
  const tensors: readonly unknown[] = [...call.tensors, ...results];
  const tensorOf = ({ root }: Value): number => tensors.indexOf(root.keeper);
  const forms = e.forms.map((form) => ({ source: tensorOf(form.source), key: ownKeyOf(form) }));
  if (forms.some(({ source }) => source < 0)) return false;
  const made = apart.map(({ value }) => value);
  const kind = apart.length ? 'apart' : 'whole';
  // A call with another filter may have made this program already.
  const known = cache.find(call)?.[kind];
  const unbound =
    known ??
    cache.build(e, (root) => {
      const form = made.indexOf(root);
      return form < 0 ? tensorOf(root) : tensors.length + form;
    });
  if (!unbound) return false;
  const shapes = results.map(({ shape }) => shape);
  if (!known) cache.keep(call, { shapes, forms, [kind]: unbound });
  const bases = [...call.tensors, ...results, ...made].map(({ address }) => address as number);
  cache.run(unbound, bases);
  return true;
}

/** Makes tensors and lets `fill` fill them; disposes of them if it throws. */
function withResults(
  shapes: readonly Shape[],
  create: Create,
  fill: (results: readonly Tensor[]) => void,
): readonly Tensor[] {
  const results: Tensor[] = [];
  try {
    for (const shape of shapes) results.push(create(shape));
    fill(results);
  } catch (error) {
    for (const tensor of results) tensor.dispose();
    throw error;
  }
  return results;
}

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
