// Pooling over any number of axes as layers, with what the core's pooling has not: dilation, and padding that counts.
// Along one axis after another: means and sums are made so as well as maxima.

import { naming } from '../../base/naming.js';
import { between, flag, type Words } from '../../base/options.js';
import { checkRank, type Rounding, rounding, type Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import { none, type Operand, type Value } from '../../program/emitter.js';
import {
  type AxisMap,
  axisMaximum,
  axisMaximumBackward,
  mapAxes,
  mapAxesBackward,
  mappedShape,
} from './axis.emit.js';
import { combineArrays } from './combine.emit.js';
import { mapForward } from './map.emit.js';
import {
  checkBorders,
  checkFilled,
  placeAxes,
  type Sides,
  sides,
  sidesOf,
  spatial,
  type WindowOptions,
  windowWords,
} from './windows.js';

/** Options of the poolings: windows of 2, one beside the other, by default. */
export interface PoolOptions extends LayerOptions, WindowOptions {
  /** Side of the windows, or one for each axis. */
  poolSize?: Sides;
  /** How the number of windows is rounded: 'floor' by default. */
  dimRoundingMode?: Rounding;
}

const poolWords = (rank: number): Words => ({
  ...windowWords(rank),
  ...{ poolSize: sides(rank), dimRoundingMode: rounding },
});

/** What poolings share: their windows, along each axis. */
abstract class Pool<O extends PoolOptions, Saved> extends Layer<Saved> {
  declare readonly options: O;
  readonly #rank: number;

  constructor(type: string, options: O, rank: number, more: Words = {}) {
    super(type, options, { ...poolWords(rank), ...more });
    this.#rank = rank;
    naming(this.title, () => checkBorders(rank, this.options.padding ?? 'valid'));
  }

  /** The windows of [batch, ...spatial, channels], axis by axis: the last first, as its numbers are nearest. */
  protected maps(shape: Shape): AxisMap[] {
    const { poolSize = 2, strides = poolSize, ...rest } = this.options;
    const sizes = shape.slice(1, -1);
    const windows = placeAxes(sizes, poolSize, { ...rest, strides });
    checkFilled(sizes, windows);
    return windows
      .map((window, i): AxisMap => ({ ...window, axis: i + 1, sampling: 'Window' }))
      .reverse();
  }

  shapeFor(sample: Shape): Shape {
    checkRank(sample, [...spatial[this.#rank], 'channels']);
    const shape = [1, ...sample];
    return this.maps(shape).reduce(mappedShape, shape).slice(1);
  }

  override window(sample: Shape) {
    if (this.#rank !== 2) return super.window(sample);
    const { poolSize = 2, strides = poolSize } = this.options;
    const [size, stride] = [poolSize, strides].map((side) => sidesOf(2, side));
    return { size: [size[0], size[1]] as const, stride: [stride[0], stride[1]] as const };
  }
}

/** For each axis its shape before, and which elements were chosen. */
interface Choices {
  maps: readonly AxisMap[];
  shapes: readonly Shape[];
  choices: readonly Operand[];
}

class MaxPool extends Pool<PoolOptions, Choices> {
  emitForward({ emitter: e, hasBackward }: Lowering, x: Value): Forward<Choices> {
    const maps = this.maps(x.shape);
    const shapes: Shape[] = [];
    const choices: Operand[] = [];
    const y = maps.reduce((from, map) => {
      const choice = hasBackward ? e.value(mappedShape(from.shape, map), 'int32') : none;
      shapes.push(from.shape);
      choices.push(choice);
      return axisMaximum(e, from, map, choice);
    }, x);
    return { y, saved: { maps, shapes, choices } };
  }

  emitBackward({ emitter }: Lowering, dy: Value, saved: Choices, wanted: boolean) {
    if (!wanted) return undefined;
    const { maps, shapes, choices } = saved;
    return maps.reduceRight(
      (d, map, i) => axisMaximumBackward(emitter, d, choices[i], shapes[i], map),
      dy,
    );
  }
}

/** Options of the means. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether padding counts, as zeros: false by default. */
  countPadding?: boolean;
}

class AvgPool extends Pool<AvgPoolOptions, Shape> {
  constructor(type: string, options: AvgPoolOptions, rank: number) {
    super(type, options, rank, { countPadding: flag });
  }

  protected override maps(shape: Shape): AxisMap[] {
    const average = this.options.countPadding ? 'padded' : 'inside';
    return super.maps(shape).map((map) => ({ ...map, average }));
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Shape> {
    return { y: mapAxes(emitter, x, this.maps(x.shape)), saved: x.shape };
  }

  emitBackward({ emitter }: Lowering, dy: Value, shape: Shape, wanted: boolean) {
    return wanted ? mapAxesBackward(emitter, dy, shape, this.maps(shape)) : undefined;
  }
}

/** Options of the norms. */
export interface LpPoolOptions extends PoolOptions {
  /** The norm, 1 or more: 2 by default. */
  p?: number;
}

class LpPool extends Pool<LpPoolOptions, { x: Value; y: Value; sums: Value }> {
  constructor(type: string, options: LpPoolOptions, rank: number) {
    super(type, options, rank, { p: between(1) });
  }

  emitForward({ emitter: e }: Lowering, x: Value) {
    const { p = 2 } = this.options;
    const powers = e.value(x.shape);
    if (p === 2) combineArrays(e, 'Multiply', powers, x, x);
    else mapForward(e, powers, x, { fn: 'Abs' });
    if (p !== 1 && p !== 2) mapForward(e, powers, powers, { fn: 'Power', alpha: p });
    const sums = mapAxes(e, powers, this.maps(x.shape));
    if (p === 1) return { y: sums, saved: { x, y: sums, sums } };
    const y = e.value(sums.shape);
    mapForward(e, y, sums, p === 2 ? { fn: 'Sqrt' } : { fn: 'Power', alpha: 1 / p });
    return { y, saved: { x, y, sums } };
  }

  /** dx = sign(x)·|x|^(p−1)·Σ dy·y^(1−p), of the windows that see x; y^(1−p) is y / Σ|x|^p. */
  emitBackward(
    { emitter: e }: Lowering,
    dy: Value,
    { x, y, sums }: { x: Value; y: Value; sums: Value },
    wanted: boolean,
  ) {
    if (!wanted) return undefined;
    const { p = 2 } = this.options;
    const shares = e.value(y.shape);
    if (p > 1) combineArrays(e, 'Ratio', shares, y, sums, { c: dy });
    const spread = mapAxesBackward(e, p > 1 ? shares : dy, x.shape, this.maps(x.shape));
    const dx = e.value(x.shape);
    if (p === 2) combineArrays(e, 'Multiply', dx, x, spread);
    else combineArrays(e, 'Signed', dx, x, x, { c: spread });
    if (p === 1 || p === 2) return dx;
    const powers = e.value(x.shape);
    mapForward(e, powers, x, { fn: 'Abs' });
    mapForward(e, powers, powers, { fn: 'Power', alpha: p - 1 });
    combineArrays(e, 'Multiply', dx, dx, powers);
    return dx;
  }
}

/** Maximum of each window over [depth, height, width, channels]. */
export const maxPool3d = (options: PoolOptions = {}): Layer => new MaxPool('maxPool3d', options, 3);
/** Maximum of each window over [height, width, channels]; windows may be dilated. */
export const dilatedMaxPool2d = (options: PoolOptions = {}): Layer =>
  new MaxPool('dilatedMaxPool2d', options, 2);
/** Maximum of each window over [steps, channels]; windows may be dilated. */
export const dilatedMaxPool1d = (options: PoolOptions = {}): Layer =>
  new MaxPool('dilatedMaxPool1d', options, 1);
/** Mean of each window over [depth, height, width, channels]. */
export const avgPool3d = (options: AvgPoolOptions = {}): Layer =>
  new AvgPool('avgPool3d', options, 3);
/** Mean of each window over [height, width, channels]; windows may be dilated, and padding may count. */
export const paddedAvgPool2d = (options: AvgPoolOptions = {}): Layer =>
  new AvgPool('paddedAvgPool2d', options, 2);
/** Mean of each window over [steps, channels]; windows may be dilated, and padding may count. */
export const paddedAvgPool1d = (options: AvgPoolOptions = {}): Layer =>
  new AvgPool('paddedAvgPool1d', options, 1);
/** p-norm of each window, (Σ|x|ᵖ)^(1/p), over [depth, height, width, channels]. */
export const lpPool3d = (options: LpPoolOptions = {}): Layer => new LpPool('lpPool3d', options, 3);
/** p-norm of each window, (Σ|x|ᵖ)^(1/p), over [height, width, channels]; windows may be dilated. */
export const dilatedLpPool2d = (options: LpPoolOptions = {}): Layer =>
  new LpPool('dilatedLpPool2d', options, 2);
/** p-norm of each window, (Σ|x|ᵖ)^(1/p), over [steps, channels]. */
export const lpPool1d = (options: LpPoolOptions = {}): Layer => new LpPool('lpPool1d', options, 1);
