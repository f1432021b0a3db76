// Radial basis function units as ops.

import type { Emitter, Value } from '../../program/emitter.js';

/** x [rows, features] and a kernel [features, units]. */
const sizeOfUnits = ({ shape: [rows, features] }: Value, { shape: [, units] }: Value) => ({
  rows,
  features,
  units,
});

/** y[r][u] = −Σ (x[r][f] − kernel[f][u])². */
export function rbfForward(e: Emitter, y: Value, x: Value, kernel: Value): void {
  e.emit('rbf', { y, x, kernel, ...sizeOfUnits(x, kernel) });
}

/** The gradient for x. */
export function rbfBackwardInput(e: Emitter, dx: Value, dy: Value, x: Value, kernel: Value): void {
  e.emit('rbfBackwardInput', { dx, dy, x, kernel, ...sizeOfUnits(x, kernel) });
}

/** The gradient for the kernel. */
export function rbfBackwardKernel(
  e: Emitter,
  dkernel: Value,
  dy: Value,
  x: Value,
  kernel: Value,
): void {
  e.emit('rbfBackwardKernel', { dkernel, dy, x, kernel, ...sizeOfUnits(x, kernel) });
}
