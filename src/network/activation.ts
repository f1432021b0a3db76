// The activations by name, with the constants of their formulas.

import { Activation } from '../../bindings/constants.js';
import { ValueError } from '../base/errors.js';
import { hereItIs } from '../base/names.js';
import { positive } from '../base/options.js';
import { shown } from '../base/shown.js';

/** An activation as assembly/activation/activation.ts takes it: the number of its formula, and its constants. */
export interface Formula {
  readonly kind: number;
  readonly alpha?: number;
  readonly scale?: number;
  readonly shift?: number;
  readonly most?: number;
  /** Backward computes the slope from x and not from y, because the same y can have two slopes. */
  readonly slopeFromInput?: true;
}

/** Activations that work element by element. */
export const unary = {
  relu: { kind: Activation.Relu },
  sigmoid: { kind: Activation.Sigmoid },
  tanh: { kind: Activation.Tanh },
  relu6: { kind: Activation.Cut, most: 6 },
  leakyRelu: { kind: Activation.LeakyRelu, alpha: 0.01 },
  elu: { kind: Activation.Elu, alpha: 1 },
  // The fixed point at which mean 0 and variance 1 stay so (Klambauer et al., arXiv 1706.02515).
  selu: { kind: Activation.Elu, alpha: 1.7580993408473766, scale: 1.0507009873554805 },
  gelu: { kind: Activation.Gelu, slopeFromInput: true },
  silu: { kind: Activation.Silu, slopeFromInput: true },
  hardSigmoid: { kind: Activation.Cut, shift: 3, most: 6, scale: 1 / 6 },
  hardSwish: { kind: Activation.CutGate, shift: 3, most: 6, scale: 1 / 6, slopeFromInput: true },
  softplus: { kind: Activation.Softplus },
} as const satisfies Readonly<Record<string, Formula>>;

/** The names that layers take. */
export type ActivationName = 'linear' | 'softmax' | keyof typeof unary;

/** The activations that compute something. */
export type Nonlinear = Exclude<ActivationName, 'linear'>;

/** All of them: layers of their own have the same names. */
export const activations: readonly string[] = ['linear', ...Object.keys(unary), 'softmax'];

/** What Keras, TF.js and PyTorch call them. */
const foreign = {
  swish: "'silu'",
  hardswish: "'hardSwish'",
  none: "'linear'",
  identity: "'linear'",
  logistic: "'sigmoid'",
};

/** @throws {ValueError} for an unknown name */
export function checkActivation(name: ActivationName): ActivationName {
  if (activations.includes(name)) return name;
  const hint =
    typeof name === 'string'
      ? hereItIs(name, activations, foreign)
      : ": give its name, such as 'relu'";
  throw new ValueError(
    `there is no activation ${shown(name)}${hint}; there are ${activations.join(', ')}`,
  );
}

/**
 * Checks the alpha of leakyRelu and elu, if it is given. It must be positive: otherwise backward could not compute the
 * slope from y.
 *
 * @throws {ValueError}
 */
export function checkAlpha(alpha: number | undefined): void {
  const missed = alpha === undefined ? undefined : positive(alpha);
  if (missed)
    throw new ValueError(`alpha must be ${missed}, not ${shown(alpha)}: for 0 there is relu`);
}

/** Whether backward computes the slope from x; otherwise it does from y. */
export function slopeFromInput(name: ActivationName): boolean {
  return name !== 'linear' && name !== 'softmax' && 'slopeFromInput' in unary[name];
}
