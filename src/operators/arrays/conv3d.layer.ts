// Convolution over volumes, and transposed convolution over signals, images in groups, and volumes, as layers. By the
// kernels of the core's convolution: depth and batch are one, and the taps of the depth are channels.

import { ShapeError, ValueError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { required, type Words, whole } from '../../base/options.js';
import { checkRank, type Rounding, rounding, type Shape, show, sizeOf } from '../../base/shape.js';
import {
  checkKernelOptions,
  type KernelOptions,
  kernelParameters,
  kernelWords,
  ownKernel,
} from '../../network/kernel.js';
import { type Forward, Layer, type Lowering, type ParameterSpec } from '../../network/layer.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { convBackwardFilter, convBackwardInput, convForward } from '../conv/conv.emit.js';
import type { ConvGeometry } from '../conv/geometry.emit.js';
import { addToRows, sumRows } from '../dense/matrix.emit.js';
import { type DepthGeometry, gatherDepth, scatterDepth, seenValue } from './depth.emit.js';
import { inverse, permute } from './strides.emit.js';
import {
  type AxisWindows,
  checkBorders,
  placeAxes,
  type Sides,
  sides,
  sidesOf,
  spatial,
  type WindowOptions,
  windowWords,
} from './windows.js';

/** Options that these convolutions have in common. */
interface ConvOptions extends KernelOptions, WindowOptions {
  /** How many filters, which is how many channels come out. */
  filters: number;
  /** Side of the filters, or one for each axis. */
  kernelSize: Sides;
  /** Channels and filters in this many separate convolutions: 1 by default. */
  groups?: number;
}

const convWords = (rank: number): Words => ({
  ...required({ filters: whole(1), kernelSize: sides(rank) }),
  ...windowWords(rank),
  ...{ groups: whole(1), ...kernelWords },
});

/**
 * A convolution of volumes, with the sizes of its image and of its outputs. In a transposed one the image is the result,
 * and the outputs are the input.
 */
interface Volume {
  readonly batch: number;
  readonly image: Shape;
  readonly channels: number;
  readonly filters: number;
  readonly groups: number;
  readonly windows: readonly [AxisWindows, AxisWindows, AxisWindows];
}

/** The depth, and the convolution of images that its slices are. */
function partsOf(v: Volume): { depth: DepthGeometry; g: ConvGeometry } {
  const [d, h, w] = v.windows;
  const [depth, height, width] = v.image;
  const { batch, groups, filters } = v;
  const channels = v.channels / groups;
  return {
    depth: { batch, depth, pixels: height * width, groups, channels, windows: d },
    g: {
      ...{ batch: batch * d.outputs, height, width, channels: v.channels * d.kernel },
      ...{ filters, groups, algorithm: 'auto' },
      ...{ kernelHeight: h.kernel, kernelWidth: w.kernel },
      ...{ strideHeight: h.stride, strideWidth: w.stride },
      ...{ dilationHeight: h.dilation, dilationWidth: w.dilation },
      ...{ padTop: h.before, padLeft: w.before },
      ...{ outputHeight: h.outputs, outputWidth: w.outputs },
    },
  };
}

/** The kernel [depth, height, width, channels, filters] has its depth beside the channels where the images' has it. */
const ORDER = [1, 2, 0, 3, 4];

const depthFirst = ({ windows: [d, h, w], channels, groups, filters }: Volume) => [
  ...[d.kernel, h.kernel, w.kernel, channels / groups, filters],
];

/** The kernel for images. */
function imageKernel(e: Emitter, kernel: Value, v: Volume): Value {
  if (v.windows[0].kernel === 1) return kernel;
  const shape = depthFirst(v);
  return e.form(kernel, shape, (to, form) => permute(to, form, kernel, shape, ORDER));
}

/** The gradient of the kernel from that of the kernel for images, which `emit` writes. */
function kernelGradient(e: Emitter, dw: Value, v: Volume, emit: (to: Value) => void): void {
  if (v.windows[0].kernel === 1) {
    emit(dw);
    return;
  }
  const shape = depthFirst(v);
  const own = e.value(shape);
  emit(own);
  const given = ORDER.map((axis) => shape[axis]);
  permute(e, dw, own, given, inverse(ORDER));
}

/** y, of the volume's outputs. */
function forward(e: Emitter, y: Value, x: Value, kernel: Value, bias: Operand, v: Volume): void {
  const { depth, g } = partsOf(v);
  convForward(e, y, gatherDepth(e, x, depth), imageKernel(e, kernel, v), g, { bias });
}

/** dx, of the volume's image. */
function backwardInput(e: Emitter, dx: Value, dy: Value, kernel: Value, v: Volume): void {
  const { depth, g } = partsOf(v);
  const seen = seenValue(e, dx, depth);
  convBackwardInput(e, seen, dy, imageKernel(e, kernel, v), g);
  scatterDepth(e, dx, seen, depth);
}

/** dw. */
function backwardFilter(e: Emitter, dw: Value, x: Value, dy: Value, v: Volume): void {
  const { depth, g } = partsOf(v);
  const seen = gatherDepth(e, x, depth);
  kernelGradient(e, dw, v, (to) => convBackwardFilter(e, to, seen, dy, g));
}

interface Saved {
  x: Value;
  y: Value;
}

/** What these layers share. */
abstract class Conv<O extends ConvOptions> extends Layer<Saved> {
  declare readonly options: O;
  protected readonly rank: number;

  constructor(type: string, options: O, rank: number, more: Words) {
    super(type, options, { ...convWords(rank), ...more });
    this.rank = rank;
    naming(this.title, () => {
      checkKernelOptions(options);
      checkBorders(rank, this.options.padding ?? 'valid');
    });
  }

  /** For [batch, ...sample]. */
  protected abstract volume(x: Shape): Volume;
  protected abstract kernelShape(sample: Shape): Shape;
  /** The sizes of the result. */
  protected abstract result(v: Volume): Shape;

  protected check(sample: Shape): void {
    checkRank(sample, [...spatial[this.rank], 'channels']);
    const { groups = 1, filters } = this.options;
    const channels = sample[this.rank];
    if (channels % groups || filters % groups)
      throw new ValueError(
        `groups ${groups} must divide both the ${channels} channels and the ${filters} filters`,
      );
  }

  shapeFor(sample: Shape): Shape {
    this.check(sample);
    return [...this.result(this.volume([1, ...sample])), this.options.filters];
  }

  protected override parametersFor(sample: Shape): ParameterSpec[] {
    return kernelParameters(this.options, this.kernelShape(sample), this.options.filters);
  }

  protected get activation() {
    return this.options.activation ?? 'linear';
  }

  protected abstract emit(e: Emitter, y: Value, x: Value, kernel: Value, bias: Operand): void;
  protected abstract filterGradient(e: Emitter, dw: Value, x: Value, dz: Value, v: Volume): void;
  protected abstract inputGradient(
    e: Emitter,
    dx: Value,
    dz: Value,
    kernel: Value,
    v: Volume,
  ): void;

  emitForward(to: Lowering, x: Value): Forward<Saved> {
    const z = to.emitter.value([x.shape[0], ...this.shapeFor(x.shape.slice(1))]);
    const { kernel, bias } = ownKernel(to, this);
    this.emit(to.emitter, z, x, kernel, bias);
    return { y: to.activate(this.activation, z, z), saved: { x, y: z } };
  }

  emitBackward(to: Lowering, dy: Value, { x, y }: Saved, wanted: boolean): Value | undefined {
    const { emitter: e } = to;
    const v = this.volume(x.shape);
    const dz = to.activateBackward(this.activation, dy, y);
    if (this.trainable) {
      const { filters, useBias = true } = this.options;
      if (useBias) sumRows(e, to.gradient(this, 'bias'), dz, dz.size / filters, filters);
      this.filterGradient(e, to.gradient(this, 'kernel'), x, dz, v);
    }
    if (!wanted) return undefined;
    const dx = e.value(x.shape);
    this.inputGradient(e, dx, dz, to.weight(this, 'kernel'), v);
    return dx;
  }

  override multiplyAdds(sample: Shape): number {
    const v = this.volume([1, ...sample]);
    const outputs = v.windows.reduce((product, { outputs }) => product * outputs, 1);
    return outputs * sizeOf(this.parameters[0].shape);
  }
}

/** Options of `conv3d`, Keras's words. */
export interface Conv3dOptions extends ConvOptions {
  /** How the number of windows is rounded: 'floor' by default. */
  dimRoundingMode?: Rounding;
}

class Conv3d extends Conv<Conv3dOptions> {
  constructor(options: Conv3dOptions) {
    super('conv3d', options, 3, { dimRoundingMode: rounding });
  }

  protected kernelShape(sample: Shape): Shape {
    const { kernelSize, groups = 1, filters } = this.options;
    return [...sidesOf(3, kernelSize), sample[3] / groups, filters];
  }

  protected volume([batch, ...sample]: Shape): Volume {
    const { kernelSize, groups = 1, filters } = this.options;
    const image = sample.slice(0, 3);
    const windows = placeAxes(image, kernelSize, this.options) as unknown as Volume['windows'];
    return { batch, image, channels: sample[3], filters, groups, windows };
  }

  protected result({ windows }: Volume): Shape {
    return windows.map(({ outputs }) => outputs);
  }

  protected emit(e: Emitter, y: Value, x: Value, kernel: Value, bias: Operand): void {
    forward(e, y, x, kernel, bias, this.volume(x.shape));
  }

  protected filterGradient(e: Emitter, dw: Value, x: Value, dz: Value, v: Volume): void {
    backwardFilter(e, dw, x, dz, v);
  }

  protected inputGradient(e: Emitter, dx: Value, dz: Value, kernel: Value, v: Volume): void {
    backwardInput(e, dx, dz, kernel, v);
  }
}

/** Options of the transposed convolutions, Keras's words. */
export interface ConvTransposeOptions extends ConvOptions {
  /**
   * How many numbers the result has after the last beyond (side − 1)·stride + kernel − padding, for each axis. Without it
   * sides are Keras's: side·stride for 'same', else (side − 1)·stride + max(kernel, stride) less the padding.
   */
  outputPadding?: Sides;
}

class ConvTranspose extends Conv<ConvTransposeOptions> {
  constructor(type: string, options: ConvTransposeOptions, rank: number) {
    super(type, options, rank, { outputPadding: sides(rank, 0) });
  }

  protected kernelShape(sample: Shape): Shape {
    const { kernelSize, groups = 1, filters } = this.options;
    return [...sidesOf(this.rank, kernelSize), filters / groups, sample[this.rank]];
  }

  /** Seen as a volume, with axes of 1 in front. */
  protected volume([batch, ...sample]: Shape): Volume {
    const { groups = 1, filters } = this.options;
    const axes = sample.slice(0, -1).map((side, i) => this.#axis(side, i));
    const none = { kernel: 1, stride: 1, dilation: 1, before: 0, after: 0, outputs: 1, side: 1 };
    const all = [...Array(3 - this.rank).fill(none), ...axes] as typeof axes;
    const windows = all as unknown as Volume['windows'];
    const channels = sample[this.rank];
    return {
      batch,
      image: all.map(({ side }) => side),
      channels: filters,
      filters: channels,
      groups,
      windows,
    };
  }

  /** The windows along an axis: as many as the input has numbers; and the size of the result. */
  #axis(outputs: number, i: number): AxisWindows & { readonly side: number } {
    const { rank, options } = this;
    const kernel = sidesOf(rank, options.kernelSize)[i];
    const stride = sidesOf(rank, options.strides ?? 1)[i];
    const dilation = sidesOf(rank, options.dilation ?? 1)[i];
    const more =
      options.outputPadding === undefined ? undefined : sidesOf(rank, options.outputPadding)[i];
    const extent = (kernel - 1) * dilation + 1;
    const seen = (outputs - 1) * stride + extent;
    const borders = checkBorders(rank, options.padding ?? 'valid');
    if (more !== undefined && more >= Math.max(stride, dilation))
      throw new ValueError(
        `outputPadding ${more} must be less than the stride or the dilation, which are ${stride} and ${dilation}`,
      );
    if (borders === 'same') {
      const side = outputs * stride + (more ?? 0);
      const before = Math.floor(Math.max(0, seen - outputs * stride) / 2);
      return { kernel, stride, dilation, before, after: 0, outputs, side };
    }
    const [before, after] = borders[i];
    const side = seen + (more ?? Math.max(0, stride - extent)) - before - after;
    if (side < 1)
      throw new ShapeError(
        `padding ${show([before, after])} leaves nothing of ${spatial[rank][i]} ${side + before + after}`,
      );
    return { kernel, stride, dilation, before, after, outputs, side };
  }

  protected result({ image }: Volume): Shape {
    return image.slice(-this.rank);
  }

  protected emit(e: Emitter, y: Value, x: Value, kernel: Value, bias: Operand): void {
    backwardInput(e, y, x, kernel, this.volume(x.shape));
    if (bias) addToRows(e, y, bias, this.options.filters, false);
  }

  protected filterGradient(e: Emitter, dw: Value, x: Value, dz: Value, v: Volume): void {
    backwardFilter(e, dw, dz, x, v);
  }

  protected inputGradient(e: Emitter, dx: Value, dz: Value, kernel: Value, v: Volume): void {
    forward(e, dx, dz, kernel, none, v);
  }
}

/** Convolution over [depth, height, width, channels]: the kernel is [depth, height, width, channels / groups, filters]. */
export const conv3d = (options: Conv3dOptions): Layer => new Conv3d(options);
/** Transposed convolution over [depth, height, width, channels]: the kernel is [depth, height, width, filters / groups, channels]. */
export const conv3dTranspose = (options: ConvTransposeOptions): Layer =>
  new ConvTranspose('conv3dTranspose', options, 3);
/** Transposed convolution over [height, width, channels], in groups: the kernel is [height, width, filters / groups, channels]. */
export const groupedConv2dTranspose = (options: ConvTransposeOptions): Layer =>
  new ConvTranspose('groupedConv2dTranspose', options, 2);
/** Transposed convolution over [steps, channels]: the kernel is [steps, filters / groups, channels]. */
export const conv1dTranspose = (options: ConvTransposeOptions): Layer =>
  new ConvTranspose('conv1dTranspose', options, 1);
