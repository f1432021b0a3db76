// Functions of single numbers as ops.

import { MapFn } from '../../../bindings/arrays.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { combineArrays } from './combine.emit.js';
import { emitOf } from './strides.emit.js';

/** Which kernel function, and its numbers. */
export interface MapFormula {
  readonly fn: keyof typeof MapFn;
  readonly alpha?: number;
  readonly beta?: number;
  readonly gamma?: number;
}

/** Writes to y, which is not x, a function of x. */
export type Work = (e: Emitter, y: Value, x: Value) => void;

/** A function that is several ops, or whose slope is. */
export interface Compound {
  readonly value: Work;
  readonly slope: Work;
}

/** A function of single numbers. */
export type Formula = MapFormula | Compound;

const fields = ({ fn, alpha = 0, beta = 0, gamma = 1 }: MapFormula) => ({
  ...{ fn: MapFn[fn], alpha, beta, gamma },
});

/** y = f(x). y may be x where the function is one of the kernel's. */
export function mapForward(e: Emitter, y: Value, x: Value, formula: Formula): void {
  if ('value' in formula) formula.value(e, y, x);
  else emitOf(e, 'elementwise', { y, x, count: x.size, ...fields(formula) });
}

/** dx = dy·f′(x). dx may be dy. */
export function mapBackward(e: Emitter, dx: Value, dy: Value, x: Value, formula: Formula): void {
  if ('value' in formula) {
    const slope = e.value(x.shape);
    formula.slope(e, slope, x);
    combineArrays(e, 'Multiply', dx, dy, slope);
  } else emitOf(e, 'elementwiseBackward', { dx, dy, x, count: x.size, ...fields(formula) });
}
