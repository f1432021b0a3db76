// Upsampling of images by whole factors, forward and backward: each pixel repeated, or straight lines
// between neighbours (bilinear, with the pixels' centres at the half: PyTorch's align_corners=False).
//
// Along a side, output o lies at (o + ½) / factor − ½ of the input: between two pixels, whose shares are
// 1 − λ and λ; beyond the outermost pixels there are only those.

import { In, Op, Out } from './op';
import { addScaled, copyExactly, madd, storeLanes, zeroExactly } from './simd';

/** x is [batch, height, width, channels], y [batch, factorHeight·height, factorWidth·width, channels]. */
@unmanaged
export class Upsampling extends Op {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  factorHeight: i32;
  factorWidth: i32;
  bilinear: i32;
}

@unmanaged
export class Upsample extends Upsampling {
  y: Out;
  x: In;
}

@unmanaged
export class UpsampleBackward extends Upsampling {
  dx: Out;
  dy: In;
}

/** The pixel below output o, −1 for those before the first. */
// @ts-ignore: decorator
@inline
function below(o: i32, factor: i32): i32 {
  return (2 * o + 1 + factor) / (2 * factor) - 1;
}

/** λ, the share of the pixel behind that. */
// @ts-ignore: decorator
@inline
function share(o: i32, factor: i32): f32 {
  const halves = (2 * o + 1 + factor) % (2 * factor);
  return <f32>halves / (2 * <f32>factor);
}

/** A tile is one line of y. */
export function upsampleTiles(op: Upsample): i32 {
  return op.batch * op.height * op.factorHeight;
}

export function upsample(op: Upsample, tile: i32): void {
  const lines = op.height * op.factorHeight;
  const image = tile / lines;
  const i = tile - image * lines;
  const step = <usize>op.channels << 2;
  const line = <usize>op.width * step;
  const x = op.x + <usize>(image * op.height) * line;
  let y = op.y + <usize>(tile * op.factorWidth) * line;
  if (!op.bilinear) return repeat(op, y, x + <usize>(i / op.factorHeight) * line);
  const h = below(i, op.factorHeight);
  const above = x + <usize>max(h, 0) * line;
  const under = x + <usize>min(h + 1, op.height - 1) * line;
  const down = share(i, op.factorHeight);
  for (let j = 0; j < op.width * op.factorWidth; j++) {
    const w = below(j, op.factorWidth);
    const left = <usize>max(w, 0) * step;
    const right = <usize>min(w + 1, op.width - 1) * step;
    blend(y, above + left, above + right, under + left, under + right, down, share(j, op.factorWidth), op.channels);
    y += step;
  }
}

/** Each pixel of a line, as often as it is wanted. */
function repeat(op: Upsample, y: usize, x: usize): void {
  const step = <usize>op.channels << 2;
  for (let w = 0; w < op.width; w++) {
    for (let s = 0; s < op.factorWidth; s++) {
      copyExactly(y, x, op.channels);
      y += step;
    }
    x += step;
  }
}

/** y of the four pixels around it. */
function blend(
  y: usize, aboveLeft: usize, aboveRight: usize, underLeft: usize, underRight: usize, down: f32, right: f32, channels: i32,
): void {
  const w00 = f32x4.splat((1 - down) * (1 - right)), w01 = f32x4.splat((1 - down) * right);
  const w10 = f32x4.splat(down * (1 - right)), w11 = f32x4.splat(down * right);
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    const above = madd(v128.load(aboveRight + at), w01, f32x4.mul(v128.load(aboveLeft + at), w00));
    const under = madd(v128.load(underRight + at), w11, f32x4.mul(v128.load(underLeft + at), w10));
    storeLanes(y + at, f32x4.add(above, under), channels - c);
  }
}

/** What pixel `at` has of output o. */
// @ts-ignore: decorator
@inline
function shareOf(at: i32, o: i32, side: i32, factor: i32, bilinear: bool): f32 {
  if (!bilinear) return 1;
  const before = below(o, factor);
  const behind = share(o, factor);
  let sum: f32 = 0;
  if (max(before, 0) == at) sum += 1 - behind;
  if (min(before + 1, side - 1) == at) sum += behind;
  return sum;
}

/** The first output that pixel `at` has a part in, and behind the last. */
// @ts-ignore: decorator
@inline
function firstOutput(at: i32, factor: i32, bilinear: bool): i32 {
  return bilinear ? max(0, at * factor - factor / 2) : at * factor;
}
// @ts-ignore: decorator
@inline
function endOfOutputs(at: i32, factor: i32, side: i32, bilinear: bool): i32 {
  return bilinear ? min(side * factor, (at + 1) * factor + factor / 2) : (at + 1) * factor;
}

/** A tile is one line of dx. */
export function upsampleBackwardTiles(op: UpsampleBackward): i32 {
  return op.batch * op.height;
}

export function upsampleBackward(op: UpsampleBackward, tile: i32): void {
  const image = tile / op.height;
  const h = tile - image * op.height;
  const bilinear = op.bilinear != 0;
  const width = op.width, channels = op.channels, factor = op.factorWidth;
  const step = <usize>channels << 2;
  const i0 = firstOutput(h, op.factorHeight, bilinear), i1 = endOfOutputs(h, op.factorHeight, op.height, bilinear);
  const first = op.dy + <usize>(image * op.height * op.factorHeight * width * factor) * step;
  let dx = op.dx + <usize>(tile * width) * step;
  for (let w = 0; w < width; w++) {
    const j0 = firstOutput(w, factor, bilinear), j1 = endOfOutputs(w, factor, width, bilinear);
    zeroExactly(dx, channels);
    for (let i = i0; i < i1; i++) {
      const down = shareOf(h, i, op.height, op.factorHeight, bilinear);
      for (let j = j0; j < j1; j++) {
        const from = first + <usize>(i * width * factor + j) * step;
        addScaled(dx, from, down * shareOf(w, j, width, factor, bilinear), channels);
      }
    }
    dx += step;
  }
}
