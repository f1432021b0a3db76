// Gradients in fewer steps than TF.js's own. TF.js keeps one gradient for all backends, so ours ask which backend runs.
// They have no gradients themselves: where those are taped once more, for second derivatives, TF.js's take their place.

import {
  engine,
  type GradConfig,
  getBackend,
  getGradient,
  registerGradient,
  type Tensor,
  unregisterGradient,
  util,
} from '@tensorflow/tfjs-core';
import { NAME } from './name.js';
import { call } from './registry.js';

type Gradient = GradConfig['gradFunc'];

/** Gradients of ours, which are not replaced once more. */
const ours = new WeakSet<Gradient>();

/**
 * Puts a gradient in the place of TF.js's, wherever our backend runs. `wants` says for which calls; `saves`, what of the
 * call both need.
 */
function replace(
  kernelName: string,
  make: Gradient,
  wants: (saved: readonly Tensor[], attrs: Parameters<Gradient>[2]) => boolean = () => true,
  saves: Partial<GradConfig> = {},
): void {
  const known = getGradient(kernelName);
  if (!known || ours.has(known.gradFunc)) return;
  const gradFunc: Gradient = (dy, saved, attrs) =>
    getBackend() === NAME && !engine().state.gradientDepth && wants(saved, attrs)
      ? make(dy, saved, attrs)
      : known.gradFunc(dy, saved, attrs);
  ours.add(gradFunc);
  unregisterGradient(kernelName);
  registerGradient({ ...known, ...saves, gradFunc });
}

/** The gradient of a sum or a mean: dy, repeated along the axes. */
function expand(isMean: boolean): Gradient {
  return (dy, saved, attrs) => {
    const [x] = saved;
    const axes = util.parseAxisParam(attrs.axis as number[], x.shape);
    const count = axes.reduce((product, axis) => product * x.shape[axis], 1);
    const scale = isMean ? 1 / count : 1;
    return {
      x: () =>
        call<Tensor>('WasmgradExpand', { dy: dy as Tensor }, { axis: axes, shape: x.shape, scale }),
    };
  };
}

/** Our kernels take no empty tensors: the gradients of those stay TF.js's. */
const isOurs = ([x]: readonly Tensor[]): boolean => x.dtype === 'float32' && x.size > 0;

/** Registers all of ours. */
export function registerGradients(): void {
  // From y, which has the sign that x has: then nobody reads x, and it need not be computed apart.
  replace(
    'Relu',
    (dy, [y]) => ({
      x: () => call<Tensor>('WasmgradReluGrad', { dy: dy as Tensor, from: y }),
    }),
    isOurs,
    { inputsToSave: [], outputsToSave: [true] },
  );
  replace('Sum', expand(false), isOurs);
  replace('Mean', expand(true), isOurs);
  replace(
    'Softmax',
    (dy, [y]) => ({
      logits: () => call<Tensor>('WasmgradSoftmaxGrad', { dy: dy as Tensor, from: y }),
    }),
    (saved, { dim }) => isOurs(saved) && dim === saved[0].rank - 1,
  );
}
