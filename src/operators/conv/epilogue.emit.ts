// Epilogues: what convolutions do to their sums before they store them.

import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { activationForward } from '../activation/activation.emit.js';
import { addToRows } from '../dense/matrix.emit.js';

/** What is done to sums before they are stored: + bias [channels] + residual, then ReLU. */
export interface Epilogue {
  readonly bias?: Operand;
  /** Shaped like the result. */
  readonly residual?: Operand;
  readonly rectify?: boolean;
}

/** The epilogue as ops of their own, for kernels that have none. */
export function finish(
  e: Emitter,
  y: Value,
  { bias = none, residual = none, rectify = false }: Epilogue,
): void {
  if (residual) e.emit('add', { y, a: y, b: residual, count: y.size });
  if (bias) addToRows(e, y, bias, y.shape.at(-1) as number, rectify);
  else if (rectify) activationForward(e, 'relu', y, y);
}
