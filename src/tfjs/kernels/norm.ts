// Batch normalization.

import { type Shape, sizeOf } from '../../base/shape.js';
import { blendForward } from '../../operators/merge/combine.emit.js';
import { normBackward, normInference, normMoments } from '../../operators/norm/batchnorm.emit.js';
import type { Native } from '../kernel.js';

/** [..., channels] as rows. */
function sizes(x: Shape, channels: number, epsilon: number) {
  return { rows: sizeOf(x) / channels, channels, epsilon };
}

interface NormAttributes {
  readonly varianceEpsilon?: number | null;
  readonly activation?: 'relu';
}

/** TF.js's default. */
const EPSILON = 0.001;

export const normKernels: readonly Native[] = [
  {
    name: 'FusedBatchNorm',
    inputs: ['x', 'mean', 'variance', 'offset', 'scale'],
    waits: 'taped',
    takesRelu: true,
    plan([x, ...rest], { varianceEpsilon, activation }: NormAttributes) {
      const channels = x.at(-1) as number;
      const epsilon = varianceEpsilon ?? EPSILON;
      const isRows = rest.every((shape) => shape?.length === 1 && shape[0] === channels);
      if (!isRows || !(epsilon > 0)) return undefined;
      return {
        shapes: [x],
        emit: (e, [y], [vx, mean, variance, beta, gamma]) =>
          normInference(
            e,
            y,
            { x: vx, gamma, beta, mean, variance },
            { ...sizes(x, channels, epsilon), rectify: activation === 'relu' },
          ),
      };
    },
  },
  {
    // The batch's own mean and variance: ours alone.
    name: 'WasmgradMoments',
    inputs: ['x', 'gamma'],
    plan: ([x, gamma], { epsilon }: { epsilon: number }) => ({
      shapes: [gamma, gamma],
      emit: (e, [mean, variance], [vx, vgamma]) => {
        normMoments(e, { mean, variance }, { x: vx, gamma: vgamma }, sizes(x, gamma[0], epsilon));
      },
    }),
  },
  {
    // The moving mean or variance, one batch later: ours alone.
    name: 'WasmgradFollow',
    inputs: ['moving', 'batch'],
    plan: ([moving], { momentum }: { momentum: number }) => ({
      shapes: [moving],
      emit: (e, [y], [before, batch]) =>
        blendForward(e, y, [before, momentum], [batch, 1 - momentum]),
    }),
  },
  {
    name: 'WasmgradBatchNormGrad',
    inputs: ['dy', 'x', 'gamma', 'mean', 'variance'],
    // With beta as one more input, of the ReLU after the norm too.
    adds: 'norm',
    plan: ([, x, gamma], { epsilon }: { epsilon: number }) => ({
      shapes: [x, gamma, gamma],
      emit: (e, [dx, dgamma, dbeta], [dy, vx, vgamma, mean, variance, beta]) =>
        normBackward(
          e,
          { dx, dgamma, dbeta },
          dy,
          { x: vx, gamma: vgamma, mean, variance, beta },
          { ...sizes(x, gamma[0], epsilon), rectify: beta !== undefined },
        ),
    }),
  },
];
