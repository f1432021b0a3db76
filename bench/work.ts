// What is measured: works described by numbers alone, so that every peer can do the same one, in
// whatever process and language it lives.

import { sizeOf } from '../src/shape.js';

/** c = a·b, with a [m, k] and b [k, n]. */
export interface GemmWork {
  kind: 'gemm';
  m: number;
  n: number;
  k: number;
}

/** A convolution of square images with square filters and as much padding on every side; no bias. */
export interface ConvSizes {
  batch: number;
  /** Height and width of the input. */
  side: number;
  channels: number;
  filters: number;
  /** Height and width of a filter. */
  kernel: number;
  stride: number;
  pad: number;
  groups: number;
}

/** y = x ∗ w, or all a training step asks of a convolution: y, and dx and dw from dy. */
export interface ConvWork extends ConvSizes {
  kind: 'conv' | 'convTraining';
}

/** A layer of a network. Dense layers take images flattened as height, width, channels. */
export type NetworkLayer =
  | {
      type: 'conv';
      filters: number;
      kernel: number;
      stride: number;
      pad: number;
      /** Normalisation over the batch, between convolution and ReLU and instead of a bias. */
      batchNorm: boolean;
    }
  | { type: 'maxPool' }
  | { type: 'globalAvgPool' }
  | { type: 'dense'; units: number; relu: boolean };

/**
 * Steps of SGD with momentum on one batch, the loss being cross-entropy over the last layer's classes.
 * Convolutions end with ReLU; max pooling has 2×2 windows. Image i is of class i modulo the classes.
 */
export interface NetworkWork {
  kind: 'network';
  name: string;
  batch: number;
  /** Height and width of the images. */
  side: number;
  channels: number;
  layers: readonly NetworkLayer[];
  learningRate: number;
  momentum: number;
  /** Losses of the first steps in float64: the right answer. */
  losses: readonly number[];
  /** How far float32 losses may be from those, as a share of how far the loss has moved. */
  tolerance: number;
  /** Of its convolutions and dense layers, in order; biases begin at zero. */
  kernels: readonly Kernel[];
  classes: number;
}

/** A layer's kernel, HWIO or [inputs, units], and the limit of its first values: He's, for ReLU. */
export interface Kernel {
  shape: number[];
  seed: number;
  limit: number;
}

export type Work = GemmWork | ConvWork | NetworkWork;

/** Seeds of `numbers`, by what is made of them; a network's layer i has its kernel from KERNELS + i. */
export const Seed = { a: 1, b: 2, x: 1, w: 2, dy: 3, images: 1, kernels: 100 } as const;

/** Of batch normalisation, in all libraries. */
export const EPSILON = 1e-5;

/** Shapes of a convolution's tensors: images NHWC, filters HWIO. */
export function convShapes({ batch, side, channels, filters, kernel, ...rest }: ConvSizes) {
  const output = outputSide(side, { kernel, ...rest });
  return {
    x: [batch, side, side, channels],
    w: [kernel, kernel, channels / rest.groups, filters],
    y: [batch, output, output, filters],
  };
}

function outputSide(side: number, o: { kernel: number; stride: number; pad: number }): number {
  return Math.floor((side + 2 * o.pad - o.kernel) / o.stride) + 1;
}

/** A network with what follows from its layers. */
export function describeNetwork(
  parts: Omit<NetworkWork, 'kind' | 'kernels' | 'classes'>,
): NetworkWork {
  let shape = [parts.side, parts.side, parts.channels];
  const kernels: Kernel[] = [];
  parts.layers.forEach((layer, i) => {
    if (layer.type === 'conv' || layer.type === 'dense') {
      const kernel =
        layer.type === 'conv'
          ? [layer.kernel, layer.kernel, shape[2], layer.filters]
          : [sizeOf(shape), layer.units];
      const fanIn = sizeOf(kernel.slice(0, -1));
      kernels.push({ shape: kernel, seed: Seed.kernels + i, limit: Math.sqrt(6 / fanIn) });
    }
    shape = outputShape(layer, shape);
  });
  return { ...parts, kind: 'network', kernels, classes: sizeOf(shape) };
}

function outputShape(layer: NetworkLayer, [side, , channels]: number[]): number[] {
  switch (layer.type) {
    case 'conv': {
      const output = outputSide(side, layer);
      return [output, output, layer.filters];
    }
    case 'maxPool':
      return [side / 2, side / 2, channels];
    case 'globalAvgPool':
      return [channels];
    case 'dense':
      return [layer.units];
  }
}

/** What one run counts for, and in which unit speed is told. */
export function amountOf(work: Work): { amount: number; unit: string } {
  if (work.kind === 'network') return { amount: work.batch, unit: 'images/s' };
  return { amount: flops(work) / 1e9, unit: 'GFLOP/s' };
}

/** Multiplications and additions of a run, as if computed directly. */
export function flops(work: Exclude<Work, NetworkWork>): number {
  if (work.kind === 'gemm') return 2 * work.m * work.n * work.k;
  const { w, y } = convShapes(work);
  const forward = 2 * sizeOf(y) * sizeOf(w.slice(0, 3));
  return work.kind === 'conv' ? forward : 3 * forward;
}
