// Matrix products.

import { broadcast_util } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../base/shape.js';
import { matMul } from '../../operators/dense/matrix.emit.js';
import { none } from '../../program/emitter.js';
import type { Native, Plan } from '../kernel.js';
import { type Fused, rectifies, squash } from './fused.js';

interface MatMulAttributes extends Fused {
  readonly transposeA?: boolean | null;
  readonly transposeB?: boolean | null;
}

function product(
  [a, b, bias, slopes]: readonly Shape[],
  attrs: MatMulAttributes,
): Plan | undefined {
  if (a.length < 2 || b.length < 2 || slopes) return undefined;
  const transposeA = attrs.transposeA ?? false;
  const transposeB = attrs.transposeB ?? false;
  const [aRows, aColumns] = a.slice(-2);
  const [bRows, bColumns] = b.slice(-2);
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [shared, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  if (k !== shared || (bias && !(bias.length === 1 && bias[0] === n))) return undefined;
  const [aOuter, bOuter] = [a.slice(0, -2), b.slice(0, -2)];
  const outer = broadcast_util.assertAndGetBroadcastShape([...aOuter], [...bOuter]);
  const [aCount, bCount, count] = [sizeOf(aOuter), sizeOf(bOuter), sizeOf(outer)];
  // Where both are repeated along different dimensions, the cpu kernel finds the matrices.
  if (Math.max(aCount, bCount) !== count || count % aCount || count % bCount) return undefined;
  return {
    shapes: [[...outer, m, n]],
    emit: (e, [c], [va, vb, vbias]) => {
      const size = { m, n, k, transposeA, transposeB };
      for (let i = 0; i < count; i++) {
        const ci = c.view([m, n], i * m * n);
        const ai = va.view([aRows, aColumns], (i % aCount) * aRows * aColumns);
        const bi = vb.view([bRows, bColumns], (i % bCount) * bRows * bColumns);
        matMul(e, ci, ai, bi, size, vbias ?? none, rectifies(attrs));
      }
      squash(e, c, attrs);
    },
  };
}

/** While gradients are taped, a bias and ReLU may follow. */
const begins = { waits: 'taped', takesBias: true, takesRelu: true } as const;

export const matMulKernels: readonly Native[] = [
  { name: 'BatchMatMul', inputs: ['a', 'b'], ...begins, plan: product },
  {
    name: '_FusedMatMul',
    inputs: ['a', 'b', 'bias', 'preluActivationWeights'],
    ...begins,
    plan: product,
  },
];
