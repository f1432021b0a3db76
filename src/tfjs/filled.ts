// Kernels whose results JavaScript writes into linear memory by itself, which is as quick as any op: constants, and rows
// of which one number is set.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../base/shape.js';
import type { WasmgradBackend } from './backend.js';
import { isResident } from './kernel.js';
import { before } from './registry.js';

/** An array of one number; undefined for what is not in linear memory. */
function filled(backend: object, shape: Shape, dtype: unknown, value: unknown) {
  if (!isResident(dtype) || typeof value !== 'number' || sizeOf(shape) === 0) return undefined;
  return (backend as WasmgradBackend).make(shape, dtype, (numbers) => numbers.fill(value));
}

/** Registers all of them, over TF.js's. */
export function registerFilled(): void {
  before('Fill', ({ backend, attrs }) => {
    const { shape, value, dtype } = attrs as unknown as {
      shape: Shape;
      value: number;
      dtype?: string;
    };
    return filled(backend, shape, dtype ?? 'float32', value);
  });
  for (const [name, value] of [
    ['ZerosLike', 0],
    ['OnesLike', 1],
  ] as const)
    before(name, ({ inputs, backend }) => {
      const { shape, dtype } = inputs.x as TensorInfo;
      return filled(backend, shape, dtype, value);
    });
  before('OneHot', ({ inputs, backend, attrs }) => {
    const { shape, dataId } = inputs.indices as TensorInfo;
    const { dtype, depth, onValue, offValue } = attrs as unknown as {
      readonly dtype: string;
      readonly depth: number;
      readonly onValue: number;
      readonly offValue: number;
    };
    const own = backend as WasmgradBackend;
    if (!isResident(dtype) || sizeOf(shape) * depth === 0) return undefined;
    return own.make([...shape, depth], dtype, (numbers) => {
      // Read now: memory may have moved.
      const indices = own.data.get(dataId).values as Int32Array;
      numbers.fill(offValue);
      for (let i = 0; i < indices.length; i++)
        if (indices[i] >= 0 && indices[i] < depth) numbers[i * depth + indices[i]] = onValue;
    });
  });
}
