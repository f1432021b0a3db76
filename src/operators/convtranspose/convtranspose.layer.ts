// Transposed convolution as a layer.

import { naming } from '../../base/naming.js';
import {
  checkPadding,
  checkRank,
  type Pair,
  pairOf,
  type Shape,
  sizeOf,
} from '../../base/shape.js';
import type { ActivationName } from '../../network/activation.js';
import {
  checkKernelOptions,
  type KernelOptions,
  kernelParameters,
  kernelWords,
  ownKernel,
} from '../../network/kernel.js';
import { type Forward, Layer, type Lowering, type ParameterSpec } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { filterWords, kernelSizeWords } from '../conv/conv.layer.js';
import type { ConvGeometry } from '../conv/geometry.emit.js';
import {
  type ConvTransposeOptions,
  convTransposeBackwardBias,
  convTransposeBackwardFilter,
  convTransposeBackwardInput,
  convTransposeForward,
  convTransposeGeometry,
  convTransposeOutputShape,
  convTransposeWords,
} from './convtranspose.emit.js';

/** Options of `layers.conv2dTranspose`, Keras's words. */
export interface Conv2dTransposeLayerOptions extends KernelOptions, ConvTransposeOptions {
  /** How many filters, which is how many channels come out. */
  filters: number;
  /** Side of the filters, or [height, width]. */
  kernelSize: Pair;
}

interface Saved {
  x: Value;
  y: Value;
  g: ConvGeometry;
}

class Conv2dTranspose extends Layer<Saved> {
  declare readonly options: Conv2dTransposeLayerOptions;

  constructor(options: Conv2dTransposeLayerOptions) {
    const own = { ...filterWords, ...kernelSizeWords };
    super('conv2dTranspose', options, { ...own, ...convTransposeWords, ...kernelWords });
    naming(this.title, () => {
      checkKernelOptions(options);
      checkPadding(options.padding ?? 'valid');
    });
  }

  get #useBias(): boolean {
    return this.options.useBias ?? true;
  }

  get #activation(): ActivationName {
    return this.options.activation ?? 'linear';
  }

  #kernelShape(channels: number): Shape {
    const { filters, kernelSize } = this.options;
    return [...pairOf('kernelSize', kernelSize), filters, channels];
  }

  #geometry(x: Shape): ConvGeometry {
    return convTransposeGeometry(x, this.#kernelShape(x[3]), this.options);
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, ['height', 'width', 'channels']);
    return convTransposeOutputShape(this.#geometry([1, ...inputShape])).slice(1);
  }

  protected override parametersFor([, , channels]: Shape): ParameterSpec[] {
    return kernelParameters(this.options, this.#kernelShape(channels), this.options.filters);
  }

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const g = this.#geometry(x.shape);
    const z = to.emitter.value(convTransposeOutputShape(g));
    const isRelu = this.#activation === 'relu';
    const { kernel, bias } = ownKernel(to, this);
    convTransposeForward(to.emitter, z, x, kernel, bias, g, isRelu);
    const y = isRelu ? z : to.activate(this.#activation, z, z);
    return { y, saved: { x, y, g } };
  }

  emitBackward(to: Lowering, dy: Value, { x, y, g }: Saved, wanted: boolean): Value | undefined {
    const { emitter } = to;
    const dz = to.activateBackward(this.#activation, dy, y);
    if (this.trainable) {
      if (this.#useBias) convTransposeBackwardBias(emitter, to.gradient(this, 'bias'), dz, g);
      convTransposeBackwardFilter(emitter, to.gradient(this, 'kernel'), x, dz, g);
    }
    if (!wanted) return undefined;
    const dx = emitter.value(x.shape);
    convTransposeBackwardInput(emitter, dx, dz, to.weight(this, 'kernel'), g);
    return dx;
  }

  override multiplyAdds([height, width]: Shape): number {
    return height * width * sizeOf(this.parameters[0].shape);
  }

  override window(inputShape: Shape) {
    const g = this.#geometry([1, ...inputShape]);
    // Outputs lie 1 / stride of a pixel apart.
    const size = [
      ((g.kernelHeight - 1) * g.dilationHeight + 1) / g.strideHeight,
      ((g.kernelWidth - 1) * g.dilationWidth + 1) / g.strideWidth,
    ] as const;
    return { size, stride: [1 / g.strideHeight, 1 / g.strideWidth] as const };
  }
}

/** Transposed convolution over [height, width, channels]: [outputHeight, outputWidth, filters]. */
export const conv2dTranspose = (options: Conv2dTransposeLayerOptions): Layer =>
  new Conv2dTranspose(options);
