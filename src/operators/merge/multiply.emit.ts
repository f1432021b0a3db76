// Products of two values as ops: of one shape, or of an image and a gate, which has a number for each of
// its channels (squeeze and excitation, Hu et al., arXiv 1709.01507).

import { ShapeError } from '../../base/errors.js';
import { type Shape, sameShape, show, sizeOf } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { sumInParts } from '../dense/matrix.emit.js';

/** Pixels that one partial sum of a gate's gradient takes at least. */
const SPLIT_PIXELS = 1024;

/** Whether b is a gate of a: [batch, channels], perhaps with dimensions of 1 in between. */
function isGate(a: Shape, b: Shape): boolean {
  const [batch, channels] = [a[0], a.at(-1)];
  if (a.length < 2 || !channels || b[0] !== batch || b.at(-1) !== channels) return false;
  return b.length === 2 || (b.length === a.length && b.slice(1, -1).every((side) => side === 1));
}

/** @throws {ShapeError} unless b has a's shape, or is a gate of it */
export function checkFactors(a: Shape, b: Shape): void {
  if (sameShape(a, b) || isGate(a, b)) return;
  const gate = a.length < 2 ? '' : `, or as a gate ${show([a[0], a.at(-1) as number])}`;
  throw new ShapeError(`b must have a's shape ${show(a)}${gate}, not ${show(b)}`);
}

function gateSize({ shape }: Value) {
  const [batch, channels] = [shape[0], shape.at(-1) as number];
  return { batch, pixels: sizeOf(shape.slice(1, -1)), channels };
}

/** y = a·b, of shapes that `checkFactors` accepts. y may be a. */
export function multiplyForward(e: Emitter, y: Value, a: Value, b: Value): void {
  if (sameShape(a.shape, b.shape)) e.emit('multiply', { y, a, b, count: a.size });
  else e.emit('gate', { y, x: a, gate: b, ...gateSize(a) });
}

/**
 * The gradients that are wanted: da = dy·b; db = dy·a, where b is a gate summed over the pixels. da may be
 * dy.
 */
export function multiplyBackward(
  e: Emitter,
  { da, db }: { readonly da?: Value; readonly db?: Value },
  dy: Value,
  a: Value,
  b: Value,
): void {
  if (db) {
    if (sameShape(a.shape, b.shape)) multiplyForward(e, db, dy, a);
    else {
      const size = gateSize(a);
      sumInParts(e, db, size.pixels, SPLIT_PIXELS, (partials, splits) =>
        e.emit('gateBackward', { partials, dy, x: a, ...size, splits }),
      );
    }
  }
  if (da) multiplyForward(e, da, dy, b);
}
