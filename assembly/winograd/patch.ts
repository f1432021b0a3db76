// Patches of images for Winograd's algorithm: 6×6 pixels, 4 apart for filters of 3×3, 2 apart for those of 5×5, and their
// transform.
//
// A `Window` with a kernel of 6, whose stride is the side of the square of outputs that a patch gives. Plane ξ = 6i + j
// holds entry (i, j) of every transformed patch.

import { Window } from '../conv/im2col';
import { clearLine, patchLine } from './points';

/** Side of a patch, and entries of it. */
// @ts-ignore: decorator
@inline export const PATCH: i32 = 6;
// @ts-ignore: decorator
@inline export const PLANES: i32 = 36;
/** Floats between planes, so that no two begin in the same set of the cache. */
// @ts-ignore: decorator
@inline export const GAP: i32 = 16;

/** Bytes of a patch between its two one-dimensional transforms. */
// @ts-ignore: decorator
@inline export const HALF_BYTES: usize = <usize>PLANES * 32;

/** Channels in whole pairs of vectors. */
// @ts-ignore: decorator
@inline
export function padded(channels: i32): i32 {
  return (channels + 7) & ~7;
}

/** Outputs along a side of a patch. */
// @ts-ignore: decorator
@inline
export function stepOf(op: Window): i32 {
  return op.strideHeight;
}

// @ts-ignore: decorator
@inline
export function patches(op: Window): i32 {
  return op.batch * op.outputHeight * op.outputWidth;
}

/**
 * Bᵀ·d·B of channels `begin` … `end`−1 of a patch, `begin` a multiple of 8: entry (i, j) to plane 6i + j.
 * `zeros` is a line for what is outside.
 */
export function transformPatch(
  op: Window,
  x: usize,
  index: i32,
  begin: i32,
  end: i32,
  to: usize,
  plane: usize,
  half: usize,
  zeros: usize,
): void {
  const line = index / op.outputWidth;
  const image = line / op.outputHeight;
  const top = (line - image * op.outputHeight) * stepOf(op) - op.padTop;
  const left = (index - line * op.outputWidth) * stepOf(op) - op.padLeft;
  const first = x + ((<usize>((image * op.height * op.width + left) * op.channels + begin)) << 2);
  to += (<usize>begin) << 2;
  let r0 = lineOf(op, first, top, zeros),
    r1 = lineOf(op, first, top + 1, zeros);
  let r2 = lineOf(op, first, top + 2, zeros),
    r3 = lineOf(op, first, top + 3, zeros);
  let r4 = lineOf(op, first, top + 4, zeros),
    r5 = lineOf(op, first, top + 5, zeros);
  const column = (<usize>op.channels) << 2;
  for (let c = begin; c < end; c += 8) {
    for (let j = 0; j < PATCH; j++) {
      const at = <usize>j * column,
        into = half + ((<usize>j) << 5);
      if (<u32>(left + j) < <u32>op.width)
        patchLine(r0 + at, r1 + at, r2 + at, r3 + at, r4 + at, r5 + at, into, 6 * 32);
      else clearLine(into, 6 * 32);
    }
    for (let i: usize = 0; i < 6; i++) {
      const at = half + i * 192;
      patchLine(at, at + 32, at + 64, at + 96, at + 128, at + 160, to + i * 6 * plane, plane);
    }
    r0 += 32;
    r1 += 32;
    r2 += 32;
    r3 += 32;
    r4 += 32;
    r5 += 32;
    to += 32;
  }
}

/** Line `h` of an image, or zeros where there is none. */
// @ts-ignore: decorator
@inline
function lineOf(op: Window, first: usize, h: i32, zeros: usize): usize {
  return <u32>h < <u32>op.height ? first + ((<usize>(h * op.width * op.channels)) << 2) : zeros;
}
