// Calls of kernels by their names.

import { engine, getKernel, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { NAME } from './name.js';

/** Calls a kernel that TF.js has no function for, so that its gradient is taped. */
export function call<R extends Tensor | Tensor[]>(
  name: string,
  inputs: Readonly<Record<string, Tensor>>,
  attrs: object = {},
): R {
  return engine().runKernel(name, inputs as never, attrs as never) as R;
}

/** Calls a kernel from another one. */
export function callFrom(
  backend: object,
  name: string,
  inputs: Readonly<Record<string, TensorInfo>>,
  attrs: object,
): TensorInfo[] {
  const { kernelFunc } = getKernel(name, NAME);
  return [kernelFunc({ inputs: inputs as never, backend, attrs: attrs as never })].flat();
}
