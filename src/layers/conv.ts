// Convolution as a layer.

import type { ActivationName } from '../emit/activation.js';
import {
  convBackwardBias,
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from '../emit/conv.js';
import type { Value } from '../emit/emitter.js';
import {
  type ConvGeometry,
  type ConvOptions,
  checkAlgorithm,
  checkConvPadding,
  convGeometry,
  convOutputShape,
  convWords,
} from '../emit/geometry.js';
import { checkInteger, checkRank, type Pair, pairOf, type Shape, sizeOf } from '../shape.js';
import { checkKernelOptions, type KernelOptions, kernelParameters, kernelWords } from './kernel.js';
import { type Forward, type Fusion, Layer, type Lowering, type ParameterSpec } from './layer.js';

/** Options of `layers.conv2d`, Keras's words. */
export interface Conv2dLayerOptions extends KernelOptions, ConvOptions {
  /** How many filters, which is how many channels come out. */
  filters: number;
  /** Side of the filters, or [height, width]. */
  kernelSize: Pair;
}

interface Saved {
  x: Value;
  y: Value;
  g: ConvGeometry;
  activation: ActivationName;
}

class Conv2d extends Layer<Saved> {
  declare readonly options: Conv2dLayerOptions;

  constructor(options: Conv2dLayerOptions) {
    super('conv2d', options, ['filters', 'kernelSize', ...convWords, ...kernelWords]);
    const where = `layers.conv2d${options.name ? ` '${options.name}'` : ''}`;
    checkInteger(where, 'filters', options.filters);
    pairOf(where, 'kernelSize', options.kernelSize);
    checkKernelOptions(where, options);
    checkAlgorithm(where, options.algorithm);
    checkConvPadding(where, options);
  }

  get #useBias(): boolean {
    return this.options.useBias ?? true;
  }

  get #activation(): ActivationName {
    return this.options.activation ?? 'linear';
  }

  #geometry(x: Shape): ConvGeometry {
    const { filters, kernelSize, groups = 1 } = this.options;
    const [kernelHeight, kernelWidth] = pairOf(this.name, 'kernelSize', kernelSize);
    // Where groups do not divide the channels, convGeometry says so.
    const channels = Math.ceil((x.at(-1) ?? 1) / groups);
    return convGeometry(this.name, x, [kernelHeight, kernelWidth, channels, filters], this.options);
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(this.name, inputShape, ['height', 'width', 'channels']);
    return convOutputShape(this.#geometry([1, ...inputShape])).slice(1);
  }

  protected override parametersFor(inputShape: Shape): ParameterSpec[] {
    const g = this.#geometry([1, ...inputShape]);
    const shape = [g.kernelHeight, g.kernelWidth, g.channels / g.groups, g.filters];
    return kernelParameters(this.options, shape);
  }

  override get fusion(): Fusion {
    const linear = this.#activation === 'linear';
    return { absorbsRelu: linear, absorbsNorm: linear, endsInRelu: this.#activation === 'relu' };
  }

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const g = this.#geometry(x.shape);
    const z = to.emitter.value(convOutputShape(g));
    const activation = to.rectify ? 'relu' : this.#activation;
    const fused = activation === 'relu';
    const { kernel, bias } = to.kernelAndBias(this);
    convForward(to.emitter, z, x, kernel, bias, g, fused);
    const y = fused ? z : to.activate(activation, z, z);
    return { y, saved: { x, y, g, activation } };
  }

  emitBackward(
    to: Lowering,
    dy: Value,
    { x, y, g, activation }: Saved,
    wanted: boolean,
  ): Value | undefined {
    const { emitter } = to;
    to.activateBackward(activation, dy, y);
    if (this.#useBias) convBackwardBias(emitter, to.gradient(this, 'bias'), dy, g);
    convBackwardFilter(emitter, to.gradient(this, 'kernel'), x, dy, g);
    if (!wanted) return undefined;
    const dx = emitter.value(x.shape);
    convBackwardInput(emitter, dx, dy, to.weight(this, 'kernel'), g);
    return dx;
  }

  override multiplyAdds(_inputShape: Shape, outputShape: Shape): number {
    const [height, width] = outputShape;
    return height * width * sizeOf(this.parameters[0].shape);
  }

  override window(inputShape: Shape) {
    const g = this.#geometry([1, ...inputShape]);
    const size = [
      (g.kernelHeight - 1) * g.dilationHeight + 1,
      (g.kernelWidth - 1) * g.dilationWidth + 1,
    ] as const;
    return { size, stride: [g.strideHeight, g.strideWidth] as const };
  }
}

/** Convolution over [height, width, channels]: [outputHeight, outputWidth, filters]. */
export const conv2d = (options: Conv2dLayerOptions): Layer => new Conv2d(options);
