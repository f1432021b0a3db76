// Blur pooling as a layer.

import { naming } from '../../base/naming.js';
import { checkRank, type Shape, sizeOf } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import {
  type BlurPoolGeometry,
  type BlurPoolOptions,
  blurPoolBackward,
  blurPoolForward,
  blurPoolGeometry,
  blurPoolOutputShape,
  blurPoolWords,
  checkBlurPool,
} from './blur.emit.js';

/** Options of `layers.blurPool2d`. */
export interface BlurPool2dOptions extends LayerOptions, BlurPoolOptions {}

interface Saved {
  x: Shape;
  g: BlurPoolGeometry;
}

class BlurPool2d extends Layer<Saved> {
  declare readonly options: BlurPool2dOptions;

  constructor(options: BlurPool2dOptions) {
    super('blurPool2d', options, blurPoolWords);
    naming('layers.blurPool2d', () => checkBlurPool(options));
  }

  #geometry(x: Shape): BlurPoolGeometry {
    return blurPoolGeometry(x, this.options);
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, ['height', 'width', 'channels']);
    return blurPoolOutputShape(this.#geometry([1, ...inputShape])).slice(1);
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Saved> {
    const g = this.#geometry(x.shape);
    const y = emitter.value(blurPoolOutputShape(g));
    blurPoolForward(emitter, y, x, g);
    return { y, saved: { x: x.shape, g } };
  }

  emitBackward({ emitter }: Lowering, dy: Value, { x, g }: Saved, wanted: boolean) {
    if (!wanted) return undefined;
    const dx = emitter.value(x);
    blurPoolBackward(emitter, dx, dy, g);
    return dx;
  }

  override multiplyAdds(_inputShape: Shape, outputShape: Shape): number {
    const { kernelSize } = checkBlurPool(this.options);
    return kernelSize * kernelSize * sizeOf(outputShape);
  }

  override window(inputShape: Shape) {
    const { conv } = this.#geometry([1, ...inputShape]);
    return {
      size: [conv.kernelHeight, conv.kernelWidth] as const,
      stride: [conv.strideHeight, conv.strideWidth] as const,
    };
  }
}

/**
 * Anti-aliased subsampling (Zhang, arXiv 1904.11486): [height, width, channels] blurred by a binomial
 * filter, then one pixel out of each stride: sides ⌈side / stride⌉. After a max pooling of stride 1 the
 * two together are a max pooling that shifts with its input.
 */
export const blurPool2d = (options: BlurPool2dOptions = {}): Layer => new BlurPool2d(options);
