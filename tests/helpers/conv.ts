// One convolution in all its passes, held against the reference: for the tests of its several kernels.

import { ops } from '../../src/index.js';
import { free } from './cases.js';
import { close, summation } from './close.js';
import { random } from './random.js';
import * as ref from './reference.js';

/** A convolution of random numbers. */
export interface Conv extends ref.Placement {
  filters: number;
  groups?: number;
}

type Pass = 'forward' | 'input' | 'filter';
const everyPass: readonly Pass[] = ['forward', 'input', 'filter'];

/** Its tensors and options. */
export function tensors(c: Conv, seed: number) {
  const { kernel, shape, filters, groups = 1 } = c;
  const g = ref.geometry(c);
  const filterShape = [...kernel, shape[3] / groups, filters];
  const outputShape = [shape[0], ...g.output, filters];
  const [x, w, dy, bias] = [shape, filterShape, outputShape, [filters]].map((s, i) =>
    random(s, seed + i),
  );
  const { strides, dilation, padding, dimRoundingMode = 'floor' } = c;
  const placement = { strides, dilation, padding, groups, dimRoundingMode };
  const options = { ...placement, algorithm: 'direct' } as ops.Conv2dOptions;
  return { g, groups, filterShape, x, w, dy, bias, options };
}

/**
 * Runs one convolution in the given passes. Sums of K products of numbers in [−1, 1) may err by
 * summation(K); K counts every tap, even those in the padding.
 */
export function check(c: Conv, seed = 1, passes = everyPass): void {
  const { g, groups, filterShape, x, w, dy, bias, options } = tensors(c, seed);
  const what = JSON.stringify({ ...c, seed });
  const k = ref.taps(g) * (g.channels / groups);
  if (passes.includes('forward')) {
    const plain = ops.conv2d(x, w, options);
    close(
      plain.data,
      ref.conv2d(x.data, w.data, undefined, g, c.filters, groups),
      { atol: summation(k) },
      what,
    );
    const full = ops.conv2d(x, w, { ...options, bias, activation: 'relu' });
    const expected = ref
      .conv2d(x.data, w.data, bias.data, g, c.filters, groups)
      .map((v) => Math.max(0, v));
    // The bias is one more term.
    close(full.data, expected, { atol: summation(k + 1) }, `${what} + bias, relu`);
    free(plain, full);
  }
  if (passes.includes('input')) {
    const dx = ops.conv2dBackwardInput(dy, w, x.shape, options);
    const expected = ref.conv2dBackwardInput(dy.data, w.data, g, c.filters, groups);
    close(
      dx.data,
      expected,
      { atol: summation(ref.taps(g) * (c.filters / groups)) },
      `${what}: dx`,
    );
    free(dx);
  }
  if (passes.includes('filter')) {
    const dw = ops.conv2dBackwardFilter(x, dy, filterShape, options);
    const expected = ref.conv2dBackwardFilter(x.data, dy.data, g, c.filters, groups);
    close(dw.data, expected, { atol: summation(ref.outputPixels(g)) }, `${what}: dw`);
    free(dw);
  }
  free(x, w, dy, bias);
}
