// A residual network's identity shortcut past a block that changes the shape.

import { ShapeError } from '../../base/errors.js';
import { required, whole } from '../../base/options.js';
import { checkRank, type Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';

/** Options of `layers.identityShortcut`. */
export interface IdentityShortcutOptions extends LayerOptions {
  /** How many channels come out: at least as many as come in. */
  filters: number;
  /** Pixels from one that is kept to the next, each way: 1 by default. */
  strides?: number;
}

class IdentityShortcut extends Layer<Shape> {
  declare readonly options: IdentityShortcutOptions;

  constructor(options: IdentityShortcutOptions) {
    super('identityShortcut', options, { ...required({ filters: whole(1) }), strides: whole(1) });
  }

  get #stride(): number {
    return this.options.strides ?? 1;
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, ['height', 'width', 'channels']);
    const [height, width, channels] = inputShape;
    const { filters } = this.options;
    if (filters < channels)
      throw new ShapeError(`${channels} channels cannot become ${filters}: it adds some`);
    return [Math.ceil(height / this.#stride), Math.ceil(width / this.#stride), filters];
  }

  #fields([batch, height, width, channels]: Shape) {
    return { batch, height, width, channels, filters: this.options.filters, stride: this.#stride };
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Shape> {
    const y = emitter.value([x.shape[0], ...this.shapeFor(x.shape.slice(1))]);
    emitter.emit('identityShortcut', { y, x, ...this.#fields(x.shape) });
    return { y, saved: x.shape };
  }

  emitBackward({ emitter }: Lowering, dy: Value, shape: Shape, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = emitter.value(shape);
    emitter.emit('identityShortcutBackward', { dx, dy, ...this.#fields(shape) });
    return dx;
  }

  override window() {
    return { size: [1, 1] as const, stride: [this.#stride, this.#stride] as const };
  }
}

/**
 * Every strides-th pixel of [height, width, channels], with channels of zeros after them: how a residual
 * network without projections adds x to a block of another shape (arXiv 1512.03385, option A).
 */
export const identityShortcut = (options: IdentityShortcutOptions): Layer =>
  new IdentityShortcut(options);
