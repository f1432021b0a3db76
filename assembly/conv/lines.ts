// Patches without copying them: the few input lines that a block of outputs sees are in scratch with
// their padding, and the microkernels read the elements of patches there. A patch is a pointer to its first
// element; from there to a tap it is as far in all patches.
//
// Where lines are copied once, `gather` (im2col.ts) copies every element once per tap that shows it.

import { Window } from './im2col';
import { copy, zero } from '../core/simd';

/** With fewer outputs than this, it does not pay to copy an image's lines. */
// @ts-ignore: decorator
@inline export const LEAST_OUTPUTS: i32 = 96;

/** Floats from one line of the copy to the next: what all windows of a line of outputs see. */
// @ts-ignore: decorator
@inline
export function lineFloats(op: Window): i32 {
  return (
    ((op.outputWidth - 1) * op.strideWidth + (op.kernelWidth - 1) * op.dilationWidth + 1) *
    op.channels
  );
}

/**
 * Whether the lines that `count` neighbouring outputs of one image see take no more than `room` floats.
 * Never for one of several groups, which has only some of a pixel's channels.
 */
export function linesFit(op: Window, count: i32, room: i32): bool {
  if (op.channels != op.pixelChannels || op.kernelHeight * op.kernelWidth == 0) return false;
  const outputLines = min(op.outputHeight, (count + op.outputWidth - 2) / op.outputWidth + 1);
  const lines = (outputLines - 1) * op.strideHeight + (op.kernelHeight - 1) * op.dilationHeight + 1;
  return <i64>lines * lineFloats(op) <= room;
}

/**
 * Copies what outputs p0 … p0+count−1 of an image see; `to` then begins with the line of the first
 * tap. Writes up to 12 bytes past the last line.
 */
export function copyLines(op: Window, x: usize, image: i32, p0: i32, count: i32, to: usize): void {
  const first = p0 / op.outputWidth;
  const last = (p0 + count - 1) / op.outputWidth;
  const top = first * op.strideHeight - op.padTop;
  const end = last * op.strideHeight - op.padTop + (op.kernelHeight - 1) * op.dilationHeight;
  const width = lineFloats(op);
  const own = op.width * op.channels;
  // The copy begins padLeft pixels to the left of the image, or inside it where that is negative.
  const start = -op.padLeft * op.channels;
  const before = min(width, max(0, -start));
  const from = max(0, start);
  const inside = max(0, min(start + width, own) - from);
  for (let h = top; h <= end; h++) {
    if (<u32>h >= <u32>op.height) {
      zero(to, width);
    } else {
      const line = x + ((<usize>((image * op.height + h) * own + from)) << 2);
      zero(to, before);
      copy(to + ((<usize>before) << 2), line, inside);
      zero(to + ((<usize>(before + inside)) << 2), width - before - inside);
    }
    to += (<usize>width) << 2;
  }
}

/**
 * Where the patches of outputs p0 … p0+count−1 begin in lines copied for them, in bytes from `base`,
 * which is the first one's line. Returns the line of the output that comes next.
 */
export function placePatches(op: Window, table: usize, base: usize, p0: i32, count: i32): usize {
  const pixel = (<usize>(op.strideWidth * op.channels)) << 2;
  const line = (<usize>(op.strideHeight * lineFloats(op))) << 2;
  let j = p0 % op.outputWidth;
  for (let p = 0; p < count; p++) {
    store<usize>(table + ((<usize>p) << 2), base + <usize>j * pixel);
    if (++j == op.outputWidth) {
      j = 0;
      base += line;
    }
  }
  return base;
}

/** Where columns k0 … k0+kc−1 of the patch matrix are, in bytes from a patch's beginning. */
export function placeTaps(op: Window, table: usize, k0: i32, kc: i32): void {
  const channels = op.channels;
  const pixel = (<usize>(op.dilationWidth * channels)) << 2;
  const line = (<usize>(op.dilationHeight * lineFloats(op))) << 2;
  const tap = k0 / channels;
  let channel = k0 - tap * channels;
  let s = tap % op.kernelWidth;
  let start = <usize>(tap / op.kernelWidth) * line;
  for (let p = 0; p < kc; p++) {
    store<usize>(table + ((<usize>p) << 2), start + <usize>s * pixel + ((<usize>channel) << 2));
    if (++channel == channels) {
      channel = 0;
      if (++s == op.kernelWidth) {
        s = 0;
        start += line;
      }
    }
  }
}
