// Functions of single numbers, and of pairs that are broadcast to a common shape.

import { broadcast_util, util } from '@tensorflow/tfjs-core';
import type { CombineFn } from '../../../bindings/arrays.js';
import { type Shape, sizeOf } from '../../base/shape.js';
import type { Nonlinear } from '../../network/activation.js';
import { activationForward } from '../../operators/activation/activation.emit.js';
import { combineArrays } from '../../operators/arrays/combine.emit.js';
import { type MapFormula, mapForward } from '../../operators/arrays/map.emit.js';
import { fillWith } from '../../operators/arrays/strides.emit.js';
import { blendForward } from '../../operators/merge/combine.emit.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import type { Native } from '../kernel.js';

type Pair = (e: Emitter, y: Value, a: Value, b: Value) => void;

const combine =
  (fn: keyof typeof CombineFn): Pair =>
  (e, y, a, b) =>
    combineArrays(e, fn, y, a, b);

/** Whether b is a row of a, [channels] under [..., channels]. */
function isRow(a: Shape, b: Shape): boolean {
  const channels = b.at(-1);
  return a.length > 1 && channels === a.at(-1) && channels === sizeOf(b);
}

/** y = x·scale + shift, where those are rows: the kernel of batch norm keeps them in registers. */
function byRows(e: Emitter, y: Value, x: Value, scale: Operand, beta: Operand): void {
  const channels = x.shape.at(-1) as number;
  const size = { rows: x.size / channels, channels, rectify: 0 };
  e.emit('normApply', { y, x, mean: none, scale, beta, residual: none, ...size });
}

const add: Pair = (e, y, a, b) => {
  if (util.arraysEqual([...a.shape], [...b.shape])) blendForward(e, y, [a, 1], [b, 1]);
  else if (isRow(a.shape, b.shape)) byRows(e, y, a, none, b);
  else if (isRow(b.shape, a.shape)) byRows(e, y, b, none, a);
  else combineArrays(e, 'Add', y, a, b);
};

const subtract: Pair = (e, y, a, b) => {
  if (util.arraysEqual([...a.shape], [...b.shape])) blendForward(e, y, [a, 1], [b, -1]);
  else combineArrays(e, 'Subtract', y, a, b);
};

const multiply: Pair = (e, y, a, b) => {
  if (util.arraysEqual([...a.shape], [...b.shape])) e.emit('multiply', { y, a, b, count: y.size });
  else if (isRow(a.shape, b.shape)) byRows(e, y, a, b, none);
  else if (isRow(b.shape, a.shape)) byRows(e, y, b, a, none);
  else combineArrays(e, 'Multiply', y, a, b);
};

const squaredDifference: Pair = (e, y, a, b) => {
  subtract(e, y, a, b);
  e.emit('multiply', { y, a: y, b: y, count: y.size });
};

/** 1 − y, of truth values. */
function negate(e: Emitter, y: Value): void {
  mapForward(e, y, y, { fn: 'Affine', alpha: -1, beta: 1 });
}

const notEqual: Pair = (e, y, a, b) => {
  combineArrays(e, 'Equal', y, a, b);
  negate(e, y);
};

/** a > b or a = b: with NaN neither holds. */
const orEqual =
  (fn: 'Greater' | 'Less'): Pair =>
  (e, y, a, b) => {
    const equal = e.value(y.shape);
    combineArrays(e, fn, y, a, b);
    combineArrays(e, 'Equal', equal, a, b);
    blendForward(e, y, [y, 1], [equal, 1]);
  };

const pairs: Readonly<Record<string, Pair>> = {
  Sub: subtract,
  Multiply: multiply,
  RealDiv: combine('Divide'),
  Maximum: combine('Maximum'),
  Minimum: combine('Minimum'),
  SquaredDifference: squaredDifference,
};

const comparisons: Readonly<Record<string, Pair>> = {
  Equal: combine('Equal'),
  NotEqual: notEqual,
  Greater: combine('Greater'),
  GreaterEqual: orEqual('Greater'),
  Less: combine('Less'),
  LessEqual: orEqual('Less'),
};

const logical: Readonly<Record<string, Pair>> = {
  LogicalAnd: combine('Multiply'),
  LogicalOr: combine('Maximum'),
};

/** A kernel of two inputs. */
const ofPair = (
  name: string,
  emit: Pair,
  rest: Partial<Native> = {},
  inputs: readonly string[] = ['a', 'b'],
): Native => ({
  name,
  inputs,
  ...rest,
  plan: ([a, b]) => ({
    shapes: [broadcast_util.assertAndGetBroadcastShape([...a], [...b])],
    emit: (e, [y], [va, vb]) => emit(e, y, va, vb),
  }),
});

type Single = (e: Emitter, y: Value, x: Value, attrs: Readonly<Record<string, number>>) => void;

const mapped =
  (formula: MapFormula): Single =>
  (e, y, x) =>
    mapForward(e, y, x, formula);

const activated =
  (name: Nonlinear): Single =>
  (e, y, x) =>
    activationForward(e, name, y, x);

const singles: Readonly<Record<string, Single>> = {
  Relu6: activated('relu6'),
  Elu: activated('elu'),
  Selu: activated('selu'),
  Sigmoid: activated('sigmoid'),
  Tanh: activated('tanh'),
  Softplus: activated('softplus'),
  LeakyRelu: (e, y, x, { alpha }) => activationForward(e, 'leakyRelu', y, x, alpha),
  Abs: mapped({ fn: 'Abs' }),
  Ceil: mapped({ fn: 'Ceil' }),
  Cos: mapped({ fn: 'Cos' }),
  Erf: mapped({ fn: 'Erf' }),
  Exp: mapped({ fn: 'Exp' }),
  Floor: mapped({ fn: 'Floor' }),
  Log: mapped({ fn: 'Log' }),
  Neg: mapped({ fn: 'Affine', alpha: -1 }),
  Reciprocal: mapped({ fn: 'Reciprocal' }),
  Round: mapped({ fn: 'Round' }),
  Sign: (e, y, x) => {
    // Of NaN it is 0, as neither holds.
    const zero = e.value([1]);
    const isLess = e.value(x.shape);
    fillWith(e, zero, 0);
    combineArrays(e, 'Greater', y, x, zero);
    combineArrays(e, 'Less', isLess, x, zero);
    blendForward(e, y, [y, 1], [isLess, -1]);
  },
  Sin: mapped({ fn: 'Sin' }),
  Sqrt: mapped({ fn: 'Sqrt' }),
  Square: (e, y, x) => e.emit('multiply', { y, a: x, b: x, count: x.size }),
  Rsqrt: (e, y, x) => {
    mapForward(e, y, x, { fn: 'Sqrt' });
    mapForward(e, y, y, { fn: 'Reciprocal' });
  },
  ClipByValue: (e, y, x, { clipValueMin, clipValueMax }) =>
    mapForward(e, y, x, { fn: 'Clip', alpha: clipValueMin, beta: clipValueMax }),
};

const ofOne = (name: string, emit: Single): Native => ({
  name,
  inputs: ['x'],
  plan: ([x], attrs) => ({
    shapes: [x],
    emit: (e, [y], [vx]) => emit(e, y, vx, attrs),
  }),
});

export const elementwiseKernels: readonly Native[] = [
  ofPair('Add', add, { adds: 'bias' }),
  ...Object.entries(pairs).map(([name, emit]) => ofPair(name, emit)),
  ...Object.entries(comparisons).map(([name, emit]) => ofPair(name, emit, { result: 'bool' })),
  ...Object.entries(logical).map(([name, emit]) =>
    ofPair(name, emit, { types: ['bool'], result: 'bool' }),
  ),
  ofPair('Prelu', combine('Prelu'), {}, ['x', 'alpha']),
  { ...ofOne('Relu', activated('relu')), adds: 'relu' },
  ...Object.entries(singles).map(([name, emit]) => ofOne(name, emit)),
  {
    name: 'LogicalNot',
    inputs: ['x'],
    types: ['bool'],
    result: 'bool',
    plan: ([x]) => ({
      shapes: [x],
      emit: (e, [y], [vx]) => mapForward(e, y, vx, { fn: 'Affine', alpha: -1, beta: 1 }),
    }),
  },
  {
    name: 'Softmax',
    inputs: ['logits'],
    plan([x], { dim }) {
      if (dim !== x.length - 1) return undefined;
      return { shapes: [x], emit: (e, [y], [vx]) => activationForward(e, 'softmax', y, vx) };
    },
  },
  {
    name: 'AddN',
    plan: (shapes) => ({
      shapes: [shapes[0]],
      emit: (e, [y], [first, ...others]) => {
        if (others.length === 0) blendForward(e, y, [first, 1]);
        others.forEach((x, i) => {
          blendForward(e, y, [i === 0 ? first : y, 1], [x, 1]);
        });
      },
    }),
  },
];
