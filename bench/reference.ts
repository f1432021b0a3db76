// The right answers, in f64, at a sample of places: what every competitor must agree with before it is
// timed.

import { sizeOf } from '../src/base/shape.js';
import { numbers } from '../tests/helpers/random.js';
import { type ConvWork, convShapes, type GemmWork, isOnnx, Seed, type Work } from './work.js';

/** What one of a work's results must be at some places of its flat array, in each pass. */
export interface Expected {
  name: string;
  indices: number[];
  values: number[];
  /** How far each value may be off. */
  allowed: number[];
}

/** Places looked at besides corners and edges. */
const OTHERS = 300;

/** What rounding in float32 may do to a loss that has not moved yet, as a share of it. */
const ROUNDING = 1e-5;
/** And to how far a loss has moved, as a share of that: 50 times what any library here does. */
const STRAYING = 1e-3;
/** And to logits, as a share of the largest: ten times what any library here does. */
const LOGITS = 1e-5;
/** And where what they are compared with is rounded too. */
const FLOAT_LOGITS = 1e-4;

/**
 * The error that a sum of K products may have: 10·K·2⁻²⁴/3.
 *
 * The products of numbers uniform in [−1, 1) have RMS 1/3, and summing K of them one by one in f32 has
 * an RMS error of about 0.4·K·2⁻²⁴/3. Winograd's convolution F(4×4, 3×3) has up to five times that, and
 * the worst of thousands of places is some five times the RMS: 5·5·0.4 = 10. A product left out or
 * added twice is of size 1/3, far more.
 */
export const allowance = (terms: number): number => (10 * terms * 2 ** -24) / 3;

/** A work's results, each at a sample of places. */
export function expectedResults(work: Work): Expected[] {
  if (work.kind === 'training') {
    const values = [...work.losses];
    const allowed = values.map((loss) => loss * ROUNDING + Math.abs(loss - values[0]) * STRAYING);
    // One loss per step.
    return [{ name: 'losses', indices: [0], values, allowed }];
  }
  if (work.kind === 'inference') return [near([...work.places], [...work.logits], LOGITS)];
  if (isOnnx(work)) return [near([...work.logits.keys()], [...work.logits], FLOAT_LOGITS)];
  if (work.kind === 'tfjs') return [near([...work.values.keys()], [...work.values], LOGITS)];
  return work.kind === 'gemm' ? [product(work)] : convolution(work);
}

/** Logits that may be off by a share of the largest. */
function near(indices: number[], values: number[], share: number): Expected {
  const largest = Math.max(...values.map(Math.abs));
  return { name: 'logits', indices, values, allowed: values.map(() => share * largest) };
}

function product({ m, n, k }: GemmWork): Expected {
  const [a, b] = [numbers(m * k, Seed.a), numbers(k * n, Seed.b)];
  return sampled('c', [m, n], k, ([i, j]) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += a[i * k + p] * b[p * n + j];
    return sum;
  });
}

function convolution(work: ConvWork): Expected[] {
  const { kernel, stride, pad, side, channels, filters, batch, groups } = work;
  const shape = convShapes(work);
  const x = numbers(sizeOf(shape.x), Seed.x);
  const w = numbers(sizeOf(shape.w), Seed.w);
  const dy = numbers(sizeOf(shape.y), Seed.dy);
  const output = shape.y[1];
  // What reaches what: group g has these many channels and filters.
  const [depth, width] = [channels / groups, filters / groups];
  const xAt = (b: number, i: number, j: number, c: number) =>
    i < 0 || j < 0 || i >= side || j >= side ? 0 : x[((b * side + i) * side + j) * channels + c];
  const wAt = (u: number, v: number, c: number, f: number) =>
    w[((u * kernel + v) * depth + c) * filters + f];
  const dyAt = (b: number, i: number, j: number, f: number) =>
    dy[((b * output + i) * output + j) * filters + f];
  /** Sum over the taps of a filter. */
  const taps = (term: (u: number, v: number) => number) => {
    let sum = 0;
    for (let u = 0; u < kernel; u++) for (let v = 0; v < kernel; v++) sum += term(u, v);
    return sum;
  };

  const y = sampled('y', shape.y, kernel ** 2 * depth, ([b, i, j, f]) => {
    const first = Math.floor(f / width) * depth;
    return taps((u, v) => {
      let sum = 0;
      for (let c = 0; c < depth; c++)
        sum += xAt(b, i * stride + u - pad, j * stride + v - pad, first + c) * wAt(u, v, c, f);
      return sum;
    });
  });
  if (work.kind === 'conv') return [y];

  const dx = sampled('dx', shape.x, kernel ** 2 * width, ([b, i, j, c]) => {
    const first = Math.floor(c / depth) * width;
    return taps((u, v) => {
      const [p, q] = [(i + pad - u) / stride, (j + pad - v) / stride];
      const inside = [p, q].every((at) => Number.isInteger(at) && at >= 0 && at < output);
      let sum = 0;
      for (let f = first; inside && f < first + width; f++)
        sum += dyAt(b, p, q, f) * wAt(u, v, c % depth, f);
      return sum;
    });
  });
  const dw = sampled('dw', shape.w, batch * output ** 2, ([u, v, c, f]) => {
    const channel = Math.floor(f / width) * depth + c;
    let sum = 0;
    for (let b = 0; b < batch; b++)
      for (let i = 0; i < output; i++)
        for (let j = 0; j < output; j++)
          sum += xAt(b, i * stride + u - pad, j * stride + v - pad, channel) * dyAt(b, i, j, f);
    return sum;
  });
  return [y, dx, dw];
}

/** The values at a sample of places, each a sum of `terms` products. */
function sampled(
  name: string,
  shape: number[],
  terms: number,
  value: (place: number[]) => number,
): Expected {
  const all = places(shape);
  const flat = (place: number[]) => place.reduce((at, i, axis) => at * shape[axis] + i, 0);
  const allowed = allowance(terms);
  return {
    name,
    indices: all.map(flat),
    values: all.map(value),
    allowed: all.map(() => allowed),
  };
}

/** All corners, places along the edges, and others anywhere. */
function places(shape: number[]): number[][] {
  const corners = shape.reduce<number[][]>(
    (found, side) =>
      found.flatMap((place) => [...new Set([0, side - 1])].map((i) => [...place, i])),
    [[]],
  );
  const random = numbers(OTHERS * shape.length, 7).map((x) => (x + 1) / 2);
  const others = Array.from({ length: OTHERS }, (_, row) =>
    shape.map((side, axis) => Math.floor(random[row * shape.length + axis] * side)),
  );
  // Every second one is moved to the one or the other end of an axis.
  for (let row = 0; row < OTHERS; row += 2) {
    const turn = row / 2;
    const axis = turn % shape.length;
    others[row][axis] = Math.floor(turn / shape.length) % 2 ? shape[axis] - 1 : 0;
  }
  return [...corners, ...others];
}
