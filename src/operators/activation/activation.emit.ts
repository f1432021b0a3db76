// Activations as ops. Backward computes slopes from the output where it can: then y may overwrite x, and nothing is
// copied.

import { type Formula, type Nonlinear, unary } from '../../network/activation.js';
import type { Emitter, Value } from '../../program/emitter.js';

const rowsOf = (value: Value) => {
  const classes = value.shape.at(-1) as number;
  return { rows: value.size / classes, classes };
};

/** The formula's fields of the record; `alpha` where it is not the activation's own. */
function numbersOf(formula: Formula, alpha: number | undefined) {
  const { kind, scale = 1, shift = 0, most = 0 } = formula;
  return { kind, alpha: alpha ?? formula.alpha ?? 0, scale, shift, most };
}

/** y = f(x); softmax runs over the last dimension. y may be x. */
export function activationForward(
  e: Emitter,
  name: Nonlinear,
  y: Value,
  x: Value,
  alpha?: number,
): void {
  if (name === 'softmax') e.emit('softmax', { y, x, ...rowsOf(x) });
  else e.emit('unary', { y, x, count: x.size, ...numbersOf(unary[name], alpha) });
}

/** dx = dy·f′, computed from x where `slopeFromInput` says so, else from y. dx may be dy. */
export function activationBackward(
  e: Emitter,
  name: Nonlinear,
  dx: Value,
  dy: Value,
  from: Value,
  alpha?: number,
): void {
  if (name === 'softmax') e.emit('softmaxBackward', { dx, dy, y: from, ...rowsOf(from) });
  else e.emit('unaryBackward', { dx, dy, from, count: dy.size, ...numbersOf(unary[name], alpha) });
}
