// Functions of single numbers as ops.

import { MapFn } from '../../../bindings/arrays.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { emitOf } from './strides.emit.js';

/** Which kernel function, and its numbers. */
export interface MapFormula {
  readonly fn: keyof typeof MapFn;
  readonly alpha?: number;
  readonly beta?: number;
  readonly gamma?: number;
}

const fields = ({ fn, alpha = 0, beta = 0, gamma = 1 }: MapFormula) => ({
  ...{ fn: MapFn[fn], alpha, beta, gamma },
});

/** y = f(x). y may be x. */
export function mapForward(e: Emitter, y: Value, x: Value, formula: MapFormula): void {
  emitOf(e, 'elementwise', { y, x, count: x.size, ...fields(formula) });
}

/** dx = dy·f′(x). dx may be dy. */
export function mapBackward(e: Emitter, dx: Value, dy: Value, x: Value, formula: MapFormula): void {
  emitOf(e, 'elementwiseBackward', { dx, dy, x, count: x.size, ...fields(formula) });
}
