// Upsampling as a layer.

import { naming } from '../../base/naming.js';
import { checkRank, type Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import {
  checkUpsampling,
  type UpsamplingGeometry,
  type UpsamplingOptions,
  upsamplingBackward,
  upsamplingForward,
  upsamplingGeometry,
  upsamplingOutputShape,
  upsamplingWords,
} from './upsample.emit.js';

/** Options of `layers.upsampling2d`. */
export interface Upsampling2dOptions extends LayerOptions, UpsamplingOptions {}

class Upsampling2d extends Layer<UpsamplingGeometry> {
  declare readonly options: Upsampling2dOptions;

  constructor(options: Upsampling2dOptions) {
    super('upsampling2d', options, upsamplingWords);
    naming('layers.upsampling2d', () => checkUpsampling(options));
  }

  #geometry(x: Shape): UpsamplingGeometry {
    return upsamplingGeometry(x, this.options);
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, ['height', 'width', 'channels']);
    return upsamplingOutputShape(this.#geometry([1, ...inputShape])).slice(1);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<UpsamplingGeometry> {
    const g = this.#geometry(x.shape);
    const y = emitter.value(upsamplingOutputShape(g));
    upsamplingForward(emitter, y, x, g);
    return { y, saved: g };
  }

  emitBackward({ emitter }: Lowering, dy: Value, g: UpsamplingGeometry, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = emitter.value([g.batch, g.height, g.width, g.channels]);
    upsamplingBackward(emitter, dx, dy, g);
    return dx;
  }

  override window() {
    const g = checkUpsampling(this.options);
    // Between two pixels an output sees both; outputs lie 1 / size of a pixel apart.
    const sees = (factor: number) => (g.bilinear && factor > 1 ? 2 : 1);
    return {
      size: [sees(g.factorHeight), sees(g.factorWidth)] as const,
      stride: [1 / g.factorHeight, 1 / g.factorWidth] as const,
    };
  }
}

/** More pixels: [size·height, size·width, channels]. */
export const upsampling2d = (options: Upsampling2dOptions = {}): Layer => new Upsampling2d(options);
