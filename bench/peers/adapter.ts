// What a peer of the benchmark has to offer: one small file per library implements this.

import { sizeOf } from '../../src/base/shape.js';
import { numbers } from '../../tests/helpers/random.js';
import type { ConvLayer, Filling } from '../layers.js';
import { EPSILON, type Work } from '../work.js';

/** A work made ready: operands in the library's own memory and order. */
export interface Task {
  /**
   * The work once, as a user of the library calls it, ending when the result is there; what it made is
   * given back. This is what is timed.
   */
  run(): void | Promise<void>;
  /**
   * What `run` computes, each result flat in wasmgrad's order (images NHWC, filters HWIO): c, or y, or
   * y, dx, dw, or a network's logits, or the loss of one training step.
   */
  results(): ArrayLike<number>[] | Promise<ArrayLike<number>[]>;
  /** Bytes that the library says it holds or will need, by what says so. */
  memory?(): Record<string, number>;
  /** Gives the operands back. */
  release(): void;
}

/** A library. */
export interface Adapter {
  /** Starts it on one thread. @returns what it is: name, version, what it runs on */
  start(): Promise<string>;
  /** @throws {Cannot} for work that the library does not do */
  prepare(work: Work): Task | Promise<Task>;
  /** What the library says about itself, after the work done so far. */
  info?(): Record<string, unknown>;
}

/** Why a library does not do a work. */
export class Cannot extends Error {}

/** The library's version, from its package. */
export async function versionOf(name: string): Promise<string> {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  const { default: content } = await import(file.href, { with: { type: 'json' } });
  return `${name} ${content.version}`;
}

/** `data` of the given shape with its axes in another order, as NumPy's transpose does. */
export function permuted(
  data: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, side) => product * side, 1),
  );
  const result = new Float32Array(data.length);
  let at = 0;
  const copy = (depth: number, from: number): void => {
    const [side, stride] = [shape[axes[depth]], strides[axes[depth]]];
    if (depth < axes.length - 1) {
      for (let i = 0; i < side; i++) copy(depth + 1, from + i * stride);
    } else for (let i = 0; i < side; i++) result[at++] = data[from + i * stride];
  };
  copy(0, 0);
  return result;
}

/** Axes for `permuted`: NHWC to NCHW and back, HWIO to OIHW and back. */
export const Axes = {
  toNCHW: [0, 3, 1, 2],
  toNHWC: [0, 2, 3, 1],
  toOIHW: [3, 2, 0, 1],
  toHWIO: [2, 3, 1, 0],
} as const;

/** The numbers that a tensor of a work holds: those of the seed, in [−1, 1). */
export const filled = (shape: readonly number[], seed: number): Float32Array =>
  numbers(sizeOf(shape), seed);

/** The numbers that a tensor of a network begins with. */
export function beginning({ shape, seed, centre, limit }: Filling): Float32Array {
  const values = filled(shape, seed);
  for (let at = 0; at < values.length; at++) values[at] = centre + values[at] * limit;
  return values;
}

/** A convolution for inference, its normalisation folded in as every exporter of networks does. */
export function folded({ weights, filters }: ConvLayer): {
  kernel: Float32Array;
  bias: Float32Array;
} {
  const [kernel, bias] = [beginning(weights.kernel), new Float32Array(filters)];
  if (!weights.norm) return { kernel, bias };
  const { gamma, beta, mean, variance } = weights.norm;
  const [scale, shift, centre, spread] = [gamma, beta, mean, variance].map(beginning);
  for (let f = 0; f < filters; f++) {
    const factor = scale[f] / Math.sqrt(spread[f] + EPSILON);
    bias[f] = shift[f] - centre[f] * factor;
    for (let at = f; at < kernel.length; at += filters) kernel[at] *= factor;
  }
  return { kernel, bias };
}
