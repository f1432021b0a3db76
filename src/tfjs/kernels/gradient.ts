// Gradients as kernels of their own: those beside TF.js’s are called by src/tfjs/gradients.ts.

import type { Nonlinear } from '../../network/activation.js';
import { activationBackward } from '../../operators/activation/activation.emit.js';
import type { Native } from '../kernel.js';

const slope = (name: string, activation: Nonlinear): Native => ({
  name,
  inputs: ['dy', 'from'],
  plan: ([dy]) => ({
    shapes: [dy],
    emit: (e, [dx], [vdy, from]) => activationBackward(e, activation, dx, vdy, from),
  }),
});

export const gradientKernels: readonly Native[] = [
  { ...slope('EluGrad', 'elu'), inputs: ['dy', 'y'] },
  // The gradient of a norm before it may do the same.
  { ...slope('WasmgradReluGrad', 'relu'), waits: 'always' },
  slope('WasmgradSoftmaxGrad', 'softmax'),
];
