// Activations as ops. Derivatives are taken from the output, so that neither direction needs a copy.

import { ValueError } from '../errors.js';
import type { Emitter, Value } from './emitter.js';

/** Activations that work element by element, by the number assembly/elementwise.ts has for them. */
const unary = { relu: 0, sigmoid: 1, tanh: 2 } as const;

/** The names that layers take. */
export type ActivationName = 'linear' | 'softmax' | keyof typeof unary;

const names: readonly ActivationName[] = ['linear', 'relu', 'sigmoid', 'tanh', 'softmax'];

/** @throws {ValueError} for a name that there is not */
export function checkActivation(where: string, name: ActivationName): ActivationName {
  if (names.includes(name)) return name;
  throw new ValueError(`${where}: there is no activation '${name}'; there are ${names.join(', ')}`);
}

const rowsOf = (value: Value) => {
  const classes = value.shape.at(-1) as number;
  return { rows: value.size / classes, classes };
};

/** y = f(x); softmax runs over the last dimension. y may be x. */
export function activationForward(
  e: Emitter,
  name: Exclude<ActivationName, 'linear'>,
  y: Value,
  x: Value,
): void {
  if (name === 'softmax') e.emit('softmax', { y, x, ...rowsOf(x) });
  else e.emit('unary', { y, x, count: x.size, kind: unary[name] });
}

/** dx = dy·f′, from y = f(x). dx may be dy. */
export function activationBackward(
  e: Emitter,
  name: Exclude<ActivationName, 'linear'>,
  dx: Value,
  dy: Value,
  y: Value,
): void {
  if (name === 'softmax') e.emit('softmaxBackward', { dx, dy, y, ...rowsOf(y) });
  else e.emit('unaryBackward', { dx, dy, y, count: y.size, kind: unary[name] });
}
