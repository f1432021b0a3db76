// Sums, means and extremes along axes, running sums, and softmax.

import { layers } from '../../../core.js';
import type { ReduceFn } from '../../../operators/arrays/index.js';
import { arranged, reshaped } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { isBatch, type Make, NeedsWhole } from '../../importing/builder.js';
import { list } from '../../importing/constants.js';
import { fromOrder, inOrder, orderOf } from '../../importing/moves.js';
import { type Activation, Constant, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';
import { applyBinary, binary } from './elementwise.js';
import { overWhole } from './pool.js';

/** What becomes of the axes: they stay as one number, or go. */
function without(y: Activation, axes: readonly number[], keepDims: boolean): Activation {
  if (keepDims) return y;
  const stays = [...y.axes.keys()].filter((axis) => !axes.includes(axis));
  return y.picked(stays);
}

/** Applies a layer along these axes. */
function overAxes(
  node: Node,
  x: Activation,
  axes: readonly number[],
  make: (axes: number[]) => Make,
): Activation {
  if (axes.some((axis) => isBatch(x.axes[axis]))) throw new NeedsWhole();
  const order = orderOf(x);
  const places = order.flatMap((axis, i) => (axes.includes(axis) ? [i] : []));
  return fromOrder(node.builder.apply(make(places), inOrder(x, order)), order, x.hasBatch);
}

/** ReduceSum and its like: axes in an attribute, or, later, an input. */
export function reduce(node: Node, fn: ReduceFn): Value {
  const given = node.input(0);
  const { shape } = given;
  const named = node.integers(1, 'axes') ?? [];
  if (named.length === 0 && node.int('noop_with_empty_axes') === 1) return given;
  const axes = named.length === 0 ? [...shape.keys()] : node.axes(named, shape.length);
  const keepDims = node.int('keepdims', 1) === 1;
  if (given instanceof Constant && given.kind !== 'float')
    return reducedConstant(node, given, fn, axes, keepDims);
  const x = node.activation();
  const isImage = x.rank === 4 && x.hasBatch && axes.length === 2 && !axes.some((axis) => axis < 2);
  if (isImage && (fn === 'mean' || fn === 'max'))
    return without(overWhole(node, x, fn), axes, keepDims);
  const y = overAxes(
    node,
    x,
    axes,
    (places) => (name) => arrays().reduce({ name, fn, axes: places, keepDims: true }),
  );
  return without(y, axes, keepDims);
}

/** Shapes are computed with products and sums of all their numbers. */
function reducedConstant(
  node: Node,
  x: Constant,
  fn: ReduceFn,
  axes: readonly number[],
  keepDims: boolean,
): Constant {
  if (axes.length < x.shape.length || x.shape.length > 1)
    return node.fail('its input is a constant of several dimensions');
  const numbers = Array.from(x.data as ArrayLike<number>);
  const results: Partial<Record<ReduceFn, number>> = {
    sum: numbers.reduce((sum, value) => sum + value, 0),
    max: Math.max(...numbers),
    min: Math.min(...numbers),
    prod: numbers.reduce((product, value) => product * value, 1),
  };
  const value = results[fn] ?? node.fail('its input is a constant');
  const shape = keepDims ? x.shape.map(() => 1) : [];
  return new Constant(shape, x.kind, x.kind === 'float' ? Float32Array.of(value) : [value]);
}

/** The index of the largest or least along an axis, as a float. */
export function argExtreme(node: Node, isMax: boolean): Value {
  const x = node.activation();
  const axis = node.axis(node.int('axis', 0), x.rank);
  const last = node.int('select_last_index') === 1;
  const y = overAxes(
    node,
    x,
    [axis],
    ([place]) =>
      (name) =>
        (isMax ? arrays().argMax : arrays().argMin)({
          name,
          axis: place,
          keepDims: true,
          ...(last ? { last } : {}),
        }),
  );
  return without(y, [axis], node.int('keepdims', 1) === 1);
}

/** Running sums along an axis, which is an input. */
export function cumSum(node: Node): Value {
  const x = node.activation();
  const [given] = node.integers(1) ?? node.fail('its axis is missing');
  const flags = ['exclusive', 'reverse'].filter((word) => node.int(word) === 1);
  return overAxes(
    node,
    x,
    [node.axis(given, x.rank)],
    ([axis]) =>
      (name) =>
        arrays().cumSum({ name, axis, ...Object.fromEntries(flags.map((word) => [word, true])) }),
  );
}

/** Softmax along an axis; until opset 12 along all axes from it on. */
export function softmax(node: Node, isLog: boolean): Value {
  const x = node.activation();
  const isOlder = node.opset < 13;
  const axis = node.axis(node.int('axis', isOlder ? 1 : -1), x.rank);
  const along = isOlder ? [...x.axes.keys()].slice(axis) : [axis];
  if (isLog) {
    // x − log Σ eˣ: the logarithm of a share that is too small to be a float is one still.
    const sum = reduce(node.with([x, list(along)]), 'logSumExp');
    return applyBinary(node.with([x, sum]), binary.Sub);
  }
  if (along.some((one) => isBatch(x.axes[one]))) throw new NeedsWhole();
  const others = orderOf(x).filter((one) => !along.includes(one));
  const order = [...others, ...along];
  const from = arranged(
    x,
    order.map((one) => x.axes[one]),
  );
  const classes = along.reduce((product, one) => product * x.shape[one], 1);
  const rows = reshaped(from, [...others.map((one) => x.shape[one]), classes]);
  const y = node.builder.apply((name) => layers.softmax({ name }), rows);
  return fromOrder(reshaped(y, from.shape), order, x.hasBatch);
}
