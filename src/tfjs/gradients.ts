// Gradients in fewer steps than TF.js's own. TF.js keeps one gradient for all backends, so ours ask which backend runs.

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

type Gradient = GradConfig['gradFunc'];

/** Calls a kernel that TF.js knows nothing of. */
function call<R extends Tensor | Tensor[]>(
  name: string,
  inputs: Readonly<Record<string, Tensor>>,
  attrs: object = {},
): R {
  return engine().runKernel(name, inputs as never, attrs as never) as R;
}

/** Puts a gradient in the place of TF.js's, wherever our backend runs. `wants` says for which calls. */
function replace(
  kernelName: string,
  make: Gradient,
  wants: (saved: readonly Tensor[], attrs: Parameters<Gradient>[2]) => boolean = () => true,
): void {
  const known = getGradient(kernelName);
  if (!known) return;
  unregisterGradient(kernelName);
  registerGradient({
    ...known,
    gradFunc: (dy, saved, attrs) =>
      getBackend() === NAME && wants(saved, attrs)
        ? make(dy, saved, attrs)
        : known.gradFunc(dy, saved, attrs),
  });
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

const isFloat = ([x]: readonly Tensor[]): boolean => x.dtype === 'float32';

/** Registers all of ours. */
export function registerGradients(): void {
  replace(
    'Relu',
    (dy, [x]) => ({
      x: () => call<Tensor>('WasmgradReluGrad', { dy: dy as Tensor, from: x }),
    }),
    isFloat,
  );
  replace('Sum', expand(false), isFloat);
  replace('Mean', expand(true), isFloat);
  replace(
    'Softmax',
    (dy, [y]) => ({
      logits: () => call<Tensor>('WasmgradSoftmaxGrad', { dy: dy as Tensor, from: y }),
    }),
    ([y], { dim }) => dim === y.rank - 1,
  );
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
