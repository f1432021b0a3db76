// What is measured: works described by numbers alone, so that every peer can do the same one, in
// whatever process and language it lives.

import { sizeOf } from '../src/base/shape.js';
import { multiplyAdds, type NetworkLayer, outputSide } from './layers.js';

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

/** A network, and the batch it is given: image i is of class i modulo the classes. */
interface Network {
  batch: number;
  /** Height and width of the images. */
  side: number;
  channels: number;
  layers: readonly NetworkLayer[];
  classes: number;
}

/** Steps of SGD with momentum on one batch, the loss being cross-entropy over the classes. */
export interface TrainingWork extends Network {
  kind: 'training';
  learningRate: number;
  momentum: number;
  /** Of the first steps, in float64. */
  losses: readonly number[];
  /** Whether backward computes activations again; only wasmgrad is asked to. */
  checkpointing?: boolean;
  /** Whether TF.js does it by tf.layers, as most of its users do, not by a loop of its own. */
  isTfLayers?: boolean;
}

/** The logits [batch, classes], with batch normalisation by running statistics. */
export interface InferenceWork extends Network {
  kind: 'inference';
  /** Logits at some places, in float64. */
  places: readonly number[];
  logits: readonly number[];
}

/** ResNet-50 in an ONNX file: loading it, or inferring with the model that it is. */
export interface OnnxWork {
  kind: 'onnxLoading' | 'onnxInference';
  /** Its path. */
  file: string;
  /** What the model that was written makes of an image of 224². */
  logits: readonly number[];
}

/** A program of TF.js by its name: peers/tfjs-programs.ts has them. */
export interface TfjsWork {
  kind: 'tfjs';
  program: string;
  /** What it counts for: images, or calls of a kernel. */
  unit: 'images/s' | 'calls/s';
  /** What TF.js cpu computes, at SAMPLED places. */
  values: readonly number[];
}

/** Places of a program's outputs that are looked at: a prime, so that all channels have their turn. */
export const SAMPLED = 251;

export type NetworkWork = TrainingWork | InferenceWork;
export type Work = GemmWork | ConvWork | NetworkWork | OnnxWork | TfjsWork;

/** Whether it is a whole network's. */
export const isNetwork = (work: Work): work is NetworkWork =>
  work.kind === 'training' || work.kind === 'inference';

/** Whether it is an ONNX file's. */
export const isOnnx = (work: Work): work is OnnxWork =>
  work.kind === 'onnxLoading' || work.kind === 'onnxInference';

/** Seeds of `numbers`, by what is made of them. */
export const Seed = { a: 1, b: 2, x: 1, w: 2, dy: 3, images: 1 } as const;

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

/** What one run counts for, and in which unit speed is told. */
export function amountOf(work: Work): { amount: number; unit: string } {
  if (isNetwork(work)) return { amount: work.batch, unit: 'images/s' };
  if (isOnnx(work))
    return { amount: 1, unit: work.kind === 'onnxLoading' ? 'files/s' : 'images/s' };
  if (work.kind === 'tfjs') return { amount: 1, unit: work.unit };
  return { amount: flops(work) / 1e9, unit: 'GFLOP/s' };
}

/** Multiplications and additions of a run, as if computed directly; of a network those of its layers with weights. */
export function flops(work: GemmWork | ConvWork | NetworkWork): number {
  if (work.kind === 'gemm') return 2 * work.m * work.n * work.k;
  if (isNetwork(work)) {
    const { batch, side, channels, layers } = work;
    const forward = 2 * batch * multiplyAdds(layers, [side, side, channels]);
    return work.kind === 'inference' ? forward : 3 * forward;
  }
  const { w, y } = convShapes(work);
  const forward = 2 * sizeOf(y) * sizeOf(w.slice(0, 3));
  return work.kind === 'conv' ? forward : 3 * forward;
}
