// p-norm pooling over windows, forward and backward. Lanes run over channels; backward collects, as in
// pool.ts.

import { In, Out } from '../core/op';
import {
  begin,
  firstCover,
  inside,
  lastCover,
  pixel,
  Pooling,
  PoolingBackward,
} from './poolwindow';
import { exp, log, storeLanes } from '../core/simd';

/** y = (scale · Σ|x|ᵖ)^(1/p). scale is 1/window in the lecture, 1 in ONNX. */
@unmanaged
export class LpPool extends Pooling {
  y: Out;
  x: In;
  p: f32;
  scale: f32;
}

@unmanaged
export class LpPoolBackward extends PoolingBackward {
  dx: Out;
  dy: In;
  x: In;
  y: In;
  p: f32;
  scale: f32;
}

/** xᵖ for x ≥ 0, as exp(p·ln x): relative error about (1 + p·|ln x|)·2⁻²³. 0ᵖ = 0. */
// @ts-ignore: decorator
@inline
function power(x: v128, p: v128): v128 {
  return v128.and(exp(f32x4.mul(p, log(x))), f32x4.ne(x, f32x4.splat(0)));
}

export function lpPool(op: LpPool, task: i32): void {
  const image = task / op.outputHeight;
  const i = task - image * op.outputHeight;
  const top = max(0, begin(i, op.strideHeight, op.padTop, op.height, op.outputHeight));
  const rows = inside(i, op.kernelHeight, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const channels = op.channels;
  let to = op.y + ((<usize>(task * op.outputWidth * channels)) << 2);
  for (let j = 0; j < op.outputWidth; j++) {
    const left = max(0, begin(j, op.strideWidth, op.padLeft, op.width, op.outputWidth));
    const columns = inside(j, op.kernelWidth, op.strideWidth, op.padLeft, op.width, op.outputWidth);
    const corner = pixel(op.x, op, image, top, left);
    for (let c = 0; c < channels; c += 4) {
      const y = windowNorm(op, corner + ((<usize>c) << 2), rows, columns);
      storeLanes(to + ((<usize>c) << 2), y, channels - c);
    }
    to += (<usize>channels) << 2;
  }
}

/** The norm of one window, taken relative to its largest element: the powers stay in range. */
function windowNorm(op: LpPool, corner: usize, rows: i32, columns: i32): v128 {
  const step = (<usize>op.channels) << 2;
  const line = <usize>op.width * step;
  const p = f32x4.splat(op.p);
  let largest = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) {
      largest = f32x4.max(
        largest,
        f32x4.abs(v128.load(corner + <usize>r * line + <usize>s * step)),
      );
    }
  }
  let sum = f32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) {
      const x = f32x4.abs(v128.load(corner + <usize>r * line + <usize>s * step));
      sum = f32x4.add(sum, power(f32x4.div(x, largest), p));
    }
  }
  const y = f32x4.mul(largest, power(f32x4.mul(sum, f32x4.splat(op.scale)), f32x4.splat(1 / op.p)));
  return v128.and(y, f32x4.ne(largest, f32x4.splat(0)));
}

/** dx = Σ dy · scale · sign(x) · (|x| / y)^(p−1), and 0 where y is. */
export function lpPoolBackward(op: LpPoolBackward, task: i32): void {
  const image = task / op.height;
  const h = task - image * op.height;
  const channels = op.channels;
  const i0 = firstCover(h, op.kernelHeight, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const i1 = lastCover(h, op.strideHeight, op.padTop, op.height, op.outputHeight);
  const exponent = f32x4.splat(op.p - 1);
  for (let w = 0; w < op.width; w++) {
    const j0 = firstCover(w, op.kernelWidth, op.strideWidth, op.padLeft, op.width, op.outputWidth);
    const j1 = lastCover(w, op.strideWidth, op.padLeft, op.width, op.outputWidth);
    const from = pixel(op.x, op, image, h, w);
    const to = pixel(op.dx, op, image, h, w);
    for (let c = 0; c < channels; c += 4) {
      const x = v128.load(from + ((<usize>c) << 2));
      const sign = v128.and(x, i32x4.splat(0x80000000));
      let sum = f32x4.splat(0);
      for (let i = i0; i <= i1; i++) {
        for (let j = j0; j <= j1; j++) {
          const at =
            (<usize>(((image * op.outputHeight + i) * op.outputWidth + j) * channels + c)) << 2;
          const y = v128.load(op.y + at);
          const slope = power(f32x4.div(f32x4.abs(x), y), exponent);
          const term = f32x4.mul(v128.load(op.dy + at), slope);
          sum = f32x4.add(sum, v128.and(term, f32x4.gt(y, f32x4.splat(0))));
        }
      }
      const dx = f32x4.mul(v128.xor(sum, sign), f32x4.splat(op.scale));
      storeLanes(to + ((<usize>c) << 2), dx, channels - c);
    }
  }
}
