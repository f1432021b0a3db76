// Activations as ONNX has them: one node each, or several where the operator set has none.

import type { ActivationName } from '../../../network/activation.js';
import type {
  ActivationOptions,
  AlphaOptions,
} from '../../../operators/activation/activation.layer.js';
import type { LayerWriter, Place } from './place.js';

/** Writes an activation of a value by its name here. */
type Writer = (at: Place, x: string, alpha: number | undefined) => string;

const one =
  (op: string): Writer =>
  (at, x) =>
    at.node(op, [x]);

const withAlpha =
  (op: string, byDefault: number): Writer =>
  (at, x, alpha = byDefault) =>
    at.node(op, [x], { alpha: { float: alpha } });

const hardSigmoid: Writer = (at, x) =>
  at.node('HardSigmoid', [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });

const activations: Readonly<Record<ActivationName, Writer>> = {
  linear: (_, x) => x,
  relu: one('Relu'),
  relu6: (at, x) => at.node('Clip', [x, at.scalar(0), at.scalar(6)]),
  leakyRelu: withAlpha('LeakyRelu', 0.01),
  elu: withAlpha('Elu', 1),
  selu: one('Selu'),
  sigmoid: one('Sigmoid'),
  tanh: one('Tanh'),
  softplus: one('Softplus'),
  // The channels come first in the file.
  softmax: (at, x) => at.node('Softmax', [x], { axis: 1 }),
  silu: (at, x) => at.node('Mul', [x, at.node('Sigmoid', [x])]),
  hardSigmoid,
  hardSwish: (at, x) =>
    at.opset >= 14 ? at.node('HardSwish', [x]) : at.node('Mul', [x, hardSigmoid(at, x, undefined)]),
  gelu(at, x) {
    if (at.opset >= 20) return at.node('Gelu', [x]);
    // x·(1 + erf(x / √2)) / 2, as PyTorch writes it: readers know these nodes.
    const erf = at.node('Erf', [at.node('Div', [x, at.scalar(Math.SQRT2)])]);
    const product = at.node('Mul', [x, at.node('Add', [erf, at.scalar(1)])]);
    return at.node('Mul', [product, at.scalar(0.5)]);
  },
};

/** Writes an activation after what a layer computes. Returns the name of what it makes. */
export const activated = (at: Place, x: string, name: ActivationName = 'linear'): string =>
  activations[name](at, x, undefined);

/** The layers that are an activation, by their types. */
export const activationWriters: Readonly<Record<string, LayerWriter>> = {
  ...Object.fromEntries(
    Object.entries(activations).map(([name, write]): [string, LayerWriter] => [
      name,
      (at) => write(at, at.x.name, at.options<AlphaOptions>().alpha),
    ]),
  ),
  activation: (at) => activated(at, at.x.name, at.options<ActivationOptions>().activation),
};
