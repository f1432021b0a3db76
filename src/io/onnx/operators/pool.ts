// Pools: of windows over signals, images and volumes, and of whole images.

import { layers } from '../../../core.js';
import { arranged } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { imagesOf } from '../../importing/builder.js';
import { Activation, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';
import { kernelShape, onLine, placementOf, spatialSides } from './windows.js';

/** Windows as the layers take them. */
function windowsOf(node: Node) {
  const x = node.activation();
  const sides = spatialSides(node, x);
  const kernel = kernelShape(node, sides.length);
  const { strides, dilations, pads } = placementOf(node, sides, kernel);
  const isDilated = dilations.some((dilation) => dilation > 1);
  const options = {
    poolSize: kernel as never,
    strides: strides as never,
    padding: pads as never,
    dimRoundingMode: node.int('ceil_mode') ? ('ceil' as const) : ('floor' as const),
    ...(isDilated ? { dilation: dilations as never } : {}),
  };
  const isPadded = pads.flat().some((side) => side > 0);
  return { x, isLine: sides.length === 1, options, isDilated, isPadded };
}

/** The maximum of each window. */
export function maxPool(node: Node): Value {
  const { x, isLine, options, isDilated } = windowsOf(node);
  return node.builder.overImages(x, (name) => {
    const own = { ...options, name };
    if (x.rank === 5) return arrays().maxPool3d(own);
    if (isLine) return isDilated ? arrays().dilatedMaxPool1d(own) : layers.maxPool1d(onLine(own));
    return isDilated ? arrays().dilatedMaxPool2d(own) : layers.maxPool2d(own);
  });
}

/** The mean of each window: of what lies in the image, or with the zeros around it. */
export function averagePool(node: Node): Value {
  const { x, isLine, options, isDilated, isPadded } = windowsOf(node);
  const counts = node.int('count_include_pad') === 1 && isPadded;
  const isOther = counts || isDilated;
  const more = counts ? { countPadding: true } : {};
  return node.builder.overImages(x, (name) => {
    const own = { ...options, ...more, name };
    if (x.rank === 5) return arrays().avgPool3d(own);
    if (isLine) return isOther ? arrays().paddedAvgPool1d(own) : layers.avgPool1d(onLine(own));
    return isOther ? arrays().paddedAvgPool2d(own) : layers.avgPool2d(own);
  });
}

/** (Σ|x|ᵖ)^(1/p) of each window. */
export function lpPool(node: Node): Value {
  const { x, isLine, options, isDilated } = windowsOf(node);
  const p = normOf(node);
  const own = { ...options, p };
  return node.builder.overImages(x, (name) => {
    if (isLine) return arrays().lpPool1d({ ...own, name });
    if (x.rank === 5) return arrays().lpPool3d({ ...own, name });
    return isDilated
      ? arrays().dilatedLpPool2d({ ...own, name })
      : layers.lpPool2d({ ...own, mode: 'sum', name });
  });
}

function normOf(node: Node): number {
  // A float in the first version.
  const p = node.opset < 2 ? node.float('p', 2) : node.int('p', 2);
  return p >= 1 ? p : node.fail(`its p must be at least 1, not ${p}`);
}

/** One number for each channel, of its whole image, with sides of 1. */
export function overWhole(node: Node, x: Activation, fn: 'mean' | 'max' | 'l1' | 'l2'): Activation {
  const sides = spatialSides(node, x);
  const { hasBatch } = x;
  const [batch, channels] = x.axes;
  const isImage = sides.length === 2 && hasBatch && (fn === 'mean' || fn === 'max');
  if (isImage) {
    const from = arranged(x, [...x.axes.slice(2), channels]);
    const y = node.builder.apply(
      (name) =>
        fn === 'mean' ? layers.globalAvgPool2d({ name }) : layers.globalMaxPool2d({ name }),
      from,
    );
    const atoms = [...sides.map(() => ({ size: 1 })), { size: y.shape[0] }];
    const own = atoms[atoms.length - 1];
    return new Activation(y, [batch, [own], ...sides.map((_, i) => [atoms[i]])], atoms);
  }
  const last = [...x.axes.slice(2), channels];
  const from = arranged(x, hasBatch ? last : [batch, ...last]);
  const first = hasBatch ? 0 : 1;
  const axes = sides.map((_, i) => first + i);
  const y = node.builder.apply((name) => arrays().reduce({ name, fn, axes, keepDims: true }), from);
  return imagesOf(y, hasBatch);
}

export const globalAveragePool = (node: Node): Value => overWhole(node, node.activation(), 'mean');
export const globalMaxPool = (node: Node): Value => overWhole(node, node.activation(), 'max');

/** The p-norm of each channel. */
export function globalLpPool(node: Node): Value {
  const p = normOf(node);
  if (p === 1 || p === 2) return overWhole(node, node.activation(), p === 1 ? 'l1' : 'l2');
  const x = node.activation();
  const sides = spatialSides(node, x);
  const own = { p, poolSize: sides as never };
  return node.builder.overImages(x, (name) => {
    if (sides.length === 1) return arrays().lpPool1d({ ...own, name });
    return sides.length === 3
      ? arrays().lpPool3d({ ...own, name })
      : layers.lpPool2d({ ...own, mode: 'sum', name });
  });
}

/** Means of windows that share an image. */
export function adaptiveAveragePool(node: Node): Value {
  const [height, width] = node.ints('output_size') as number[];
  return node.builder.overImages(node.activation(), (name) =>
    layers.adaptiveAvgPool2d({ name, outputSize: [height, width] }),
  );
}

/** Binomial filters over an image and its reflection, which do not learn. */
export function blurPool(node: Node): Value {
  const [kernelSize] = node.ints('size') as number[];
  const [height = 1, width = height] = node.ints('strides') as number[];
  return node.builder.overImages(node.activation(), (name) =>
    layers.blurPool2d({ name, kernelSize, strides: [height, width] }),
  );
}
