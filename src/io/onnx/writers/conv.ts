// Convolutions in both directions, and dense layers.

import type { Shape } from '../../../base/shape.js';
import type { KernelOptions } from '../../../network/kernel.js';
import type { LineOptions } from '../../../network/line.js';
import type { Conv3dOptions, ConvTransposeOptions } from '../../../operators/arrays/index.js';
import { checkBorders, placeAxes, sidesOf } from '../../../operators/arrays/windows.js';
import { type ConvOptions, convGeometry } from '../../../operators/conv/geometry.emit.js';
import { activated } from './activation.js';
import type { Place } from './place.js';
import { asBatch, axesAttributes, onLine, padded, windowAttributes } from './windows.js';

/** A filter [...sides, inputs, outputs] as [outputs, inputs, ...sides]. */
const filter = (at: Place, shape: Shape): string => {
  const last = shape.length - 1;
  return at.weight('kernel', { order: [last, last - 1, ...shape.keys()].slice(0, last + 1) });
};

/** The layer's bias, if it has one, as a list. */
const bias = (at: Place): string[] => (at.has('bias') ? [at.weight('bias')] : []);

const kernelShape = ({ layer }: Place): Shape => layer.parameters[0].shape;

/** The options of the same windows on images. */
function imageOptions(at: Place): ConvOptions {
  if (at.x.shape.length > 2) return at.options();
  const { dilation = 1, ...options } = at.options<LineOptions & { dilation?: number }>();
  return { ...onLine(options), dilation: [1, dilation] };
}

/** conv2d, depthwiseConv2d and conv1d. */
export function conv(at: Place): string {
  const { x } = at;
  const shape = kernelShape(at);
  const [inputs] = shape.slice(-2);
  const group = (x.shape.at(-1) as number) / inputs;
  const image = x.shape.length === 2 ? [1, ...shape] : shape;
  const g = convGeometry(asBatch(x.shape), image, { ...imageOptions(at), groups: group });
  const from = g.reflection ? padded(at, x.name, g.reflection, 'reflect') : x.name;
  const dilations = [g.dilationHeight, g.dilationWidth].slice(x.shape.length === 2 ? 1 : 0);
  const y = at.node('Conv', [from, filter(at, shape), ...bias(at)], {
    ...windowAttributes(g, x),
    dilations,
    group,
  });
  return activated(at, y, at.options<KernelOptions>().activation);
}

/** conv3d. */
export function conv3d(at: Place): string {
  const { kernelSize, groups = 1, activation, ...options } = at.options<Conv3dOptions>();
  const { shape, name } = at.x;
  const windows = placeAxes(shape.slice(0, -1), kernelSize, options);
  const y = at.node('Conv', [name, filter(at, kernelShape(at)), ...bias(at)], {
    ...axesAttributes(windows),
    group: groups,
  });
  return activated(at, y, activation);
}

/** Transposed convolutions over any number of axes, whose windows are laid on what comes out. */
export function convTranspose(at: Place): string {
  const {
    strides = 1,
    dilation = 1,
    padding = 'valid',
    groups = 1,
    activation,
  } = at.options<ConvTransposeOptions>();
  const kernel = kernelShape(at);
  const sizes = at.x.shape.slice(0, -1);
  const rank = sizes.length;
  const [steps, dilations] = [strides, dilation].map((value) => sidesOf(rank, value));
  const borders = checkBorders(rank, padding);
  const axes = sizes.map((side, i) => {
    const seen = (side - 1) * steps[i] + (kernel[i] - 1) * dilations[i] + 1;
    const before =
      borders === 'same' ? Math.floor(Math.max(0, seen - side * steps[i]) / 2) : borders[i][0];
    // What is cut off from the sum of all filters at its end, or added to it.
    return { before, after: seen - before - at.shape[i] };
  });
  const y = at.node('ConvTranspose', [at.x.name, filter(at, kernel), ...bias(at)], {
    kernel_shape: kernel.slice(0, rank),
    strides: steps,
    dilations,
    pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => Math.max(0, after))],
    output_padding: axes.map(({ after }) => Math.max(0, -after)),
    group: groups,
  });
  return activated(at, y, activation);
}

/** A kernel [features, units]. Its rows are in the order in which the file has a flattened image. */
function matrix(at: Place): string {
  const { image } = at.x;
  if (!image) return at.weight('kernel');
  const dims = kernelShape(at);
  const last = image.length - 1;
  const order = [last, ...image.slice(0, -1).keys(), last + 1];
  return at.weight('kernel', { shape: [...image, dims[1]], order, dims });
}

/** y = activation(x·kernel + bias). */
export function dense(at: Place): string {
  const y = at.node('Gemm', [at.x.name, matrix(at), ...bias(at)]);
  return activated(at, y, at.options<KernelOptions>().activation);
}

/** y = −Σ (x − kernel)²: differences for all units, whose squares are summed up. */
export function rbf(at: Place): string {
  const [features] = kernelShape(at);
  const column = at.reshape(at.x.name, [features, 1]);
  const difference = at.node('Sub', [column, matrix(at)]);
  const squares = at.node('Mul', [difference, difference]);
  const sum = at.node('ReduceSum', [squares, at.ints([1])], { keepdims: 0 });
  return at.node('Neg', [sum]);
}
