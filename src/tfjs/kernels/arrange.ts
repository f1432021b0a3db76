// What moves numbers and computes nothing.

import { backend_util, slice_util, util } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../../base/shape.js';
import { combineArrays } from '../../operators/arrays/combine.emit.js';
import {
  copyStrided,
  fillWith,
  offsetOf,
  permute,
  stridesOf,
  whole,
} from '../../operators/arrays/strides.emit.js';
import { concatForward } from '../../operators/merge/concat.emit.js';
import type { Native, Plan } from '../kernel.js';

/** The inputs side by side along an axis: as rows, each of all that follows the axis. */
function concat(shapes: readonly Shape[], axis: number): Plan {
  const all = shapes.map((shape) => [...shape]);
  backend_util.assertParamsConsistent(all, axis);
  const result = backend_util.computeOutShape(all, axis);
  const outer = sizeOf(result.slice(0, axis));
  return {
    shapes: [result],
    emit: (e, [y], xs) =>
      concatForward(
        e,
        y.view([outer, y.size / outer]),
        xs.map((x) => x.view([outer, x.size / outer])),
      ),
  };
}

/** What moves numbers of any type. */
export const moves = { types: ['any'], result: 'any' } as const;

export const arrangeKernels: readonly Native[] = [
  {
    name: 'Transpose',
    inputs: ['x'],
    ...moves,
    plan: ([x], { perm }: { perm: readonly number[] }) => ({
      shapes: [perm.map((axis) => x[axis])],
      emit: (e, [y], [vx]) => permute(e, y, vx, x, perm),
    }),
  },
  {
    name: 'Slice',
    inputs: ['x'],
    ...moves,
    plan([x], { begin, size }: { begin: number | number[]; size: number | number[] }) {
      const info = { shape: [...x], rank: x.length, dtype: 'float32', dataId: {} };
      const [first, result] = slice_util.parseSliceParams(info as never, begin, size);
      slice_util.assertParamsValid(info as never, first, result);
      return {
        shapes: [result],
        emit: (e, [y], [vx]) => {
          const from = { value: vx, strides: stridesOf(x), offset: offsetOf(x, first) };
          copyStrided(e, whole(y), from, result);
        },
      };
    },
  },
  {
    name: 'Concat',
    ...moves,
    plan: (shapes, { axis }: { axis: number }) =>
      concat(shapes, util.parseAxisParam(axis, [...shapes[0]])[0]),
  },
  {
    name: 'Pack',
    ...moves,
    plan(shapes, attrs: { axis: number }) {
      const [first] = shapes;
      if (!shapes.every((shape) => util.arraysEqual([...shape], [...first]))) return undefined;
      const axis = attrs.axis < 0 ? attrs.axis + first.length + 1 : attrs.axis;
      return concat(
        shapes.map((shape) => [...shape.slice(0, axis), 1, ...shape.slice(axis)]),
        axis,
      );
    },
  },
  {
    name: 'PadV2',
    inputs: ['x'],
    plan([x], attrs: { paddings: readonly [number, number][]; constantValue: number }) {
      const { paddings, constantValue } = attrs;
      const result = x.map((side, i) => side + paddings[i][0] + paddings[i][1]);
      return {
        shapes: [result],
        emit: (e, [y], [vx]) => {
          const first = paddings.map(([before]) => before);
          fillWith(e, y, constantValue);
          const to = { value: y, strides: stridesOf(result), offset: offsetOf(result, first) };
          copyStrided(e, to, whole(vx), x);
        },
      };
    },
  },
  {
    name: 'Tile',
    inputs: ['x'],
    plan([x], { reps }: { reps: readonly number[] }) {
      if (reps.length !== x.length) return undefined;
      return {
        shapes: [x.map((side, i) => side * reps[i])],
        // Each dimension as two, how often and what.
        emit: (e, [y], [vx]) => {
          const doubled = (of: (i: number) => number) => x.flatMap((side, i) => [of(i), side]);
          const ones = vx.view(doubled(() => 1));
          combineArrays(e, 'Maximum', y.view(doubled((i) => reps[i])), ones, ones);
        },
      };
    },
  },
  {
    name: 'Reverse',
    inputs: ['x'],
    ...moves,
    plan: ([x], { dims }: { dims: number | number[] }) => ({
      shapes: [x],
      emit: (e, [y], [vx]) => {
        const axes = util.parseAxisParam(dims, [...x]);
        const last = x.map((side, i) => (axes.includes(i) ? side - 1 : 0));
        const strides = stridesOf(x).map((step, i) => (axes.includes(i) ? -step : step));
        copyStrided(e, whole(y), { value: vx, strides, offset: offsetOf(x, last) }, x);
      },
    }),
  },
];
