// Principal components: the directions in which points differ most.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkOptions, whole } from '../base/options.js';
import { purpose, Random } from '../base/random.js';
import { Tensor } from '../core.js';
import * as ops from '../operators/ops.js';
import { checkPoints } from './neighbors.js';
import { temporarily } from './temporary.js';

/** Columns of a matrix, as vectors. */
type Columns = Float64Array[];

/**
 * The points' coordinates along the directions in which they differ most, from their mean. The variance of each column
 * is that of the direction; columns come from the largest to the smallest. A direction's sign is such that its largest
 * number is positive.
 *
 * @param points [n, d]
 * @param options.components how many directions, 2 by default
 * @returns [n, components]
 * @throws {ShapeError} for anything but [n, d] with at least two points
 * @throws {ValueError} for more directions than the points have
 * @throws {NumericError} for numbers that are not finite
 */
export function pca(points: Tensor, options: { components?: number } = {}): Tensor {
  return naming('vis.pca', () => {
    const { components = 2 } = checkOptions('vis.pca', options, { components: whole(1) });
    const [count, size] = checkPoints('points', points, 2);
    const most = Math.min(count, size);
    if (components > most)
      throw new ValueError(
        `${count} points of ${size} numbers have ${most} directions, fewer than ${components}`,
      );
    return temporarily((keep) => {
      const centred = keep(centredOf(points));
      const directions = oriented(directionsOf(centred, components));
      return ops.matMul(centred, keep(matrixOf(directions)));
    });
  });
}

/** The directions in which points [n, d] differ most from 0. */
function directionsOf(centred: Tensor, components: number): Columns {
  const [count, size] = centred.shape;
  return temporarily((keep) => {
    // The smaller one of the two products has all that is to be known: long vectors have a large covariance.
    if (size <= count)
      return strongest(keep(ops.matMul(centred, centred, { transposeA: true })), components);
    const products = keep(ops.matMul(centred, centred, { transposeB: true }));
    const shares = keep(matrixOf(strongest(products, components)));
    const { numbers } = keep(ops.matMul(centred, shares, { transposeA: true }));
    const directions = Array.from({ length: components }, (_, c) =>
      Float64Array.from({ length: size }, (_, i) => numbers[i * components + c]),
    );
    orthonormalize(directions);
    return directions;
  });
}

/** Directions whose largest number is positive. */
const oriented = (directions: Columns): Columns =>
  directions.map((direction) => {
    const largest = direction.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
    return largest < 0 ? direction.map((value) => -value) : direction;
  });

function centredOf({ numbers, shape: [count, size] }: Tensor): Tensor {
  const mean = new Float64Array(size);
  for (let i = 0; i < numbers.length; i++) mean[i % size] += numbers[i] / count;
  return Tensor.from(
    numbers.map((value, i) => value - mean[i % size]),
    [count, size],
  );
}

/** Directions that are followed beside those that are asked for: the last ones then settle sooner. */
const SPARE = 8;
/** Iterations at most, and the change at which they end: float32's own. */
const [MOST, SETTLED] = [500, 1e-7];

/** The eigenvectors of a symmetric matrix with the largest eigenvalues, by iteration of a subspace. */
function strongest(matrix: Tensor, count: number): Columns {
  const [size] = matrix.shape;
  const random = new Random(0, purpose.weights);
  const width = Math.min(size, count + SPARE);
  let basis: Columns = Array.from({ length: width }, () =>
    Float64Array.from({ length: size }, () => random.uniform() - 0.5),
  );
  let before = 0;
  for (let i = 0; i < MOST; i++) {
    orthonormalize(basis);
    const image = times(matrix, basis);
    const { vectors, values } = eigenOf(basis, image);
    basis = vectors.map((vector) => combine(image, vector));
    const sum = values.slice(0, count).reduce((a, b) => a + b, 0);
    if (Math.abs(sum - before) <= SETTLED * Math.abs(sum)) break;
    before = sum;
  }
  orthonormalize(basis);
  return basis.slice(0, count);
}

function matrixOf(columns: Columns): Tensor {
  const [size, width] = [columns[0].length, columns.length];
  const numbers = Float32Array.from({ length: size * width }, (_, i) => {
    return columns[i % width][Math.floor(i / width)];
  });
  return Tensor.from(numbers, [size, width]);
}

function times(matrix: Tensor, columns: Columns): Columns {
  const right = matrixOf(columns);
  const product = ops.matMul(matrix, right);
  const width = columns.length;
  const result = columns.map((_, c) =>
    Float64Array.from({ length: matrix.shape[0] }, (_, row) => product.numbers[row * width + c]),
  );
  for (const one of [right, product]) one.dispose();
  return result;
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** Gram and Schmidt's way, twice: once is not enough where columns are nearly the same. */
function orthonormalize(columns: Columns): void {
  for (const [index, column] of columns.entries()) {
    for (let round = 0; round < 2; round++)
      for (const other of columns.slice(0, index)) {
        const share = dot(column, other);
        for (let i = 0; i < column.length; i++) column[i] -= share * other[i];
      }
    const length = Math.sqrt(dot(column, column));
    for (let i = 0; i < column.length; i++) column[i] = length > 0 ? column[i] / length : 0;
  }
}

function combine(columns: Columns, weights: ArrayLike<number>): Float64Array {
  const sum = new Float64Array(columns[0].length);
  for (const [index, column] of columns.entries())
    for (let i = 0; i < sum.length; i++) sum[i] += weights[index] * column[i];
  return sum;
}

/** Eigenvectors of the matrix as the basis sees it, the largest eigenvalue first: Jacobi's rotations. */
function eigenOf(basis: Columns, image: Columns): { vectors: number[][]; values: number[] } {
  const n = basis.length;
  const a = basis.map((one) => image.map((other) => dot(one, other)));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) a[i][j] = a[j][i] = (a[i][j] + a[j][i]) / 2;
  const v = a.map((_, i) => a.map((_, j) => Number(i === j)));
  const turn = (x: number[], y: number[], c: number, s: number): [number[], number[]] => [
    x.map((_, k) => c * x[k] - s * y[k]),
    x.map((_, k) => s * x[k] + c * y[k]),
  ];
  const columns = (m: number[][], i: number, j: number, c: number, s: number): void => {
    for (const row of m) [row[i], row[j]] = [c * row[i] - s * row[j], s * row[i] + c * row[j]];
  };
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++)
      for (let j = i + 1; j < n; j++) {
        if (a[i][j] === 0) continue;
        off = Math.max(off, Math.abs(a[i][j]) / (Math.abs(a[i][i]) + Math.abs(a[j][j])));
        const theta = (a[j][j] - a[i][i]) / (2 * a[i][j]);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        [a[i], a[j]] = turn(a[i], a[j], c, t * c);
        columns(a, i, j, c, t * c);
        columns(v, i, j, c, t * c);
      }
    if (off < 1e-14) break;
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j][j] - a[i][i]);
  return { values: order.map((i) => a[i][i]), vectors: order.map((i) => v.map((row) => row[i])) };
}
