// Reductions over axes as layers, and where extremes are.

import { flag, required } from '../../base/options.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { anyAxis, axesIn, withoutAxes } from './axes.js';
import { type Reduction, reduceBackward, reduceForward, reductionWords } from './reduction.emit.js';
import { emitOf, fillWith } from './strides.emit.js';

/** Options of `reduce`; axes are those of the sample. */
export interface ReduceOptions extends LayerOptions, Reduction {}

/** x, and y with the axes as 1. */
interface Saved {
  x: Value;
  y: Value;
}

class Reduce extends Layer<Saved> {
  declare readonly options: ReduceOptions;

  constructor(options: ReduceOptions) {
    super('reduce', options, reductionWords);
  }

  #axes(sample: Shape): number[] {
    return axesIn(sample, this.options.axes ?? [...sample.keys()]);
  }

  shapeFor(sample: Shape): Shape {
    return withoutAxes(sample, this.#axes(sample), this.options.keepDims);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Saved> {
    const [batch, ...sample] = x.shape;
    const y = emitter.value([batch, ...withoutAxes(sample, this.#axes(sample), true)]);
    reduceForward(emitter, this.options.fn, y, x);
    return { y: y.view([batch, ...this.shapeFor(sample)]), saved: { x, y } };
  }

  emitBackward({ emitter }: Lowering, dy: Value, saved: Saved, wanted: boolean) {
    if (!wanted) return undefined;
    const { x, y } = saved;
    const dx = emitter.value(x.shape);
    reduceBackward(emitter, this.options.fn, dx, dy.view(y.shape), saved);
    return dx;
  }
}

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
    return withoutAxes(sample, axesIn(sample, [this.options.axis]), this.options.keepDims);
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
 * The numbers along some axes as one: their sum, mean, largest or least (equal ones share the gradient evenly), product,
 * Σ|x|, √Σx², Σx² or ln Σeˣ.
 */
export const reduce = (options: ReduceOptions): Layer => new Reduce(options);
/** Where along an axis the largest number is, as a float; NaN is larger than all. The gradient is 0. */
export const argMax = (options: ArgumentOptions): Layer => new Argument('argMax', options);
/** Where along an axis the least number is, as a float; NaN is less than all. The gradient is 0. */
export const argMin = (options: ArgumentOptions): Layer => new Argument('argMin', options);
