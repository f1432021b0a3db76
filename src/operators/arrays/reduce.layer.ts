// Reductions over axes as layers: sums, means, extremes, norms, and where the extremes are.

import { flag, oneOf, required } from '../../base/options.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { anyAxes, anyAxis, axesIn } from './axes.js';
import { combineArrays, expandTo } from './combine.emit.js';
import { mapForward } from './map.emit.js';
import { reduceAxes } from './reduce.emit.js';
import { emitOf, fillWith } from './strides.emit.js';

const names = [
  ...['sum', 'mean', 'max', 'min', 'prod'],
  ...['l1', 'l2', 'sumSquare', 'logSumExp'],
] as const;

/** What `reduce` makes of the numbers along its axes. */
export type ReduceFn =
  | 'sum'
  | 'mean'
  | 'max'
  | 'min'
  | 'prod'
  | 'l1'
  | 'l2'
  | 'sumSquare'
  | 'logSumExp';

/** Options of `reduce`. */
export interface ReduceOptions extends LayerOptions {
  fn: ReduceFn;
  /** Of the sample, from 0 on. All by default. */
  axes?: readonly number[];
  /** Whether the axes stay, with a size of 1: false by default. */
  keepDims?: boolean;
}

/** x, y with the axes as 1, and how many numbers each y is made of. */
interface Saved {
  x: Value;
  y: Value;
  count: number;
}

class Reduce extends Layer<Saved> {
  declare readonly options: ReduceOptions;

  constructor(options: ReduceOptions) {
    const words = { axes: anyAxes, keepDims: flag };
    super('reduce', options, { ...required({ fn: oneOf(...names) }), ...words });
  }

  #axes(sample: Shape): number[] {
    return axesIn(sample, this.options.axes ?? sample.map((_, i) => i));
  }

  shapeFor(sample: Shape): Shape {
    return without(sample, this.#axes(sample), this.options.keepDims);
  }

  emitForward({ emitter: e }: Lowering, x: Value): Forward<Saved> {
    const [batch, ...sample] = x.shape;
    const axes = this.#axes(sample).map((axis) => axis + 1);
    const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
    const y = e.value(without(x.shape, axes, true));
    const { fn } = this.options;
    if (fn === 'logSumExp') {
      // Less the largest, so that nothing overflows.
      reduceAxes(e, 'Maximum', y, x, axes);
      const [shares, sum] = [e.value(x.shape), e.value(y.shape)];
      combineArrays(e, 'Subtract', shares, x, y);
      mapForward(e, shares, shares, { fn: 'Exp' });
      reduceAxes(e, 'Sum', sum, shares, axes);
      mapForward(e, sum, sum, { fn: 'Log' });
      combineArrays(e, 'Add', y, y, sum);
    } else {
      reduceAxes(e, kernels[fn], y, x, axes, fn === 'mean' ? 1 / count : 1);
      if (fn === 'l2') mapForward(e, y, y, { fn: 'Sqrt' });
    }
    return { y: y.view([batch, ...this.shapeFor(sample)]), saved: { x, y, count } };
  }

  emitBackward({ emitter: e }: Lowering, given: Value, saved: Saved, wanted: boolean) {
    if (!wanted) return undefined;
    const { x, y, count } = saved;
    const dx = e.value(x.shape);
    const dy = given.view(y.shape);
    switch (this.options.fn) {
      case 'sum':
        expandTo(e, dx, dy);
        break;
      case 'mean':
        expandTo(e, dx, dy, 1 / count);
        break;
      case 'max':
      case 'min':
        this.#shareOut(e, dx, dy, saved);
        break;
      case 'prod':
        this.#productOfOthers(e, dx, dy, saved);
        break;
      case 'l1':
        combineArrays(e, 'Signed', dx, x, x, { c: dy });
        break;
      case 'l2':
        combineArrays(e, 'Ratio', dx, x, y, { c: dy });
        break;
      case 'sumSquare':
        combineArrays(e, 'Multiply', dx, x, dy, { scale: 2 });
        break;
      default:
        combineArrays(e, 'Share', dx, x, y, { c: dy });
    }
    return dx;
  }

  /**
   * The product less the own factor, which may be 0. Zeros count as 1 in the product, and then it is that of all others for
   * each number only where there is no zero, and for the zero where there is one: where there are as many as it is itself.
   */
  #productOfOthers(e: Emitter, dx: Value, dy: Value, { x, y }: Saved): void {
    const axes = axesOf(x, y);
    const zero = e.value(x.shape.map(() => 1));
    const [isZero, factors, count, product] = [x, x, y, y].map(({ shape }) => e.value(shape));
    fillWith(e, zero, 0);
    combineArrays(e, 'Equal', isZero, x, zero);
    combineArrays(e, 'Add', factors, x, isZero);
    reduceAxes(e, 'Sum', count, isZero, axes);
    reduceAxes(e, 'Product', product, factors, axes);
    combineArrays(e, 'Where', isZero, isZero, count, { c: dy });
    combineArrays(e, 'Ratio', dx, product, factors, { c: isZero });
  }

  /** Equal extremes have even shares. */
  #shareOut(e: Emitter, dx: Value, dy: Value, { x, y }: Saved): void {
    const axes = axesOf(x, y);
    combineArrays(e, 'Equal', dx, x, y);
    const share = e.value(y.shape);
    reduceAxes(e, 'Sum', share, dx, axes);
    combineArrays(e, 'Divide', share, dy, share);
    combineArrays(e, 'Where', dx, x, y, { c: share });
  }
}

/** Along which axes y is made of several numbers of x. */
const axesOf = (x: Value, y: Value): number[] =>
  x.shape.flatMap((side, i) => (side === y.shape[i] ? [] : [i]));

const kernels = {
  sum: 'Sum',
  mean: 'Sum',
  max: 'Maximum',
  min: 'Minimum',
  prod: 'Product',
  l1: 'Absolute',
  l2: 'Square',
  sumSquare: 'Square',
} as const;

/** A shape without some axes, or with 1 in their place. */
const without = (shape: Shape, axes: readonly number[], keepDims = false): Shape =>
  shape.flatMap((side, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [side]));

/** Options of `argMax` and `argMin`. */
export interface ArgumentOptions extends LayerOptions {
  /** Of the sample, from 0 on. */
  axis: number;
  /** Whether the axis stays, with a size of 1: false by default. */
  keepDims?: boolean;
  /** Whether the last of equals counts, not the first: false by default. */
  last?: boolean;
}

class Argument extends Layer<Shape> {
  declare readonly options: ArgumentOptions;

  constructor(type: 'argMax' | 'argMin', options: ArgumentOptions) {
    super(type, options, { ...required({ axis: anyAxis }), keepDims: flag, last: flag });
  }

  shapeFor(sample: Shape): Shape {
    return without(sample, axesIn(sample, [this.options.axis]), this.options.keepDims);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Shape> {
    const [batch, ...sample] = x.shape;
    const [axis] = axesIn(sample, [this.options.axis]);
    const y = emitter.value([batch, ...this.shapeFor(sample)]);
    emitOf(emitter, 'argument', {
      ...{ y, x, outer: batch * sizeOf(sample.slice(0, axis)), n: sample[axis] },
      inner: sizeOf(sample.slice(axis + 1)),
      sign: this.type === 'argMin' ? 0x80000000 : 0,
      last: this.options.last ? 1 : 0,
      skipsNaN: 0,
    });
    return { y, saved: x.shape };
  }

  emitBackward({ emitter }: Lowering, _dy: Value, shape: Shape, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = emitter.value(shape);
    fillWith(emitter, dx, 0);
    return dx;
  }
}

/**
 * The numbers along some axes as one: their sum, mean, largest or least (equal ones share the gradient evenly), product
 * (numbers that are 0 get no gradient), Σ|x|, √Σx², Σx² or ln Σeˣ.
 */
export const reduce = (options: ReduceOptions): Layer => new Reduce(options);
/** Where along an axis the largest number is, as a float; NaN is larger than all. The gradient is 0. */
export const argMax = (options: ArgumentOptions): Layer => new Argument('argMax', options);
/** Where along an axis the least number is, as a float; NaN is less than all. The gradient is 0. */
export const argMin = (options: ArgumentOptions): Layer => new Argument('argMin', options);
