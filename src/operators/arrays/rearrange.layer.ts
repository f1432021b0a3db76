// Layers that put the same numbers elsewhere: transposed, as slices, repeated, depth as space.

import { ShapeError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { whole as count, oneOf, required } from '../../base/options.js';
import { checkRank, checkShape, type Shape, show, sizeOf } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { alignedBatch, broadcastShape, expandTo, sumTo } from './combine.emit.js';
import {
  checkSteps,
  type Expansion,
  expansionWords,
  orderOf,
  type Range,
  rangesOf,
  rangesShape,
  type Slicing,
  sliceBackward,
  sliceForward,
  slicingWords,
  type Transposition,
  transpositionWords,
} from './rearrange.emit.js';
import { inverse, permute } from './strides.emit.js';

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

/** Options of `transpose`; axes are those of the sample. */
export interface TransposeOptions extends LayerOptions, Transposition {}

class Transpose extends Permuting<TransposeOptions> {
  constructor(options: TransposeOptions) {
    super('transpose', options, transpositionWords);
  }

  protected permutation(shape: Shape): Permutation {
    const order = orderOf(shape, this.options);
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

/** Options of `slice`; axes are those of the sample. */
export interface SliceOptions extends LayerOptions, Slicing {}

class Slice extends Layer<Value> {
  declare readonly options: SliceOptions;

  constructor(options: SliceOptions) {
    super('slice', options, slicingWords);
    naming(this.title, () => checkSteps(this.options));
  }

  shapeFor(sample: Shape): Shape {
    return rangesShape(rangesOf(sample, this.options));
  }

  /** What is taken of [batch, ...sample]. */
  #ranges([batch, ...sample]: Shape): Range[] {
    return [{ begin: 0, step: 1, count: batch }, ...rangesOf(sample, this.options)];
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Value> {
    const ranges = this.#ranges(x.shape);
    const y = emitter.value(rangesShape(ranges));
    sliceForward(emitter, y, x, ranges);
    return { y, saved: x };
  }

  emitBackward({ emitter }: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    if (!wanted) return undefined;
    const dx = emitter.value(x.shape);
    sliceBackward(emitter, dx, dy, this.#ranges(x.shape));
    return dx;
  }
}

/** Options of `expand`; the shape is for samples. */
export interface ExpandOptions extends LayerOptions, Expansion {}

class Expand extends Layer<Value> {
  declare readonly options: ExpandOptions;

  constructor(options: ExpandOptions) {
    super('expand', options, expansionWords);
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
