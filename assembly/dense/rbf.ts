// Radial basis function units, the output layer of LeNet-5 (LeCun et al., Proc. IEEE 1998), forward and
// backward. Distances are taken as they are written: with the square expanded they would cancel.

import { In, Op, Out } from '../core/op';
import { laneMask, madd, nmadd, storeLanes, sumLanes } from '../core/simd';

/** Rows of one task; of the kernel's gradient, features. */
// @ts-ignore: decorator
@inline const ROWS: i32 = 16;

/** x is [rows][features], kernel [features][units], y [rows][units]. */
@unmanaged
export class Units extends Op {
  rows: i32;
  features: i32;
  units: i32;
}

export function unitsTasks(op: Units): i32 {
  return (op.rows + ROWS - 1) / ROWS;
}

/** y[r][u] = −Σ (x[r][f] − kernel[f][u])² over f. */
@unmanaged
export class Rbf extends Units {
  y: Out;
  /** [rows][features]. */
  x: In;
  /** [features][units]. */
  kernel: In;
}

export function rbf(op: Rbf, task: i32): void {
  const end = min(op.rows, (task + 1) * ROWS);
  for (let row = task * ROWS; row < end; row++) {
    for (let unit = 0; unit < op.units; unit += 16) distances(op, row, unit);
  }
}

/** A row's distances to 16 units, or what is left of them. */
function distances(op: Rbf, row: i32, unit: i32): void {
  const step = (<usize>op.units) << 2;
  let x = op.x + ((<usize>(row * op.features)) << 2);
  let kernel = op.kernel + ((<usize>unit) << 2);
  let sum0 = f32x4.splat(0),
    sum1 = sum0,
    sum2 = sum0,
    sum3 = sum0;
  for (let f = op.features; f > 0; f--) {
    const v = v128.load32_splat(x);
    const d0 = f32x4.sub(v, v128.load(kernel));
    const d1 = f32x4.sub(v, v128.load(kernel, 16));
    const d2 = f32x4.sub(v, v128.load(kernel, 32));
    const d3 = f32x4.sub(v, v128.load(kernel, 48));
    sum0 = nmadd(d0, d0, sum0);
    sum1 = nmadd(d1, d1, sum1);
    sum2 = nmadd(d2, d2, sum2);
    sum3 = nmadd(d3, d3, sum3);
    x += 4;
    kernel += step;
  }
  const y = op.y + ((<usize>(row * op.units + unit)) << 2);
  const left = op.units - unit;
  storeLanes(y, sum0, left);
  if (left > 4) storeLanes(y + 16, sum1, left - 4);
  if (left > 8) storeLanes(y + 32, sum2, left - 8);
  if (left > 12) storeLanes(y + 48, sum3, left - 12);
}

/** dx[r][f] = 2·Σ dy[r][u]·(kernel[f][u] − x[r][f]) over u. */
@unmanaged
export class RbfBackwardInput extends Units {
  dx: Out;
  dy: In;
  x: In;
  kernel: In;
}

export function rbfBackwardInput(op: RbfBackwardInput, task: i32): void {
  const units = op.units;
  const end = min(op.rows, (task + 1) * ROWS);
  for (let row = task * ROWS; row < end; row++) {
    const dy = op.dy + ((<usize>(row * units)) << 2);
    for (let f = 0; f < op.features; f++) {
      const at = (<usize>(row * op.features + f)) << 2;
      const x = v128.load32_splat(op.x + at);
      const kernel = op.kernel + ((<usize>(f * units)) << 2);
      let sum = f32x4.splat(0);
      for (let u = 0; u < units; u += 4) {
        const d = f32x4.sub(v128.load(kernel + ((<usize>u) << 2)), x);
        const product = f32x4.mul(v128.load(dy + ((<usize>u) << 2)), d);
        sum = f32x4.add(sum, v128.and(product, laneMask(units - u)));
      }
      store<f32>(op.dx + at, 2 * sumLanes(sum));
    }
  }
}

/** dkernel[f][u] = 2·Σ dy[r][u]·(x[r][f] − kernel[f][u]) over r. */
@unmanaged
export class RbfBackwardKernel extends Units {
  dkernel: Out;
  dy: In;
  x: In;
  kernel: In;
}

export function rbfBackwardKernelTasks(op: RbfBackwardKernel): i32 {
  return (op.features + ROWS - 1) / ROWS;
}

export function rbfBackwardKernel(op: RbfBackwardKernel, task: i32): void {
  const units = op.units;
  const end = min(op.features, (task + 1) * ROWS);
  for (let f = task * ROWS; f < end; f++) {
    for (let u = 0; u < units; u += 4) {
      const at = (<usize>(f * units + u)) << 2;
      const kernel = v128.load(op.kernel + at);
      let x = op.x + ((<usize>f) << 2);
      let dy = op.dy + ((<usize>u) << 2);
      let sum = f32x4.splat(0);
      for (let r = op.rows; r > 0; r--) {
        sum = madd(v128.load(dy), f32x4.sub(v128.load32_splat(x), kernel), sum);
        x += (<usize>op.features) << 2;
        dy += (<usize>units) << 2;
      }
      storeLanes(op.dkernel + at, f32x4.add(sum, sum), units - u);
    }
  }
}
