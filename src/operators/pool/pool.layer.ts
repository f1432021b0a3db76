// Pooling as layers.

import { naming } from '../../base/naming.js';
import { whole as count, type Words } from '../../base/options.js';
import { checkPadding, checkRank, type Padding, type Shape } from '../../base/shape.js';
import {
  type Forward,
  type Fusion,
  Layer,
  type LayerOptions,
  type Lowering,
} from '../../network/layer.js';
import { asImages, type LineOptions, lineWords, onImages } from '../../network/line.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import * as pool from './pool.emit.js';

/** Options of the pooling layers. */
export interface Pool2dOptions extends LayerOptions, pool.PoolOptions {}

/** Options of the adaptive pooling layers. */
export interface AdaptivePool2dOptions extends LayerOptions, pool.AdaptivePoolOptions {}

/** Options of `layers.maxPool1d` and `layers.avgPool1d`. */
export interface Pool1dOptions extends LayerOptions, LineOptions {
  /** Length of the window, and strides where none are given: 2 by default. */
  poolSize?: number;
}

/** How windows are laid on images or signals, and the words for it. */
interface Placement<O> {
  /** The dimensions of a sample. */
  readonly axes: readonly string[];
  readonly words: Words;
  readonly place: (inputShape: Shape, options: O) => pool.PoolGeometry;
}

const axes = ['height', 'width', 'channels'];
const windows: Placement<pool.PoolOptions> = {
  axes,
  words: pool.poolWords,
  place: pool.poolGeometry,
};
const whole: Placement<object> = { axes, words: {}, place: pool.globalGeometry };
const adaptive: Placement<pool.AdaptivePoolOptions> = {
  axes,
  words: pool.adaptivePoolWords,
  place: pool.adaptivePoolGeometry,
};

const line: Placement<Pool1dOptions> = {
  axes: ['steps', 'channels'],
  words: { poolSize: count(1), ...lineWords },
  place(x, options) {
    const { poolSize = 2, strides = poolSize } = options;
    const window = [1, poolSize] as const;
    const placed = onImages({ ...options, strides });
    return pool.poolGeometry(asImages(x), { ...placed, poolSize: window });
  },
};

/** What the pooling layers share: one window per output, each channel by itself. */
abstract class Pool2d<
  O extends LayerOptions,
  Saved extends { g: pool.PoolGeometry },
> extends Layer<Saved> {
  declare readonly options: O;
  readonly #placement: Placement<O>;

  constructor(type: string, options: O, placement: Placement<O>, moreWords: Words = {}) {
    super(type, options, { ...moreWords, ...placement.words });
    this.#placement = placement;
    // Checked at once: other libraries write it otherwise, such as 'SAME' or 'causal'.
    const { padding } = this.options as { padding?: Padding };
    if (placement.axes.length === 3 && padding !== undefined)
      naming(`layers.${type}`, () => checkPadding(padding));
  }

  #geometry(x: Shape): pool.PoolGeometry {
    return this.#placement.place(x, this.options);
  }

  /** Of images; signals have no height. */
  #shape([batch, ...sample]: Shape): Shape {
    return [batch, ...sample.slice(-this.#placement.axes.length)];
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, this.#placement.axes);
    return this.#shape(pool.poolOutputShape(this.#geometry([1, ...inputShape]))).slice(1);
  }

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const g = this.#geometry(x.shape);
    const y = to.emitter.value(this.#shape(pool.poolOutputShape(g)));
    return { y, saved: this.forward(to, y, x, g) };
  }

  emitBackward({ emitter }: Lowering, dy: Value, saved: Saved, wanted: boolean): Value | undefined {
    if (!wanted) return undefined;
    const { batch, height, width, channels } = saved.g;
    const dx = emitter.value(this.#shape([batch, height, width, channels]));
    this.backward(emitter, dx, dy, saved);
    return dx;
  }

  protected abstract forward(to: Lowering, y: Value, x: Value, g: pool.PoolGeometry): Saved;
  protected abstract backward(e: Emitter, dx: Value, dy: Value, saved: Saved): void;

  override window(inputShape: Shape) {
    const g = this.#geometry([1, ...inputShape]);
    // Adaptive windows have no stride: on average they are this far apart.
    const strideHeight = g.strideHeight || g.height / g.outputHeight;
    const strideWidth = g.strideWidth || g.width / g.outputWidth;
    return {
      size: [g.kernelHeight, g.kernelWidth] as const,
      stride: [strideHeight, strideWidth] as const,
    };
  }
}

interface MaxSaved {
  g: pool.PoolGeometry;
  argmax: Operand;
}

/** Maximum or minimum. */
class MaxPool2d<O extends LayerOptions> extends Pool2d<O, MaxSaved> {
  readonly #choice: pool.Choice;

  constructor(type: string, options: O, placement: Placement<O>, choice: pool.Choice = 'max') {
    super(type, options, placement);
    this.#choice = choice;
  }

  /** y is one of the x: ReLU gives the same for both, and so does its gradient. */
  override get fusion(): Fusion {
    return { commutesWithRelu: true };
  }

  protected forward(
    { emitter, hasBackward }: Lowering,
    y: Value,
    x: Value,
    g: pool.PoolGeometry,
  ): MaxSaved {
    const argmax = hasBackward ? pool.argmaxValue(emitter, g) : none;
    pool.maxPoolForward(emitter, y, argmax, x, g, this.#choice);
    return { g, argmax };
  }

  protected backward(e: Emitter, dx: Value, dy: Value, saved: MaxSaved): void {
    pool.maxPoolBackward(e, dx, dy, saved.argmax, saved.g);
  }
}

class AvgPool2d<O extends LayerOptions> extends Pool2d<O, { g: pool.PoolGeometry }> {
  protected forward({ emitter }: Lowering, y: Value, x: Value, g: pool.PoolGeometry) {
    pool.averagePoolForward(emitter, y, x, g);
    return { g };
  }

  protected backward(e: Emitter, dx: Value, dy: Value, { g }: { g: pool.PoolGeometry }): void {
    pool.averagePoolBackward(e, dx, dy, g);
  }
}

/** Options of `layers.lpPool2d`. */
export interface LpPool2dOptions extends Pool2dOptions, pool.NormOptions {}

class LpPool2d extends Pool2d<LpPool2dOptions, { g: pool.PoolGeometry; x: Value; y: Value }> {
  readonly #norm: Required<pool.NormOptions>;

  constructor(options: LpPool2dOptions) {
    super('lpPool2d', options, windows, pool.normWords);
    const { p = 2, mode = 'mean' } = options;
    this.#norm = { p, mode };
  }

  protected forward({ emitter }: Lowering, y: Value, x: Value, g: pool.PoolGeometry) {
    pool.lpPoolForward(emitter, y, x, this.#norm, g);
    return { g, x, y };
  }

  protected backward(
    e: Emitter,
    dx: Value,
    dy: Value,
    { g, x, y }: { g: pool.PoolGeometry; x: Value; y: Value },
  ): void {
    pool.lpPoolBackward(e, dx, dy, x, y, this.#norm, g);
  }
}

/** Maximum of each window over [height, width, channels]. */
export const maxPool2d = (options: Pool2dOptions = {}): Layer =>
  new MaxPool2d('maxPool2d', options, windows);
/** Minimum of each window. */
export const minPool2d = (options: Pool2dOptions = {}): Layer =>
  new MaxPool2d('minPool2d', options, windows, 'min');
/** Mean of each window; padding does not count. */
export const avgPool2d = (options: Pool2dOptions = {}): Layer =>
  new AvgPool2d('avgPool2d', options, windows);
/** p-norm of each window: (Σ|x|ᵖ / window)^(1/p), or ONNX's (Σ|x|ᵖ)^(1/p) with `mode: 'sum'`. */
export const lpPool2d = (options: LpPool2dOptions = {}): Layer => new LpPool2d(options);
/** Maximum of each channel over the whole image: [channels]. */
export const globalMaxPool2d = (options: LayerOptions = {}): Layer =>
  new MaxPool2d('globalMaxPool2d', options, whole);
/** Mean of each channel over the whole image: [channels]. */
export const globalAvgPool2d = (options: LayerOptions = {}): Layer =>
  new AvgPool2d('globalAvgPool2d', options, whole);
/** Maximum of each of `outputSize` windows, which share the image among themselves as PyTorch's do. */
export const adaptiveMaxPool2d = (options: AdaptivePool2dOptions): Layer =>
  new MaxPool2d('adaptiveMaxPool2d', options, adaptive);
/** Mean of each of `outputSize` windows, which share the image among themselves as PyTorch's do. */
export const adaptiveAvgPool2d = (options: AdaptivePool2dOptions): Layer =>
  new AvgPool2d('adaptiveAvgPool2d', options, adaptive);
/** Maximum of each window over [steps, channels]. */
export const maxPool1d = (options: Pool1dOptions = {}): Layer =>
  new MaxPool2d('maxPool1d', options, line);
/** Mean of each window over [steps, channels]; padding does not count. */
export const avgPool1d = (options: Pool1dOptions = {}): Layer =>
  new AvgPool2d('avgPool1d', options, line);
