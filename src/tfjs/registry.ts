// Kernels by their names: calls of them, and what is put before them.

import {
  engine,
  getKernel,
  type KernelConfig,
  registerKernel,
  type Tensor,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
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

type Call = Parameters<KernelConfig['kernelFunc']>[0];

/** Puts a kernel before the one that is registered, which takes the calls of which this one makes nothing. */
export function before(
  name: string,
  make: (call: Call) => TensorInfo | TensorInfo[] | undefined,
): void {
  const known = getKernel(name, NAME);
  unregisterKernel(name, NAME);
  registerKernel({ ...known, kernelFunc: (call) => make(call) ?? known.kernelFunc(call) });
}
