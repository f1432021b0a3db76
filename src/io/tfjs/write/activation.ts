// Activations in TF.js: in a layer, or as layers after it.

import type { Layer } from '../../../core.js';
import type { Json } from '../json.js';
import { optionsOf, type Step } from './step.js';

/** TF.js's names of activations. */
export const activationNames: Readonly<Record<string, string>> = {
  ...{ linear: 'linear', relu: 'relu', relu6: 'relu6', sigmoid: 'sigmoid', tanh: 'tanh' },
  ...{ softmax: 'softmax', elu: 'elu', selu: 'selu', gelu: 'gelu', silu: 'swish' },
  softplus: 'softplus',
};

/** An activation as layers of its own. */
export function activationSteps(
  name: string,
  alpha?: number,
  end?: string,
): readonly Step[] | string {
  const one = (type: string, config: Json): Step[] => [{ type, config, end }];
  if (name === 'leakyRelu') return one('LeakyReLU', { alpha: alpha ?? 0.01 });
  if (name === 'elu' && alpha !== undefined && alpha !== 1) return 'the alpha of TF.js’s elu is 1';
  if (name === 'hardSigmoid') {
    // x / 6 + ½, cut to [0, 1]: TF.js's own is x / 5 + ½.
    const scaled = { type: 'Rescaling', config: { scale: 1 / 6, offset: 0.5 } };
    return [
      { ...scaled, end: `${end ?? ''}_scale` },
      { type: 'ReLU', config: { max_value: 1 }, end },
    ];
  }
  if (name === 'hardSwish') return hardSwish(end);
  const activation = activationNames[name];
  return activation ? one('Activation', { activation }) : `TF.js has no activation ${name}`;
}

/** x times its hard sigmoid. */
function hardSwish(end = ''): readonly Step[] | string {
  // After a layer it would have to read that one twice.
  if (end)
    return 'TF.js has no activation hardSwish: make it a layer of its own, layers.hardSwish()';
  return [
    { type: 'Rescaling', config: { scale: 1 / 6, offset: 0.5 }, end: '_scale' },
    { type: 'ReLU', config: { max_value: 1 }, end: '_gate' },
    { type: 'Multiply', config: {}, reads: [{ input: 0 }, { step: 1 }] },
  ];
}

/** A layer with the option `activation`: in the layer itself, or as layers after it. */
export function activated(
  layer: Layer,
  step: Step,
  before: readonly Step[] = [],
): readonly Step[] | string {
  const { activation = 'linear' } = optionsOf(layer);
  if (Object.hasOwn(activationNames, activation)) {
    const config = { ...step.config, activation: activationNames[activation] };
    return [...before, { ...step, config }];
  }
  const after = activationSteps(activation, undefined, '_activation');
  return typeof after === 'string' ? after : [...before, step, ...after];
}

/** What layers with a kernel share. */
export function kernelParts(layer: Layer, kernel: string) {
  const { useBias = true } = optionsOf(layer);
  const weights = { [kernel]: 'kernel', ...(useBias ? { bias: 'bias' } : {}) };
  return { config: { use_bias: useBias }, weights };
}
