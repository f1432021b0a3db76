// Keras's layers that make one tensor of several.

import { FormatError } from '../../../base/errors.js';
import { sameShape, show, sizeOf } from '../../../base/shape.js';
import { layers } from '../../../core.js';
import type { SymbolicTensor } from '../../../network/layer.js';
import { combine, map, matMul } from '../../../operators/arrays/index.js';
import { reshaped } from '../../importing/arrange.js';
import { isList } from '../json.js';
import type { Call, KerasLayer } from './layer.js';

type Merge = 'add' | 'subtract' | 'multiply' | 'average' | 'maximum' | 'minimum';

/** Of lower ranks, sides of 1 are put in after the batch, as Keras does. */
function alike(xs: readonly SymbolicTensor[]): SymbolicTensor[] {
  const rank = Math.max(...xs.map(({ shape }) => shape.length));
  return xs.map((x) => reshaped(x, [...new Array(rank - x.shape.length).fill(1), ...x.shape]));
}

/** Element by element: of the same shape, or broadcast. */
const merging =
  (type: Merge) =>
  (layer: KerasLayer): Call =>
  (...given) => {
    // Python's Keras merges a list of one, too.
    if (given.length === 1) return layer.apply((name) => layers.linear({ name }), given[0]);
    const xs = alike(given);
    const [first] = xs;
    const isSame = xs.every(({ shape }) => sameShape(shape, first.shape));
    const isPair = type === 'subtract' || type === 'multiply';
    if (isSame && (!isPair || xs.length === 2))
      return layer.apply((name) => layers[type]({ name }), xs);
    const isGate = ({ shape }: SymbolicTensor): boolean =>
      shape.length === 3 && sameShape(shape, [1, 1, first.shape[2]]);
    if (type === 'multiply' && xs.length === 2 && isGate(xs[1]))
      return layer.apply((name) => layers.multiply({ name }), xs);
    const isMean = type === 'average';
    const fn = isMean ? 'add' : type;
    const last = xs.length - 1;
    const sum = xs.reduce((y, x, i) => {
      const end = i === last && !isMean ? '' : `_${i}`;
      return layer.apply((name) => combine({ name, fn }), [y, x], {}, end);
    });
    if (!isMean) return sum;
    const alpha = 1 / xs.length;
    return layer.apply((name) => map({ name, fn: 'affine', alpha, beta: 0 }), sum);
  };

/** One after the other along an axis. */
function concatenate(layer: KerasLayer): Call {
  return (...xs) => {
    if (xs.length === 1) return layer.apply((name) => layers.linear({ name }), xs[0]);
    const [{ shape }] = xs;
    const [axis] = layer.config.axes('axis', shape.length + 1, -1);
    const fits = xs.every(
      (x) =>
        x.shape.length === shape.length &&
        x.shape.every((side, i) => i === axis || side === shape[i]),
    );
    if (!fits)
      throw new FormatError(
        `its inputs ${xs.map((x) => show(x.shape)).join(' and ')} differ in more than the axis`,
      );
    // Our layer joins the last dimension: what comes after the axis belongs to it.
    const outer = shape.slice(0, axis);
    const rows = xs.map((x) => reshaped(x, [...outer, sizeOf(x.shape.slice(axis))]));
    const y = layer.apply((name) => layers.concat({ name }), rows);
    const side = xs.reduce((sum, x) => sum + x.shape[axis], 0);
    return reshaped(y, [...outer, side, ...shape.slice(axis + 1)]);
  };
}

/** The product along an axis of each: of vectors a number, of matrices a matrix. */
function dot(layer: KerasLayer): Call {
  if (layer.config.flag('normalize', false))
    throw new FormatError('its normalize is true, which there is not here');
  const given = layer.config.get('axes');
  const axes = (isList(given) ? given : [given, given]) as number[];
  return (a, b) => {
    const [x, y] = [a, b].map(({ shape }, i) => {
      const axis = axes[i] < 0 ? axes[i] + shape.length : axes[i] - 1;
      if (axis >= 0 && axis < shape.length) return axis;
      throw new FormatError(
        `its axes are [${axes}] of inputs ${show(a.shape)} and ${show(b.shape)}`,
      );
    });
    if (a.shape.length === 1 && b.shape.length === 1)
      return layer.apply((name) => layers.dot({ name }), [a, b]);
    if (a.shape.length !== 2 || b.shape.length !== 2)
      throw new FormatError(
        `it multiplies ${show(a.shape)} and ${show(b.shape)}, which it cannot here`,
      );
    const options = { transposeA: x === 0, transposeB: y === 1 };
    return layer.apply((name) => matMul({ name, ...options }), [a, b]);
  };
}

export const mergeLayers = {
  Add: merging('add'),
  Subtract: merging('subtract'),
  Multiply: merging('multiply'),
  Average: merging('average'),
  Maximum: merging('maximum'),
  Minimum: merging('minimum'),
  Concatenate: concatenate,
  Dot: dot,
};
