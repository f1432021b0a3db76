// Pooling as layers.

import { type Emitter, none, type Operand, type Value } from '../emit/emitter.js';
import * as pool from '../emit/pool.js';
import { checkInteger, checkRank, type Shape } from '../shape.js';
import { type Forward, type Fusion, Layer, type LayerOptions, type Lowering } from './layer.js';
import { asImages, type LineOptions, lineWords, onImages } from './line.js';

/** Options of the pooling layers. */
export interface Pool2dOptions extends LayerOptions, pool.PoolOptions {}

/** What the pooling layers share: windows, one per output, of every channel for itself. */
abstract class Pool2d<Saved extends { g: pool.PoolGeometry }> extends Layer<Saved> {
  declare readonly options: Pool2dOptions;
  /** The dimensions of a sample. */
  protected readonly axes: readonly string[] = ['height', 'width', 'channels'];

  protected geometry(x: Shape): pool.PoolGeometry {
    return pool.poolGeometry(this.name, x, this.options);
  }

  #outputShape(g: pool.PoolGeometry): Shape {
    return [g.batch, ...pool.poolOutputShape(g).slice(-this.axes.length)];
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(this.name, inputShape, this.axes);
    return this.#outputShape(this.geometry([1, ...inputShape])).slice(1);
  }

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const g = this.geometry(x.shape);
    const y = to.emitter.value(this.#outputShape(g));
    return { y, saved: this.forward(to, y, x, g) };
  }

  emitBackward({ emitter }: Lowering, dy: Value, saved: Saved, wanted: boolean): Value | undefined {
    if (!wanted) return undefined;
    const { batch, ...g } = saved.g;
    const sample = [g.height, g.width, g.channels].slice(-this.axes.length);
    const dx = emitter.value([batch, ...sample]);
    this.backward(emitter, dx, dy, saved);
    return dx;
  }

  protected abstract forward(to: Lowering, y: Value, x: Value, g: pool.PoolGeometry): Saved;
  protected abstract backward(e: Emitter, dx: Value, dy: Value, saved: Saved): void;

  override window(inputShape: Shape) {
    const g = this.geometry([1, ...inputShape]);
    return {
      size: [g.kernelHeight, g.kernelWidth] as const,
      stride: [g.strideHeight, g.strideWidth] as const,
    };
  }
}

interface MaxSaved {
  g: pool.PoolGeometry;
  argmax: Operand;
}

class MaxPool2d extends Pool2d<MaxSaved> {
  override get fusion(): Fusion {
    return { commutesWithRelu: true };
  }

  protected forward(
    { emitter, training }: Lowering,
    y: Value,
    x: Value,
    g: pool.PoolGeometry,
  ): MaxSaved {
    const argmax = training ? pool.argmaxValue(this.name, emitter, g) : none;
    pool.maxPoolForward(emitter, y, argmax, x, g);
    return { g, argmax };
  }

  protected backward(e: Emitter, dx: Value, dy: Value, saved: MaxSaved): void {
    pool.maxPoolBackward(e, dx, dy, saved.argmax, saved.g);
  }
}

class AvgPool2d extends Pool2d<{ g: pool.PoolGeometry }> {
  protected forward({ emitter }: Lowering, y: Value, x: Value, g: pool.PoolGeometry) {
    pool.averagePoolForward(emitter, y, x, g);
    return { g };
  }

  protected backward(e: Emitter, dx: Value, dy: Value, { g }: { g: pool.PoolGeometry }): void {
    pool.averagePoolBackward(e, dx, dy, g);
  }
}

/** Options of `layers.lpPool2d`. */
export interface LpPool2dOptions extends Pool2dOptions {
  /** The norm: 2 by default. */
  p?: number;
}

class LpPool2d extends Pool2d<{ g: pool.PoolGeometry; x: Value; y: Value }> {
  declare readonly options: LpPool2dOptions;
  readonly #p: number;

  constructor(options: LpPool2dOptions) {
    super('lpPool2d', options, ['p', ...pool.poolWords]);
    this.#p = pool.checkNorm('layers.lpPool2d', options.p ?? 2);
  }

  protected forward({ emitter }: Lowering, y: Value, x: Value, g: pool.PoolGeometry) {
    pool.lpPoolForward(emitter, y, x, this.#p, g);
    return { g, x, y };
  }

  protected backward(
    e: Emitter,
    dx: Value,
    dy: Value,
    { g, x, y }: { g: pool.PoolGeometry; x: Value; y: Value },
  ): void {
    pool.lpPoolBackward(e, dx, dy, x, y, this.#p, g);
  }
}

class GlobalAvgPool2d extends AvgPool2d {
  constructor(options: LayerOptions) {
    super('globalAvgPool2d', options, []);
  }

  protected override geometry(x: Shape): pool.PoolGeometry {
    return pool.poolGeometry(this.name, x, { poolSize: [x[1], x[2]] });
  }

  override shapeFor(inputShape: Shape): Shape {
    return super.shapeFor(inputShape).slice(2);
  }

  override emitForward(to: Lowering, x: Value) {
    const { y, saved } = super.emitForward(to, x);
    return { y: y.view([y.shape[0], y.shape[3]]), saved };
  }
}

/** Options of `layers.maxPool1d` and `layers.avgPool1d`. */
export interface Pool1dOptions extends LayerOptions, LineOptions {
  /** Length of the window, and strides where none are given: 2 by default. */
  poolSize?: number;
}

/** How a pooling lies on signals [batch, steps, channels]. */
function lineGeometry(where: string, x: Shape, options: Pool1dOptions): pool.PoolGeometry {
  const { poolSize = 2, strides = poolSize } = options;
  const window = [1, checkInteger(where, 'poolSize', poolSize)] as const;
  const windows = onImages(where, { ...options, strides });
  return pool.poolGeometry(where, asImages(x), { ...windows, poolSize: window });
}

class MaxPool1d extends MaxPool2d {
  declare readonly options: Pool1dOptions;
  protected override readonly axes = ['steps', 'channels'];

  protected override geometry(x: Shape): pool.PoolGeometry {
    return lineGeometry(this.name, x, this.options);
  }
}

class AvgPool1d extends AvgPool2d {
  declare readonly options: Pool1dOptions;
  protected override readonly axes = ['steps', 'channels'];

  protected override geometry(x: Shape): pool.PoolGeometry {
    return lineGeometry(this.name, x, this.options);
  }
}

/** Maximum of each window over [height, width, channels]. */
export const maxPool2d = (options: Pool2dOptions = {}): Layer =>
  new MaxPool2d('maxPool2d', options, pool.poolWords);
/** Mean of each window; padding does not count. */
export const avgPool2d = (options: Pool2dOptions = {}): Layer =>
  new AvgPool2d('avgPool2d', options, pool.poolWords);
/** p-norm of each window: (Σ|x|ᵖ / window)^(1/p). */
export const lpPool2d = (options: LpPool2dOptions = {}): Layer => new LpPool2d(options);
/** Mean of each channel over the whole image: [channels]. */
export const globalAvgPool2d = (options: LayerOptions = {}): Layer => new GlobalAvgPool2d(options);
/** Maximum of each window over [steps, channels]. */
export const maxPool1d = (options: Pool1dOptions = {}): Layer =>
  new MaxPool1d('maxPool1d', options, ['poolSize', ...lineWords]);
/** Mean of each window over [steps, channels]; padding does not count. */
export const avgPool1d = (options: Pool1dOptions = {}): Layer =>
  new AvgPool1d('avgPool1d', options, ['poolSize', ...lineWords]);
