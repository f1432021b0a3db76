// What layers with a kernel share: their options, the weights that follow from these, and how weights are read.

import { about } from '../base/naming.js';
import { flag, forwarded } from '../base/options.js';
import type { Shape } from '../base/shape.js';
import { none } from '../program/emitter.js';
import { type ActivationName, checkActivation } from './activation.js';
import { checkInitializer, type InitializerName } from './initializers.js';
import type {
  KernelAndBias,
  Layer,
  LayerOptions,
  Lowering,
  ParameterSpec,
  WeightReader,
} from './layer.js';
import { checkRegularizer, type Regularizer } from './regularizer.js';

/** Options of layers that multiply by a kernel, Keras's words. */
export interface KernelOptions extends LayerOptions {
  /** Whether a number per output is added: true by default. */
  useBias?: boolean;
  /** 'linear' by default. */
  activation?: ActivationName;
  /** 'glorotUniform' by default; 'heNormal' suits ReLU in deep networks. */
  kernelInitializer?: InitializerName;
  /** 'zeros' by default. */
  biasInitializer?: InitializerName;
  /** The kernel's penalty, such as `regularizers.l2(0.01)`: none by default. */
  kernelRegularizer?: Regularizer;
  /** The bias's penalty: none by default. */
  biasRegularizer?: Regularizer;
}

/** The words of `KernelOptions`. */
export const kernelWords = {
  useBias: flag,
  ...forwarded('activation', 'kernelInitializer', 'biasInitializer'),
  ...forwarded('kernelRegularizer', 'biasRegularizer'),
};

/** @throws {ValueError} for an unknown activation or initializer, and for anything but a regularizer */
export function checkKernelOptions(options: KernelOptions): void {
  const {
    activation = 'linear',
    kernelInitializer = 'glorotUniform',
    biasInitializer = 'zeros',
  } = options;
  checkActivation(activation);
  checkInitializer(kernelInitializer);
  checkInitializer(biasInitializer);
  const { kernelRegularizer, biasRegularizer } = options;
  for (const [name, value] of Object.entries({ kernelRegularizer, biasRegularizer }))
    if (value !== undefined) about(name, () => checkRegularizer(value));
}

/** The kernel of the given shape, and the bias for its outputs: by default its last dimension. */
export function kernelParameters(
  options: KernelOptions,
  shape: Shape,
  outputs = shape.at(-1) as number,
): ParameterSpec[] {
  const {
    kernelInitializer = 'glorotUniform',
    biasInitializer = 'zeros',
    useBias = true,
    kernelRegularizer,
    biasRegularizer,
  } = options;
  const kernel = {
    name: 'kernel',
    shape,
    initializer: kernelInitializer,
    trainable: true,
    decay: true,
    regularizer: kernelRegularizer,
  };
  const bias = {
    name: 'bias',
    shape: [outputs],
    initializer: biasInitializer,
    trainable: true,
    regularizer: biasRegularizer,
  };
  return useBias ? [kernel, bias] : [kernel];
}

/** A layer's own kernel and bias. */
export function ownKernel(to: WeightReader, layer: Layer): KernelAndBias {
  const useBias = layer.parameters.some(({ name }) => name === 'bias');
  return { kernel: to.weight(layer, 'kernel'), bias: useBias ? to.weight(layer, 'bias') : none };
}

/** The kernel and bias that a layer computes with: its own or, if a batch norm is folded into it, the folded ones. */
export const kernelAt = (to: Lowering, layer: Layer): KernelAndBias =>
  to.fused.folded ?? ownKernel(to, layer);
