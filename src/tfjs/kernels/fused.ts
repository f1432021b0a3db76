// The activations that TF.js's fused kernels end with.

import { ValueError } from '../../base/errors.js';
import type { Nonlinear } from '../../network/activation.js';
import { activationForward } from '../../operators/activation/activation.emit.js';
import type { Emitter, Value } from '../../program/emitter.js';

/** What a fused kernel is given about its activation. */
export interface Fused {
  readonly activation?: string | null;
  readonly leakyreluAlpha?: number | null;
}

const names: Readonly<Record<string, Nonlinear>> = {
  relu6: 'relu6',
  elu: 'elu',
  sigmoid: 'sigmoid',
  leakyrelu: 'leakyRelu',
};

/** Whether the kernel that computes y can apply the activation itself. */
export const rectifies = ({ activation }: Fused): boolean => activation === 'relu';

/** y = activation(y), but for one that is applied already. @throws {ValueError} for one that ours has not */
export function squash(e: Emitter, y: Value, { activation, leakyreluAlpha }: Fused): void {
  if (!activation || activation === 'linear' || activation === 'relu') return;
  const name = names[activation];
  if (!name) throw new ValueError(`activation ${activation}`);
  activationForward(e, name, y, y, name === 'leakyRelu' ? (leakyreluAlpha ?? 0.2) : undefined);
}
