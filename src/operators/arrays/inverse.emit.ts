// Functions that are several ops: the inverses of hyperbolic functions.

import type { Emitter, Value } from '../../program/emitter.js';
import { combineArrays } from './combine.emit.js';
import { type MapFormula, mapForward, type Work } from './map.emit.js';

export const affine = (alpha: number, beta: number): MapFormula => ({ fn: 'Affine', alpha, beta });

/** Functions one after the other. */
export const chain =
  (...steps: readonly MapFormula[]): Work =>
  (e, y, x) =>
    steps.forEach((step, i) => {
      mapForward(e, y, i === 0 ? x : y, step);
    });

/** y = scale·ln(1 + y), with the sign of x. */
function signedLog(e: Emitter, y: Value, x: Value, scale: number): void {
  mapForward(e, y, y, { fn: 'Log1p' });
  combineArrays(e, 'Signed', y, x, x, { c: y, scale });
}

/** Half of ln(1 + 2·|x| / (1 − |x|)), with the sign of x: nothing is lost near 0. */
export function atanh(e: Emitter, y: Value, x: Value): void {
  const a = e.value(x.shape);
  mapForward(e, a, x, { fn: 'Abs' });
  mapForward(e, y, a, affine(-1, 1));
  combineArrays(e, 'Divide', y, a, y, { scale: 2 });
  signedLog(e, y, x, 0.5);
}

/** ln(1 + a + a / (1/a + √(1 + 1/a²))), a = |x|, with the sign of x: no square becomes infinite that matters. */
export function asinh(e: Emitter, y: Value, x: Value): void {
  const [a, root] = [e.value(x.shape), e.value(x.shape)];
  mapForward(e, a, x, { fn: 'Abs' });
  mapForward(e, y, a, { fn: 'Reciprocal' });
  combineArrays(e, 'Multiply', root, y, y);
  chain(affine(1, 1), { fn: 'Sqrt' })(e, root, root);
  combineArrays(e, 'Add', y, y, root);
  combineArrays(e, 'Divide', y, a, y);
  combineArrays(e, 'Add', y, y, a);
  signedLog(e, y, x, 1);
}

/** ln(1 + t + √t·√(x + 1)), t = x − 1: exact near 1, and NaN below. */
export function acosh(e: Emitter, y: Value, x: Value): void {
  const [t, root] = [e.value(x.shape), e.value(x.shape)];
  mapForward(e, t, x, affine(1, -1));
  mapForward(e, y, t, { fn: 'Sqrt' });
  chain(affine(1, 1), { fn: 'Sqrt' })(e, root, x);
  combineArrays(e, 'Multiply', y, y, root);
  combineArrays(e, 'Add', y, y, t);
  mapForward(e, y, y, { fn: 'Log1p' });
}
