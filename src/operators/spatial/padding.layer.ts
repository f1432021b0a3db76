// Padding of images as layers.

import { naming } from '../../base/naming.js';
import { forwarded } from '../../base/options.js';
import { checkRank, checkSides, type Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import {
  type PaddingMode,
  type PadGeometry,
  type PadOptions,
  padBackward,
  padForward,
  padGeometry,
  padOutputShape,
} from './pad.emit.js';

/** Options of the padding layers. */
export interface Padding2dOptions extends LayerOptions {
  /** Pixels: for all sides (1 by default), [vertical, horizontal], or [[top, bottom], [left, right]]. */
  padding?: PadOptions['padding'];
}

class Padding2d extends Layer<PadGeometry> {
  declare readonly options: Padding2dOptions;
  readonly #mode: PaddingMode;

  constructor(type: string, options: Padding2dOptions, mode: PaddingMode) {
    super(type, options, forwarded('padding'));
    this.#mode = mode;
    naming(`layers.${type}`, () => checkSides(options.padding ?? 1));
  }

  #geometry(x: Shape): PadGeometry {
    return padGeometry(x, { padding: this.options.padding ?? 1, mode: this.#mode });
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, ['height', 'width', 'channels']);
    return padOutputShape(this.#geometry([1, ...inputShape])).slice(1);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<PadGeometry> {
    const g = this.#geometry(x.shape);
    const y = emitter.value(padOutputShape(g));
    padForward(emitter, y, x, g);
    return { y, saved: g };
  }

  emitBackward({ emitter }: Lowering, dy: Value, g: PadGeometry, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = emitter.value([g.batch, g.height, g.width, g.channels]);
    padBackward(emitter, dx, dy, g);
    return dx;
  }
}

/** Zeros around [height, width, channels]. */
export const zeroPadding2d = (options: Padding2dOptions = {}): Layer =>
  new Padding2d('zeroPadding2d', options, 'zeros');
/** The image's reflection at its outermost pixels, which are not repeated, around [height, width, channels]. */
export const reflectionPadding2d = (options: Padding2dOptions = {}): Layer =>
  new Padding2d('reflectionPadding2d', options, 'reflect');
