// Sums, means and extremes along axes.

import type { ArgumentOptions, ReduceFn, ReduceOptions } from '../../../operators/arrays/index.js';
import { DataType } from '../proto.js';
import { fileAxis, type LayerWriter, type Place } from './place.js';

const operators: Readonly<Record<ReduceFn, string>> = {
  sum: 'ReduceSum',
  mean: 'ReduceMean',
  max: 'ReduceMax',
  min: 'ReduceMin',
  prod: 'ReduceProd',
  l1: 'ReduceL1',
  l2: 'ReduceL2',
  sumSquare: 'ReduceSumSquare',
  logSumExp: 'ReduceLogSumExp',
};

/** A node along axes of the sample. Where the channels go and several axes stay, others come first than in the file. */
function along(
  at: Place,
  axes: readonly number[],
  keepDims: boolean,
  write: (x: string, axes: readonly number[]) => string,
): string {
  const { shape } = at.x;
  const own = axes.map((axis) => fileAxis(shape, axis));
  if (keepDims || !own.includes(1) || at.shape.length < 2) return write(at.x.name, own);
  const ours = axes.map((axis) => (axis < 0 ? axis + shape.length : axis) + 1);
  return at.theirs(write(at.ours(at.x), ours), at.shape);
}

/** Sums take their axes as an input, the others do from opset 18 on. */
export function reduce(at: Place): string {
  const { fn, axes = [...at.x.shape.keys()], keepDims = false } = at.options<ReduceOptions>();
  const keepdims = Number(keepDims);
  return along(at, axes, keepDims, (x, own) =>
    fn === 'sum' || at.opset >= 18
      ? at.node(operators[fn], [x, at.ints(own)], { keepdims })
      : at.node(operators[fn], [x], { axes: own, keepdims }),
  );
}

export const argument =
  (op: 'ArgMax' | 'ArgMin'): LayerWriter =>
  (at) => {
    const { axis, keepDims = false, last = false } = at.options<ArgumentOptions>();
    const attributes = { keepdims: Number(keepDims), select_last_index: Number(last) };
    return along(at, [axis], keepDims, (x, [own]) => {
      const index = at.node(op, [x], { axis: own, ...attributes });
      return at.node('Cast', [index], { to: DataType.float });
    });
  };
