// The batch norm of tf.layers in one step: it computes moments and their gradients by many small ops else. Found through
// TF.js's own list of classes, so that nobody needs tfjs-layers for this.

import {
  engine,
  getBackend,
  mul,
  serialization,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { NAME } from './name.js';

/** A weight of tf.layers. */
interface Weight {
  read(): Tensor;
  write(value: Tensor): unknown;
}

/** What is used of a BatchNormalization of tf.layers. */
interface BatchNormalization {
  readonly axis: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly gamma?: Weight;
  readonly beta?: Weight;
  readonly movingMean: Weight;
  readonly movingVariance: Weight;
  call(inputs: Tensor | Tensor[], options: { training?: boolean }): Tensor | Tensor[];
}

/** moving = moving − (moving − batch)·(1 − momentum). */
function follow(moving: Weight, batch: Tensor, momentum: number): void {
  tidy(() => {
    const before = moving.read();
    moving.write(sub(before, mul(sub(before, batch), 1 - momentum)));
  });
}

const patched = new WeakSet<object>();

/** Replaces the layer's `call`, once there is such a class: tf.layers may be imported before or after this. */
export function patchLayers(): void {
  const { classNameMap } = serialization.SerializationMap.getMap();
  const layer = classNameMap.BatchNormalization?.[0]?.prototype as BatchNormalization | undefined;
  if (!layer || patched.has(layer)) return;
  patched.add(layer);
  const { call } = layer;
  layer.call = function (this: BatchNormalization, inputs, options) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const { axis, gamma, beta, epsilon, momentum } = this;
    const isLast = axis === -1 || axis === x.rank - 1;
    const isOurs = getBackend() === NAME && x.dtype === 'float32' && epsilon > 0 && x.size > 0;
    if (!(options.training && isOurs && isLast && gamma && beta))
      return call.call(this, inputs, options);
    return tidy(() => {
      const given = { x, gamma: gamma.read(), beta: beta.read() };
      const run = engine().runKernel('WasmgradBatchNorm', given, { epsilon });
      const [y, mean, variance] = run as unknown as Tensor[];
      follow(this.movingMean, mean, momentum);
      follow(this.movingVariance, variance, momentum);
      return y;
    });
  };
}
