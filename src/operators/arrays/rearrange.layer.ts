// Layers that put the same numbers elsewhere: transposed, as slices, repeated, depth as space.

import { ShapeError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { any, whole as count, oneOf, required, type Words } from '../../base/options.js';
import { checkRank, checkShape, type Shape, sameShape, show, sizeOf } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { anyAxes, axesIn, listOf } from './axes.js';
import { alignedBatch, broadcastShape, expandTo, sumTo } from './combine.emit.js';
import { copyStrided, fillWith, inverse, permute, stridesOf, whole } from './strides.emit.js';

/** The dimensions that a sample is seen with, in which order they come, and the shape of the result. */
interface Permutation {
  readonly shape: Shape;
  readonly order: readonly number[];
  readonly result: Shape;
}

/** Layers that give dimensions another order. */
abstract class Permuting<O extends LayerOptions> extends Layer<Value> {
  declare readonly options: O;

  protected abstract permutation(sample: Shape): Permutation;

  shapeFor(sample: Shape): Shape {
    return this.permutation(sample).result;
  }

  #emit(to: Lowering, y: Value, x: Value, sample: Shape, back: boolean): void {
    const { shape, order } = this.permutation(sample);
    const all = [0, ...order.map((axis) => axis + 1)];
    const seen = [x.shape[0], ...shape];
    const given = back ? all.map((axis) => seen[axis]) : seen;
    permute(to.emitter, y, x, given, back ? inverse(all) : all);
  }

  emitForward(to: Lowering, x: Value): Forward<Value> {
    const [batch, ...sample] = x.shape;
    const y = to.emitter.value([batch, ...this.shapeFor(sample)]);
    this.#emit(to, y, x, sample, false);
    return { y, saved: x };
  }

  emitBackward(to: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    if (!wanted) return undefined;
    const dx = to.emitter.value(x.shape);
    this.#emit(to, dx, dy, x.shape.slice(1), true);
    return dx;
  }
}

/** Options of `transpose`. */
export interface TransposeOptions extends LayerOptions {
  /** Which of the sample's axes each axis of the result is. */
  axes: readonly number[];
}

class Transpose extends Permuting<TransposeOptions> {
  constructor(options: TransposeOptions) {
    super('transpose', options, required({ axes: anyAxes }));
  }

  protected permutation(shape: Shape): Permutation {
    const { axes } = this.options;
    if (axes.length !== shape.length)
      throw new ShapeError(
        `axes ${show(axes)} must be an order of all ${shape.length} dimensions: ${show(shape)}`,
      );
    axesIn(shape, axes);
    const order = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
    return { shape, order, result: order.map((axis) => shape[axis]) };
  }
}

/** Options of `spaceToDepth`. */
export interface SpaceToDepthOptions extends LayerOptions {
  /** Side of the squares of pixels that become one. */
  blockSize: number;
}

/** Options of `depthToSpace`. */
export interface DepthToSpaceOptions extends SpaceToDepthOptions {
  /** Of the channels a pixel becomes: 'dcr' (the default) [row, column, channel], 'crd' [channel, row, column]. */
  mode?: 'dcr' | 'crd';
}

const blockWords = required({ blockSize: count(1) });

class DepthToSpace extends Permuting<DepthToSpaceOptions> {
  constructor(options: DepthToSpaceOptions) {
    super('depthToSpace', options, { ...blockWords, mode: oneOf('dcr', 'crd') });
  }

  protected permutation(sample: Shape): Permutation {
    const { blockSize: b, mode = 'dcr' } = this.options;
    checkRank(sample, ['height', 'width', 'channels']);
    const [h, w, channels] = sample;
    const c = channels / b ** 2;
    if (!Number.isInteger(c))
      throw new ShapeError(`${channels} channels must be a multiple of blockSize², ${b ** 2}`);
    const result = [h * b, w * b, c];
    return mode === 'dcr'
      ? { shape: [h, w, b, b, c], order: [0, 2, 1, 3, 4], result }
      : { shape: [h, w, c, b, b], order: [0, 3, 1, 4, 2], result };
  }
}

class SpaceToDepth extends Permuting<SpaceToDepthOptions> {
  constructor(options: SpaceToDepthOptions) {
    super('spaceToDepth', options, blockWords);
  }

  protected permutation(sample: Shape): Permutation {
    const { blockSize: b } = this.options;
    checkRank(sample, ['height', 'width', 'channels']);
    const [height, width, c] = sample;
    const [h, w] = [height / b, width / b];
    if (!Number.isInteger(h) || !Number.isInteger(w))
      throw new ShapeError(
        `height and width of ${show(sample)} must be multiples of blockSize ${b}`,
      );
    return { shape: [h, b, w, b, c], order: [0, 2, 1, 3, 4], result: [h, w, b * b * c] };
  }
}

/** Options of `slice`: lists with a number for each axis of the sample, or for the first of them. */
export interface SliceOptions extends LayerOptions {
  /** Where it begins; negative numbers count from the end. */
  begin: readonly number[];
  /** Where it ends, before this place; negative numbers count from the end, and those before the first end there. */
  end: readonly number[];
  /** How far it goes each time, negative to go backwards: 1 by default. */
  step?: readonly number[];
}

/** Any whole number: where there is none such place, the nearest is meant. */
const places = listOf(count(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER), 'whole numbers');

interface Range {
  readonly begin: number;
  readonly step: number;
  readonly count: number;
}

class Slice extends Layer<Value> {
  declare readonly options: SliceOptions;

  constructor(options: SliceOptions) {
    super('slice', options, { ...required({ begin: places, end: places }), step: places });
    const { step = [] } = this.options;
    naming(this.title, () => {
      if (step.includes(0)) throw new ShapeError(`step ${show(step)} must not have a 0`);
    });
  }

  #ranges(sample: Shape): Range[] {
    const { begin, end, step = [] } = this.options;
    if (Math.max(begin.length, end.length, step.length) > sample.length)
      throw new ShapeError(
        `begin ${show(begin)}, end ${show(end)} and step are for more axes than there are: ${show(sample)}`,
      );
    return sample.map((side, i) => {
      const by = step[i] ?? 1;
      const [first, last] = by > 0 ? [0, side] : [side - 1, -1];
      const low = Math.min(first, last);
      const high = Math.max(first, last);
      const placed = (at: number | undefined, other: number): number =>
        at === undefined ? other : Math.min(high, Math.max(low, at < 0 ? at + side : at));
      const from = placed(begin[i], first);
      return { begin: from, step: by, count: Math.ceil((placed(end[i], last) - from) / by) };
    });
  }

  shapeFor(sample: Shape): Shape {
    const result = this.#ranges(sample).map((range) => range.count);
    if (result.every((side) => side > 0)) return result;
    const { begin, end, step = [] } = this.options;
    throw new ShapeError(
      `nothing of ${show(sample)} is left: begin ${show(begin)}, end ${show(end)}, step ${show(step)}`,
    );
  }

  /** The part of x, with the slice's shape. */
  #partOf(x: Value) {
    const ranges = [{ begin: 0, step: 1 }, ...this.#ranges(x.shape.slice(1))];
    const strides = stridesOf(x.shape);
    const offset = ranges.reduce((sum, { begin }, i) => sum + begin * strides[i], 0);
    return { value: x, strides: strides.map((stride, i) => stride * ranges[i].step), offset };
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Value> {
    const y = emitter.value([x.shape[0], ...this.shapeFor(x.shape.slice(1))]);
    copyStrided(emitter, whole(y), this.#partOf(x), y.shape);
    return { y, saved: x };
  }

  emitBackward({ emitter }: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    if (!wanted) return undefined;
    const dx = emitter.value(x.shape);
    if (!sameShape(x.shape, dy.shape)) fillWith(emitter, dx, 0);
    copyStrided(emitter, this.#partOf(dx), whole(dy), dy.shape);
    return dx;
  }
}

/** Options of `expand`. */
export interface ExpandOptions extends LayerOptions {
  /** What the sample is broadcast with. */
  shape: Shape;
}

class Expand extends Layer<Value> {
  declare readonly options: ExpandOptions;

  constructor(options: ExpandOptions) {
    super('expand', options, required({ shape: any }) as Words);
    naming(`${this.title}: shape`, () => checkShape(this.options.shape, 1));
  }

  shapeFor(sample: Shape): Shape {
    return broadcastShape(sample, this.options.shape);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Value> {
    const sample = this.shapeFor(x.shape.slice(1));
    const from = x.view(alignedBatch(x, sample.length));
    if (sizeOf(from.shape) === x.shape[0] * sizeOf(sample))
      return { y: x.view([x.shape[0], ...sample]), saved: x };
    const y = emitter.value([x.shape[0], ...sample]);
    expandTo(emitter, y, from);
    return { y, saved: x };
  }

  emitBackward({ emitter }: Lowering, dy: Value, x: Value, wanted: boolean) {
    if (!wanted) return undefined;
    if (dy.size === x.size) return dy.view(x.shape);
    const dx = emitter.value(x.shape);
    sumTo(emitter, dx.view(alignedBatch(x, dy.shape.length - 1)), dy);
    return dx;
  }
}

/** The sample's axes in another order. */
export const transpose = (options: TransposeOptions): Layer => new Transpose(options);
/** A part of the sample, as NumPy slices. */
export const slice = (options: SliceOptions): Layer => new Slice(options);
/** The sample repeated along axes of 1, as NumPy broadcasts it with a shape. */
export const expand = (options: ExpandOptions): Layer => new Expand(options);
/** Of [h, w, blockSize²·c] an image [h·blockSize, w·blockSize, c] (ONNX's DepthToSpace). */
export const depthToSpace = (options: DepthToSpaceOptions): Layer => new DepthToSpace(options);
/** Of [h·blockSize, w·blockSize, c] an image [h, w, blockSize²·c], channels [row, column, channel] (ONNX's SpaceToDepth). */
export const spaceToDepth = (options: SpaceToDepthOptions): Layer => new SpaceToDepth(options);
