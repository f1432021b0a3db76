// The largest few of each row, by JavaScript: one pass over numbers where they lie, most of which only fail to be larger
// than the least that was found.

import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../base/shape.js';
import type { WasmgradBackend } from './backend.js';
import { before } from './registry.js';

/** More are found sooner by TF.js's selection. */
const MOST = 64;

type Numbers = backend_util.TypedArray;

/**
 * The `count` largest of `n` numbers of `x` from `first` on, in falling order, to places of `values` and `indices` from
 * `to` on. Of equal ones the first comes first; NaN is less than all.
 */
function largestOf(
  x: Numbers,
  first: number,
  n: number,
  count: number,
  values: Numbers,
  indices: Numbers,
  to: number,
): void {
  const last = to + count - 1;
  for (let i = 0; i < n; i++) {
    const v = x[first + i];
    let at = last;
    if (i < count) at = to + i;
    // A comparison with NaN is false.
    else if (v <= values[last] || Number.isNaN(v)) continue;
    for (; at > to && !(values[at - 1] >= v || Number.isNaN(v)); at--) {
      values[at] = values[at - 1];
      indices[at] = indices[at - 1];
    }
    values[at] = v;
    indices[at] = i;
  }
}

/** Registers it over TF.js's. */
export function registerTopK(): void {
  before('TopK', ({ inputs, backend, attrs }) => {
    const { shape, dtype, dataId } = inputs.x as TensorInfo;
    const { k } = attrs as unknown as { readonly k: number };
    const n = shape.at(-1) ?? 0;
    const isNumber = dtype === 'float32' || dtype === 'int32';
    if (!isNumber || k < 1 || k > Math.min(n, MOST) || sizeOf(shape) === 0) return undefined;
    const own = backend as WasmgradBackend;
    const result = [...shape.slice(0, -1), k];
    const count = sizeOf(result);
    const found = dtype === 'int32' ? new Int32Array(count) : new Float32Array(count);
    const indices = own.make(result, 'int32', (places) => {
      // Read now: memory may have moved.
      const x = own.data.get(dataId).values as Numbers;
      for (let row = 0; row * k < count; row++) largestOf(x, row * n, n, k, found, places, row * k);
    });
    return [own.make(result, dtype, (values) => values.set(found)), indices];
  });
}
