// Runs calls of ops: each a program of its own, which is kept for calls like it.

import { backend } from '../../bindings/backend.js';
import { OutOfMemoryError } from '../base/errors.js';
import type { Shape } from '../base/shape.js';
import { callCache } from '../program/cache.js';
import { asValue, Emitter, type Form, type Value } from '../program/emitter.js';
import { ownKeyOf } from '../program/forms.js';
import { withProgram } from '../program/plan.js';
import { dropSpare, usingSpare } from '../program/spare.js';
import type { Call } from './signature.js';
import { Tensor } from './tensor.js';

export type Emit<S extends readonly Shape[]> = (
  e: Emitter,
  ...results: { [I in keyof S]: Value }
) => void;

export type Tensors<S extends readonly Shape[]> = { [I in keyof S]: Tensor };

/** What `check` of an op returns: the shapes of its results, and a function that emits the ops which fill them. */
export interface Recipe<S extends readonly Shape[]> {
  readonly shapes: S;
  readonly emit: Emit<S>;
}

/** Makes a tensor whose content is not defined yet. */
type Create = (shape: Shape) => Tensor;

/**
 * Computes the results of a call. An earlier one of the same signature has made the program already: then it is only run.
 *
 * @param call without it no program is kept
 * @param check throws if an argument is wrong, else returns how the results are computed
 * @param create makes the results' tensors
 * @throws whatever `check` throws; nothing stays allocated then
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
