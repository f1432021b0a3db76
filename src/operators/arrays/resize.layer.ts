// Resizing and padding of any axes as layers.

import { Coordinates } from '../../../bindings/arrays.js';
import { ShapeError, ValueError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import {
  type Check,
  whole as count,
  finite,
  flag,
  oneOf,
  positive,
  required,
  type Words,
} from '../../base/options.js';
import { type Shape, show } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { anyAxes, axesIn, listOf } from './axes.js';
import { type AxisMap, mapAxes, mapAxesBackward, mappedShape } from './axis.emit.js';
import { copyStrided, fillWith, stridesOf } from './strides.emit.js';

/** Layers that are maps along axes, one after another. */
abstract class Mapped extends Layer<Shape> {
  protected abstract maps(sample: Shape): readonly AxisMap[];

  /** For values with the batch in front. */
  protected batched({ shape: [, ...sample] }: { readonly shape: Shape }): AxisMap[] {
    return this.maps(sample).map((map) => ({ ...map, axis: map.axis + 1 }));
  }

  shapeFor(sample: Shape): Shape {
    return this.maps(sample).reduce(mappedShape, sample);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Shape> {
    return { y: mapAxes(emitter, x, this.batched(x)), saved: x.shape };
  }

  emitBackward({ emitter }: Lowering, dy: Value, shape: Shape, wanted: boolean) {
    return wanted ? mapAxesBackward(emitter, dy, shape, this.batched({ shape })) : undefined;
  }
}

/** 'halfPixel' of the kernels' HalfPixel. */
const places = Object.keys(Coordinates).map(
  (word) => word[0].toLowerCase() + word.slice(1),
) as Uncapitalize<keyof typeof Coordinates>[];

const nearest = {
  roundPreferFloor: 'PreferFloor',
  roundPreferCeil: 'PreferCeil',
  floor: 'Floor',
  ceil: 'Ceil',
} as const;

/** Options of `resize`: those of ONNX's Resize. */
export interface ResizeOptions extends LayerOptions {
  /** Of the sample, from 0 on, in ascending order. */
  axes: readonly number[];
  /** The new sizes of the axes. */
  sizes?: readonly number[];
  /**
   * One scale for all axes, with which each becomes at most as large as its size ('notLarger'), or at least
   * ('notSmaller'): by default each has its own.
   */
  aspect?: 'notLarger' | 'notSmaller';
  /** In place of sizes: how many times as large the axes become, rounded down. */
  scales?: readonly number[];
  /** 'nearest' by default. */
  mode?: 'nearest' | 'linear' | 'cubic';
  /** How an output's place becomes one of the input: 'halfPixel' by default. */
  coordinates?: Uncapitalize<keyof typeof Coordinates>;
  /** How 'nearest' rounds: 'roundPreferFloor' by default. */
  nearest?: keyof typeof nearest;
  /** −0.75 by default. */
  cubicCoefficient?: number;
  /** Whether places outside of the input have no share; by default they count as the nearest inside. */
  excludeOutside?: boolean;
  /** What 'tfCropAndResize' gives outside of the input: 0 by default. */
  extrapolation?: number;
  /** The part of each axis that 'tfCropAndResize' takes, as shares of it: starts, then ends. */
  roi?: readonly number[];
  /** Whether all numbers have a share when an axis becomes smaller: false by default. */
  antialias?: boolean;
}

const resizeWords: Words = {
  ...required({ axes: anyAxes }),
  sizes: listOf(count(1), 'whole numbers ≥ 1'),
  scales: listOf(positive, 'numbers > 0'),
  aspect: oneOf('notLarger', 'notSmaller'),
  mode: oneOf('nearest', 'linear', 'cubic'),
  coordinates: oneOf(...places),
  nearest: oneOf(...Object.keys(nearest)),
  cubicCoefficient: finite,
  excludeOutside: flag,
  extrapolation: finite,
  roi: listOf(finite, 'numbers'),
  antialias: flag,
};

class Resize extends Mapped {
  declare readonly options: ResizeOptions;

  constructor(options: ResizeOptions) {
    super('resize', options, resizeWords);
    naming(this.title, () => this.#check());
  }

  #check(): void {
    const { axes, sizes, scales, aspect, roi, coordinates } = this.options;
    const given = sizes ?? scales;
    if (!given || (sizes && scales)) throw new ValueError(`needs either sizes or scales`);
    if (given.length !== axes.length)
      throw new ValueError(
        `needs one of ${sizes ? 'sizes' : 'scales'} for each of the axes ${show(axes)}, not ${show(given)}`,
      );
    if (aspect && scales) throw new ValueError(`aspect goes with sizes, not with scales`);
    if (coordinates === 'tfCropAndResize' && roi?.length !== 2 * axes.length)
      throw new ValueError(
        `coordinates 'tfCropAndResize' need a roi with a start and an end for each axis: ${2 * axes.length} numbers`,
      );
  }

  /** The scales and sizes of axes of these sides. Sizes alone say their scales. */
  #extent(sides: Shape): { scales?: readonly number[]; sizes: readonly number[] } {
    const { sizes, scales = [], aspect } = this.options;
    if (!sizes) return { scales, sizes: sides.map((side, i) => Math.floor(side * scales[i])) };
    if (!aspect) return { sizes };
    const ratios = sizes.map((size, i) => size / sides[i]);
    const scale = aspect === 'notLarger' ? Math.min(...ratios) : Math.max(...ratios);
    return { scales: sides.map(() => scale), sizes: sides.map((side) => Math.round(side * scale)) };
  }

  protected maps(sample: Shape): AxisMap[] {
    const { mode = 'nearest', roi, ...rest } = this.options;
    const own = axesIn(sample, rest.axes);
    const { length } = own;
    const { scales, sizes } = this.#extent(own.map((axis) => sample[axis]));
    return own.flatMap((axis, i): AxisMap[] => {
      const scale = scales?.[i];
      const outputs = sizes[i];
      if (outputs < 1)
        throw new ShapeError(
          `nothing of axis ${axis} of ${show(sample)} is left at scale ${scale}`,
        );
      const part = roi && ([roi[i], roi[length + i]] as const);
      // Of these a size that stays says nothing.
      const moves = ['tfCropAndResize', 'tfHalfPixelForNn'].includes(rest.coordinates ?? '');
      if (outputs === sample[axis] && (scale ?? 1) === 1 && !moves) return [];
      const sampling =
        mode === 'nearest'
          ? nearest[rest.nearest ?? 'roundPreferFloor']
          : ({ linear: 'Linear', cubic: 'Cubic' } as const)[mode];
      return [
        {
          ...{ axis, outputs, sampling, scale, roi: part },
          coordinates: rest.coordinates,
          ...{ extrapolation: rest.extrapolation, excludes: rest.excludeOutside },
          ...{ coefficient: rest.cubicCoefficient ?? -0.75, antialias: rest.antialias },
        },
      ];
    });
  }
}

/** Options of `pad`. */
export interface PadOptions extends LayerOptions {
  /** [before, after] for each axis of the sample; negative numbers take as many away. */
  padding: readonly (readonly [number, number])[];
  /** What is put there: 'constant' (the default), the reflection at the outermost numbers, those, or the other end. */
  mode?: 'constant' | 'reflect' | 'edge' | 'wrap';
  /** The constant: 0 by default. */
  value?: number;
}

const both = count(-(2 ** 31), 2 ** 31 - 1);
const pairs: Check = listOf(
  (value) =>
    Array.isArray(value) && value.length === 2 && !value.some((one) => both(one)) ? undefined : '',
  '[before, after] for each axis',
);

const padWords: Words = {
  ...required({ padding: pairs }),
  mode: oneOf('constant', 'reflect', 'edge', 'wrap'),
  value: finite,
};

class Pad extends Mapped {
  declare readonly options: PadOptions;

  constructor(options: PadOptions) {
    super('pad', options, padWords);
  }

  protected maps(sample: Shape): AxisMap[] {
    const { padding, mode = 'edge' } = this.options;
    if (padding.length !== sample.length)
      throw new ShapeError(
        `padding must have [before, after] for each of the dimensions ${show(sample)}, not for ${padding.length}`,
      );
    const sampling = { constant: 'Edge', edge: 'Edge', reflect: 'Reflect', wrap: 'Wrap' } as const;
    return padding.flatMap(([before, after], axis): AxisMap[] => {
      const outputs = sample[axis] + before + after;
      if (outputs < 1)
        throw new ShapeError(`padding ${show([before, after])} leaves nothing of ${sample[axis]}`);
      if (before === 0 && after === 0) return [];
      const least = Math.min(before, after);
      if (mode !== 'wrap' || least >= 0)
        return [{ axis, outputs, sampling: sampling[mode], before }];
      // The other end is that of what is left.
      const cut = Math.min(0, before);
      const left = sample[axis] + cut + Math.min(0, after);
      return [
        { axis, outputs: left, sampling: 'Edge', before: cut },
        { axis, outputs, sampling: 'Wrap', before: before - cut },
      ];
    });
  }

  get #isConstant(): boolean {
    return (this.options.mode ?? 'constant') === 'constant';
  }

  /** What x and its padded form have in common: its shape, and where it is in either. */
  #common(x: Value, y: Value) {
    const padding = [[0, 0], ...this.options.padding];
    const begin = padding.map(([before]) => Math.max(0, -before));
    const shape = padding.map(
      ([before, after], i) => x.shape[i] + Math.min(0, before) + Math.min(0, after),
    );
    const part = (value: Value, from: readonly number[]) => {
      const strides = stridesOf(value.shape);
      return { value, strides, offset: from.reduce((sum, at, i) => sum + at * strides[i], 0) };
    };
    const to = padding.map(([before]) => Math.max(0, before));
    return { shape: shape.map((side) => Math.max(0, side)), ofX: part(x, begin), ofY: part(y, to) };
  }

  override emitForward(to: Lowering, x: Value): Forward<Shape> {
    if (!this.#isConstant) return super.emitForward(to, x);
    const [batch, ...sample] = x.shape;
    const y = to.emitter.value([batch, ...this.shapeFor(sample)]);
    const { shape, ofX, ofY } = this.#common(x, y);
    if (this.options.padding.some(([before, after]) => before > 0 || after > 0))
      fillWith(to.emitter, y, this.options.value ?? 0);
    copyStrided(to.emitter, ofY, ofX, shape);
    return { y, saved: x.shape };
  }

  override emitBackward(to: Lowering, dy: Value, shape: Shape, wanted: boolean) {
    if (!wanted || !this.#isConstant) return super.emitBackward(to, dy, shape, wanted);
    const dx = to.emitter.value(shape);
    const common = this.#common(dx, dy);
    if (this.options.padding.some(([before, after]) => before < 0 || after < 0))
      fillWith(to.emitter, dx, 0);
    copyStrided(to.emitter, common.ofX, common.ofY, common.shape);
    return dx;
  }
}

/** Other sizes of some axes, as ONNX's Resize (opset 19) has it: nearest, linear or cubic, one axis after another. */
export const resize = (options: ResizeOptions): Layer => new Resize(options);
/** More numbers, or fewer, before and after each axis. */
export const pad = (options: PadOptions): Layer => new Pad(options);
