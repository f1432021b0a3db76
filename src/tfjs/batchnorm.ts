// The batch norm of tf.layers in one step: it computes moments and their gradients by many small ops else. Found through
// TF.js's own list of classes, so that nobody needs tfjs-layers for this.

import {
  engine,
  getBackend,
  registerGradient,
  registerKernel,
  serialization,
  type Tensor,
  type TensorInfo,
  tidy,
} from '@tensorflow/tfjs-core';
import { NAME } from './name.js';
import { call, callFrom } from './registry.js';

/** Registers the step: y, and the batch's own mean and variance. */
export function registerBatchNorm(): void {
  registerKernel({
    kernelName: 'WasmgradBatchNorm',
    backendName: NAME,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const { x, gamma, beta } = inputs as Readonly<Record<string, TensorInfo>>;
      const { epsilon } = attrs as { epsilon: number };
      const [mean, variance] = callFrom(backend, 'WasmgradMoments', { x, gamma }, { epsilon });
      // It may wait for a ReLU.
      const given = { x, mean, variance, offset: beta, scale: gamma };
      const [y] = callFrom(backend, 'FusedBatchNorm', given, { varianceEpsilon: epsilon });
      return [y, mean, variance];
    },
  });
  registerGradient({
    kernelName: 'WasmgradBatchNorm',
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, mean, variance], attrs) => {
      const [dy] = dys as Tensor[];
      const inputs = { dy, x, gamma, mean, variance };
      const [dx, dgamma, dbeta] = call<Tensor[]>('WasmgradBatchNormGrad', inputs, attrs);
      return { x: () => dx, gamma: () => dgamma, beta: () => dbeta };
    },
  });
}

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

/** moving = momentum·moving + (1 − momentum)·batch. */
function follow(moving: Weight, batch: Tensor, momentum: number): void {
  moving.write(call<Tensor>('WasmgradFollow', { moving: moving.read(), batch }, { momentum }));
}

const patched = new WeakSet<object>();

/** Replaces the layer's `call`, if there is such a class: where tf.layers comes later, its own goes on. */
export function patchBatchNorm(): void {
  const { classNameMap } = serialization.SerializationMap.getMap();
  const layer = classNameMap.BatchNormalization?.[0]?.prototype as BatchNormalization | undefined;
  if (!layer || patched.has(layer)) return;
  patched.add(layer);
  const { call: own } = layer;
  layer.call = function (this: BatchNormalization, inputs, options) {
    const x = Array.isArray(inputs) ? inputs[0] : inputs;
    const { axis, gamma, beta, epsilon, momentum } = this;
    const isLast = axis === -1 || axis === x.rank - 1;
    // Of gradients that are taped once more, ours have none.
    const isOnce = engine().state.gradientDepth < 2;
    const isOurs =
      getBackend() === NAME && isOnce && x.dtype === 'float32' && epsilon > 0 && x.size > 0;
    if (!(options.training && isOurs && isLast && gamma && beta))
      return own.call(this, inputs, options);
    return tidy(() => {
      const given = { x, gamma: gamma.read(), beta: beta.read() };
      const [y, mean, variance] = call<Tensor[]>('WasmgradBatchNorm', given, { epsilon });
      follow(this.movingMean, mean, momentum);
      follow(this.movingVariance, variance, momentum);
      return y;
    });
  };
}
