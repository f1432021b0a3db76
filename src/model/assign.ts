// `getWeights` and `setWeights`: copies of weights, by name.

import { NumericError, ValueError } from '../base/errors.js';
import { sameShape, show } from '../base/shape.js';
import type { Weights } from '../lowering/weights.js';
import { Tensor } from '../tensor/tensor.js';

/** Copies of all weights, by name. @throws {OutOfMemoryError} */
export function copiesOf({ list }: Weights): Record<string, Tensor> {
  const copies: Record<string, Tensor> = {};
  try {
    for (const { name, tensor } of list) copies[name] = tensor.clone();
  } catch (error) {
    for (const copy of Object.values(copies)) copy.dispose();
    throw error;
  }
  return copies;
}

/** How many mistakes of each kind a message lists. */
const LISTED = 8;

/** A message's part about some names, or none. */
export const listed = (what: string, all: readonly string[]): string[] => {
  if (all.length === 0) return [];
  const more = all.length > LISTED ? ` and ${all.length - LISTED} more` : '';
  return [`${what} ${all.slice(0, LISTED).join(', ')}${more}`];
};

/**
 * Sets all weights; after an error, none is changed.
 *
 * @throws {ValueError} which lists missing names, unknown names, and tensors of another shape
 * @throws {NumericError} for numbers that are not finite
 */
export function assign(weights: Weights, record: Readonly<Record<string, Tensor>>): void {
  if (typeof record !== 'object' || record === null || record instanceof Tensor)
    throw new ValueError(`expected a record of tensors by the weights' names`);
  const { list } = weights;
  const names = new Set(list.map(({ name }) => name));
  const missing = list.filter(({ name }) => !Object.hasOwn(record, name));
  const unknown = Object.keys(record).filter((name) => !names.has(name));
  const wrong = list.flatMap(({ name, tensor: { shape } }) => {
    if (!Object.hasOwn(record, name)) return [];
    const given = record[name];
    const fits = given instanceof Tensor && given.dtype === 'float32';
    if (fits && sameShape(given.shape, shape)) return [];
    const what = given instanceof Tensor ? `${given.dtype} ${show(given.shape)}` : 'no tensor';
    return [`'${name}' (${what} for float32 ${show(shape)})`];
  });
  const quoted = (all: readonly string[]): string[] => all.map((name) => `'${name}'`);
  const mistakes = [
    ...listed('missing', quoted(missing.map(({ name }) => name))),
    ...listed('unexpected', quoted(unknown)),
    ...listed('misshapen', wrong),
  ];
  if (mistakes.length > 0) {
    throw new ValueError(
      `nothing was set: ${mistakes.join('; ')}${wrong.some((one) => one.includes('no tensor')) ? ': Tensor.from(numbers, shape) makes tensors' : ''}`,
    );
  }
  for (const { name } of list) {
    const bad = record[name].numbers.findIndex((value) => !Number.isFinite(value));
    if (bad < 0) continue;
    const value = record[name].numbers[bad];
    throw new NumericError(`nothing was set: '${name}' contains ${value} (element ${bad})`);
  }
  // A tensor may be another weight of this model: its numbers are copied before any weight is written.
  const own = new Set(list.map(({ tensor }) => tensor.address));
  const numbers = list.map(({ name }) => {
    const given = record[name];
    return own.has(given.address) ? given.numbers.slice() : given.numbers;
  });
  list.forEach(({ tensor }, i) => {
    tensor.numbers.set(numbers[i]);
  });
  weights.changed();
}
