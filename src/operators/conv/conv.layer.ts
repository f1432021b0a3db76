// Convolution as layers: of images, of each channel of images by itself, and of signals.

import { naming } from '../../base/naming.js';
import { required, type Words, whole } from '../../base/options.js';
import { checkRank, type Pair, pair, pairOf, type Shape, sizeOf } from '../../base/shape.js';
import type { ActivationName } from '../../network/activation.js';
import {
  checkKernelOptions,
  type KernelOptions,
  kernelAt,
  kernelParameters,
  kernelWords,
} from '../../network/kernel.js';
import {
  type Forward,
  type Fusion,
  Layer,
  type Lowering,
  type ParameterSpec,
} from '../../network/layer.js';
import { asImages, type LineOptions, lineWords, onImages } from '../../network/line.js';
import type { Value } from '../../program/emitter.js';
import {
  convBackwardBias,
  convBackwardFilter,
  convBackwardInput,
  convForward,
} from './conv.emit.js';
import {
  type ConvGeometry,
  type ConvOptions,
  checkConvPadding,
  convGeometry,
  convOutputShape,
  convWords,
} from './geometry.emit.js';

interface Saved {
  x: Value;
  y: Value;
  g: ConvGeometry;
  activation: ActivationName;
}

/** How many filters there are must be said. */
export const filterWords = required({ filters: whole(1) });
/** How large they are, too. */
export const kernelSizeWords = required({ kernelSize: pair() });

/** What convolutions share: all but how their windows lie. */
abstract class Conv extends Layer<Saved> {
  declare readonly options: KernelOptions;
  /** The dimensions of a sample. */
  protected readonly axes: readonly string[] = ['height', 'width', 'channels'];

  constructor(type: string, options: KernelOptions, words: Words) {
    super(type, options, { ...words, ...kernelWords });
    naming(this.title, () => checkKernelOptions(options));
  }

  /** The sizes for inputs [batch, ...sample]. */
  protected abstract geometry(x: Shape): ConvGeometry;

  get #useBias(): boolean {
    return this.options.useBias ?? true;
  }

  get #activation(): ActivationName {
    return this.options.activation ?? 'linear';
  }

  #outputShape(g: ConvGeometry): Shape {
    return [g.batch, ...convOutputShape(g).slice(-this.axes.length)];
  }

  shapeFor(inputShape: Shape): Shape {
    checkRank(inputShape, this.axes);
    return this.#outputShape(this.geometry([1, ...inputShape])).slice(1);
  }

  protected override parametersFor(inputShape: Shape): ParameterSpec[] {
    const g = this.geometry([1, ...inputShape]);
    const shape = [g.kernelHeight, g.kernelWidth, g.channels / g.groups, g.filters];
    return kernelParameters(this.options, shape.slice(-this.axes.length - 1));
  }

  override get fusion(): Fusion {
    const linear = this.#activation === 'linear';
    return {
      absorbsRelu: linear,
      absorbsAdd: linear,
      absorbsNorm: linear,
      absorbsGradient: true,
      endsInRelu: this.#activation === 'relu',
    };
  }

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const g = this.geometry(x.shape);
    const z = to.emitter.value(this.#outputShape(g));
    const { residual, rectify } = to.fused;
    const activation = rectify ? 'relu' : this.#activation;
    const isRelu = activation === 'relu';
    const { kernel, bias } = kernelAt(to, this);
    convForward(to.emitter, z, x, kernel, g, { bias, residual, rectify: isRelu });
    const y = isRelu ? z : to.activate(activation, z, z);
    return { y, saved: { x, y, g, activation } };
  }

  emitBackward(
    to: Lowering,
    dy: Value,
    { x, y, g, activation }: Saved,
    wanted: boolean,
  ): Value | undefined {
    const { emitter } = to;
    const dz = to.activateBackward(activation, dy, y);
    if (this.trainable) {
      if (this.#useBias) convBackwardBias(emitter, to.gradient(this, 'bias'), dz, g);
      convBackwardFilter(emitter, to.gradient(this, 'kernel'), x, dz, g);
    }
    if (!wanted) return undefined;
    const dx = emitter.value(x.shape);
    const kernel = to.weight(this, 'kernel');
    convBackwardInput(emitter, dx, dz, kernel, g, { residual: to.fused.gradient });
    return dx;
  }

  override multiplyAdds(_inputShape: Shape, outputShape: Shape): number {
    return sizeOf(outputShape.slice(0, -1)) * sizeOf(this.parameters[0].shape);
  }

  override window(inputShape: Shape) {
    const g = this.geometry([1, ...inputShape]);
    const size = [
      (g.kernelHeight - 1) * g.dilationHeight + 1,
      (g.kernelWidth - 1) * g.dilationWidth + 1,
    ] as const;
    return { size, stride: [g.strideHeight, g.strideWidth] as const };
  }
}

/** Options of `layers.conv2d`, Keras's words. */
export interface Conv2dLayerOptions extends KernelOptions, ConvOptions {
  /** How many filters, which is how many channels come out. */
  filters: number;
  /** Side of the filters, or [height, width]. */
  kernelSize: Pair;
}

class Conv2d extends Conv {
  declare readonly options: Conv2dLayerOptions;

  constructor(options: Conv2dLayerOptions) {
    super('conv2d', options, { ...filterWords, ...kernelSizeWords, ...convWords });
    naming(this.title, () => checkConvPadding(options));
  }

  protected geometry(x: Shape): ConvGeometry {
    const { filters, kernelSize, groups = 1 } = this.options;
    const [kernelHeight, kernelWidth] = pairOf('kernelSize', kernelSize);
    // Where groups do not divide the channels, convGeometry says so.
    const channels = Math.ceil((x.at(-1) ?? 1) / groups);
    return convGeometry(x, [kernelHeight, kernelWidth, channels, filters], this.options);
  }
}

/** Options of `layers.depthwiseConv2d`, Keras's words. */
export interface DepthwiseConv2dLayerOptions
  extends KernelOptions,
    Omit<ConvOptions, 'groups' | 'algorithm'> {
  /** Side of the filters, or [height, width]. */
  kernelSize: Pair;
  /** How many filters each channel has: 1 by default. */
  depthMultiplier?: number;
}

const { groups, algorithm: _algorithm, ...windowWords } = convWords;

/** The words of `DepthwiseConv2dLayerOptions` alone. */
export const depthwiseWords = { ...kernelSizeWords, depthMultiplier: whole(1), ...windowWords };

class DepthwiseConv2d extends Conv {
  declare readonly options: DepthwiseConv2dLayerOptions;

  constructor(options: DepthwiseConv2dLayerOptions) {
    super('depthwiseConv2d', options, depthwiseWords);
    naming(this.title, () => checkConvPadding(options));
  }

  protected geometry(x: Shape): ConvGeometry {
    const { kernelSize, depthMultiplier = 1 } = this.options;
    const [kernelHeight, kernelWidth] = pairOf('kernelSize', kernelSize);
    const groups = x[3];
    const kernelShape = [kernelHeight, kernelWidth, 1, groups * depthMultiplier];
    return convGeometry(x, kernelShape, { ...this.options, groups });
  }
}

/** Options of `layers.conv1d`, Keras's words. */
export interface Conv1dLayerOptions extends KernelOptions, LineOptions {
  /** How many filters, which is how many channels come out. */
  filters: number;
  /** Length of the filters, in steps. */
  kernelSize: number;
  /** Steps between neighbouring taps, 1 for none skipped: 1 by default. */
  dilation?: number;
  /** Channels and filters in this many separate convolutions: 1 by default. */
  groups?: number;
}

class Conv1d extends Conv {
  declare readonly options: Conv1dLayerOptions;
  protected override readonly axes = ['steps', 'channels'];

  constructor(options: Conv1dLayerOptions) {
    const own = { ...filterWords, ...required({ kernelSize: whole(1) }) };
    super('conv1d', options, { ...own, ...lineWords, dilation: whole(1), groups });
    naming(this.title, () => onImages(options));
  }

  protected geometry(x: Shape): ConvGeometry {
    const { filters, kernelSize, dilation = 1, groups = 1 } = this.options;
    const kernelShape = [1, kernelSize, Math.ceil(x[2] / groups), filters];
    const windows = { ...onImages(this.options), dilation: [1, dilation] as const };
    return convGeometry(asImages(x), kernelShape, { ...windows, groups });
  }
}

/** Convolution over [height, width, channels]: [outputHeight, outputWidth, filters]. */
export const conv2d = (options: Conv2dLayerOptions): Layer => new Conv2d(options);
/**
 * Convolution of each channel by itself over [height, width, channels]: [outputHeight, outputWidth,
 * channels·depthMultiplier], a channel's outputs side by side. The kernel is
 * [kernelHeight, kernelWidth, 1, channels·depthMultiplier].
 */
export const depthwiseConv2d = (options: DepthwiseConv2dLayerOptions): Layer =>
  new DepthwiseConv2d(options);
/** Convolution over [steps, channels]: [outputSteps, filters]. */
export const conv1d = (options: Conv1dLayerOptions): Layer => new Conv1d(options);
