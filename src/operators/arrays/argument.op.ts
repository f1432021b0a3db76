// Where the largest and the least numbers are. They are found here: no kernel writes int32.

import { ShapeError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { flag, optionsOf } from '../../base/options.js';
import { show, sizeOf } from '../../base/shape.js';
import { argument } from '../../tensor/eager.js';
import { Tensor } from '../../tensor/tensor.js';
import { anyAxis, axesIn, withoutAxes } from './axes.js';

/** Where `argMax` and `argMin` look. */
export interface Search {
  /** Along which axis: from 0 on, and from the last where it is negative, as by default: −1. */
  axis?: number;
  /** Whether the axis stays, with a size of 1: false by default. */
  keepDims?: boolean;
  /** Whether the last of equals counts, not the first: false by default. */
  last?: boolean;
}

const words = { axis: anyAxis, keepDims: flag, last: flag };

/** Where sign·x is largest. */
function found(x: Tensor, sign: 1 | -1, options: Search): Tensor {
  argument('x', x);
  const { axis = -1, keepDims, last = false } = optionsOf(options, words);
  const { numbers, shape } = x;
  const [own] = axesIn(shape, [axis]);
  const [n, inner] = [shape[own], sizeOf(shape.slice(own + 1))];
  if (n === 0) throw new ShapeError(`there is nothing along axis ${own} of ${show(shape)}`);
  const indices = new Int32Array(x.size / n);
  indices.forEach((_, i) => {
    const first = Math.floor(i / inner) * n * inner + (i % inner);
    let [best, most] = [0, sign * numbers[first]];
    for (let k = 1; k < n; k++) {
      const value = sign * numbers[first + k * inner];
      // NaN is beyond all numbers.
      const isBeyond = Number.isNaN(value) ? last || !Number.isNaN(most) : value > most;
      if (isBeyond || (last && value === most)) [best, most] = [k, value];
    }
    indices[i] = best;
  });
  return Tensor.from(indices, withoutAxes(shape, [own], keepDims));
}

/**
 * Where along an axis of x the largest number is; NaN is larger than all, and of equal ones the first counts. The axis is
 * one of the whole shape, by default the last, as of [..., classes].
 *
 * @returns int32, without the axis
 */
export const argMax = (x: Tensor, options: Search = {}): Tensor =>
  naming('argMax', () => found(x, 1, options));

/** Where along an axis of x the least number is; NaN is less than all. See argMax. */
export const argMin = (x: Tensor, options: Search = {}): Tensor =>
  naming('argMin', () => found(x, -1, options));
