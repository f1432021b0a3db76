// Nearest neighbours: which points are like a point.

import { ShapeError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { checkInteger, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { Tensor } from '../core.js';
import * as ops from '../operators/ops.js';
import { checkFinite } from './picture.js';
import { temporarily } from './temporary.js';

/** A point near another. */
export interface Neighbor {
  /** Its row. */
  readonly index: number;
  /** Euclidean. */
  readonly distance: number;
}

/** Points [n, d], all finite. @throws {ShapeError} {@link ValueError} {@link NumericError} */
export function checkPoints(what: string, points: Tensor, least = 1): readonly [number, number] {
  if (!(points instanceof Tensor))
    throw new ValueError(`${what} must be a tensor [n, d], not ${shown(points)}`);
  const [count, size] = points.shape;
  if (points.shape.length === 2 && count >= least && size > 0) {
    checkFinite(what, points);
    return [count, size];
  }
  const some = least > 1 ? ` with at least ${least} points` : '';
  throw new ShapeError(`${what} must have shape [n, d]${some}, not ${show(points.shape)}`);
}

/**
 * The points nearest to each query, the nearest first. A query that is one of the points finds itself.
 *
 * @param points [n, d], such as `vis.features` gives, or images as rows
 * @param query [m, d] for a list of lists, or [d] for one list
 * @param k how many of them
 * @throws {ShapeError} where the shapes do not fit
 * @throws {ValueError} for more neighbours than there are points
 * @throws {NumericError} for numbers that are not finite
 */
export function nearest(points: Tensor, query: Tensor, k: number): Neighbor[] | Neighbor[][] {
  return naming('vis.nearest', () => {
    const [count, size] = checkPoints('points', points);
    const isOne = query instanceof Tensor && query.shape.length === 1;
    return temporarily((keep) => {
      const queries = isOne ? keep(query.reshape([1, query.size])) : query;
      if (checkPoints('query', queries)[1] !== size)
        throw new ShapeError(
          `query has shape ${show(query.shape)}, but points have ${size} numbers`,
        );
      if (checkInteger('k', k) > count)
        throw new ValueError(
          `there are ${count} points, fewer than ${k} neighbours: ask for at most ${count}`,
        );
      const found = [...neighborsOf(points, queries, k)];
      return isOne ? found[0] : found;
    });
  });
}

/** Queries at a time: as many rows of distances are held. */
const ROWS = 256;

/** The neighbours of each query, one after the other. */
export function* neighborsOf(points: Tensor, queries: Tensor, k: number): Generator<Neighbor[]> {
  const [count, size] = points.shape;
  const squares = squaresOf(points);
  for (let first = 0; first < queries.shape[0]; first += ROWS) {
    const length = Math.min(ROWS, queries.shape[0] - first);
    const rows = queries.numbers.slice(first * size, (first + length) * size);
    const block = Tensor.from(rows, [length, size]);
    const products = ops.matMul(block, points, { transposeB: true });
    const found = Array.from({ length }, (_, i) => {
      const own = products.numbers.subarray(i * count, (i + 1) * count);
      const query = rows.subarray(i * size, (i + 1) * size);
      return lowest(count, k, (j) => squares[j] - 2 * own[j]).map((index) => ({
        index,
        distance: Math.sqrt(squareBetween(query, points.numbers, index * size)),
      }));
    });
    for (const one of [block, products]) one.dispose();
    yield* found.map((list) => list.sort((a, b) => a.distance - b.distance || a.index - b.index));
  }
}

/** The squared length of each row. */
function squaresOf({ shape: [count, size], numbers }: Tensor): Float64Array {
  const squares = new Float64Array(count);
  for (let i = 0; i < numbers.length; i++) squares[Math.floor(i / size)] += numbers[i] ** 2;
  return squares;
}

function squareBetween(query: Float32Array, points: Float32Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += (query[i] - points[at + i]) ** 2;
  return sum;
}

/** The k indices below `count` with the lowest of some distances: a heap of them whose top is the highest. */
function lowest(count: number, k: number, distanceOf: (index: number) => number): number[] {
  const indices = new Int32Array(k);
  const values = new Float64Array(k);
  const sink = (length: number, at: number, value: number, index: number): void => {
    let hole = at;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= length) break;
      if (child + 1 < length && values[child + 1] > values[child]) child++;
      if (values[child] <= value) break;
      values[hole] = values[child];
      indices[hole] = indices[child];
      hole = child;
    }
    values[hole] = value;
    indices[hole] = index;
  };
  for (let i = 0; i < k; i++) {
    indices[i] = i;
    values[i] = distanceOf(i);
  }
  for (let at = (k >> 1) - 1; at >= 0; at--) sink(k, at, values[at], indices[at]);
  for (let i = k; i < count; i++) {
    const value = distanceOf(i);
    if (value < values[0]) sink(k, 0, value, i);
  }
  return Array.from(indices);
}
