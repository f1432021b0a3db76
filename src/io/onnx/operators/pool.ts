// Pools: of windows over signals, images and volumes, and of whole images.

import { layers } from '../../../core.js';
import { arranged } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { imagesOf } from '../../importing/builder.js';
import { Activation, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';
import { asImage, asSignal, kernelShape, lifted, placementOf, spatialSides } from './windows.js';

/** Windows as the layers take them. */
function windowsOf(node: Node) {
  const own = node.activation();
  const sides = spatialSides(node, own);
  const kernel = kernelShape(node, sides.length);
  const { strides, dilations, pads } = placementOf(node, sides, kernel);
  const isLine = sides.length === 1;
  const isDilated = dilations.some((dilation) => dilation > 1);
  const options = {
    poolSize: lifted(kernel, 1) as never,
    strides: lifted(strides, 1) as never,
    padding: lifted<[number, number]>(pads, [0, 0]) as never,
    dimRoundingMode: node.int('ceil_mode') ? ('ceil' as const) : ('floor' as const),
    ...(isDilated ? { dilation: lifted(dilations, 1) as never } : {}),
  };
  const isPadded = pads.flat().some((side) => side > 0);
  return { x: isLine ? asImage(own) : own, isLine, options, isDilated, isPadded };
}

/** The maximum of each window. */
export function maxPool(node: Node): Value {
  const { x, isLine, options, isDilated } = windowsOf(node);
  const own = isDilated ? arrays().dilatedMaxPool2d : layers.maxPool2d;
  const make = x.rank === 5 ? arrays().maxPool3d : own;
  const y = node.builder.overImages(x, (name) => make({ ...options, name }));
  return isLine ? asSignal(y) : y;
}

/** The mean of each window: of what lies in the image, or with the zeros around it. */
export function averagePool(node: Node): Value {
  const { x, isLine, options, isDilated, isPadded } = windowsOf(node);
  const counts = node.int('count_include_pad') === 1 && isPadded;
  const own = counts || isDilated ? arrays().paddedAvgPool2d : layers.avgPool2d;
  const make = x.rank === 5 ? arrays().avgPool3d : own;
  const more = counts ? { countPadding: true } : {};
  const y = node.builder.overImages(x, (name) => make({ ...options, ...more, name }));
  return isLine ? asSignal(y) : y;
}

/** (Σ|x|ᵖ)^(1/p) of each window. */
export function lpPool(node: Node): Value {
  const { x, isLine, options, isDilated } = windowsOf(node);
  const p = normOf(node);
  const own = { ...options, p };
  const y = node.builder.overImages(x, (name) => {
    if (x.rank === 5) return arrays().lpPool3d({ ...own, name });
    return isDilated
      ? arrays().dilatedLpPool2d({ ...own, name })
      : layers.lpPool2d({ ...own, mode: 'sum', name });
  });
  return isLine ? asSignal(y) : y;
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
  const isLine = sides.length === 1;
  const poolSize = lifted(sides, 1) as never;
  const y = node.builder.overImages(isLine ? asImage(x) : x, (name) =>
    sides.length === 3
      ? arrays().lpPool3d({ name, p, poolSize })
      : layers.lpPool2d({ name, p, mode: 'sum', poolSize }),
  );
  return isLine ? asSignal(y) : y;
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
