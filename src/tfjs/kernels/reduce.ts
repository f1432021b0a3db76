// Reductions over any axes.

import { util } from '@tensorflow/tfjs-core';
import type { ReduceFn } from '../../../bindings/arrays.js';
import type { Shape } from '../../base/shape.js';
import { combineArrays } from '../../operators/arrays/combine.emit.js';
import { reduceAxes } from '../../operators/arrays/reduce.emit.js';
import { sumRows } from '../../operators/dense/matrix.emit.js';
import type { Native } from '../kernel.js';

interface ReduceAttributes {
  readonly axis?: number | readonly number[] | null;
  /** What Max calls its axes. */
  readonly reductionIndices?: number | readonly number[] | null;
  readonly keepDims?: boolean | null;
}

/** The axes, and the shape that is left. */
function left(shape: Shape, { axis, reductionIndices, keepDims }: ReduceAttributes) {
  const given = (axis ?? reductionIndices ?? undefined) as number[];
  const axes = util.parseAxisParam(given, [...shape]);
  const kept = shape.map((side, i) => (axes.includes(i) ? 1 : side));
  return { axes, kept, result: keepDims ? kept : shape.filter((_, i) => !axes.includes(i)) };
}

const ofAxes = (name: string, fn: keyof typeof ReduceFn, rest: Partial<Native> = {}): Native => ({
  name,
  inputs: ['x'],
  ...rest,
  plan([x], attrs: ReduceAttributes) {
    const { axes, kept, result } = left(x, attrs);
    const count = axes.reduce((product, axis) => product * x[axis], 1);
    const isColumns = fn === 'Sum' && axes.length === x.length - 1 && !axes.includes(x.length - 1);
    return {
      shapes: [result],
      emit: (e, [y], [vx]) => {
        if (isColumns && name === 'Sum') sumRows(e, y, vx, count, x[x.length - 1]);
        else reduceAxes(e, fn, y.view(kept), vx, axes, name === 'Mean' ? 1 / count : 1);
      },
    };
  },
});

export const reduceKernels: readonly Native[] = [
  ofAxes('Sum', 'Sum'),
  ofAxes('Mean', 'Sum'),
  ofAxes('Max', 'Maximum'),
  ofAxes('Min', 'Minimum'),
  ofAxes('Prod', 'Product'),
  ofAxes('Any', 'Maximum', { types: ['bool'], result: 'bool' }),
  ofAxes('All', 'Minimum', { types: ['bool'], result: 'bool' }),
  {
    // The gradient of Sum and Mean: ours alone.
    name: 'WasmgradExpand',
    inputs: ['dy'],
    plan: (_, { axis, shape, scale }: ReduceAttributes & { shape: Shape; scale: number }) => ({
      shapes: [shape],
      emit: (e, [dx], [vdy]) => {
        const repeated = vdy.view(left(shape, { axis }).kept);
        combineArrays(e, 'Maximum', dx, repeated, repeated, { scale });
      },
    }),
  },
];
