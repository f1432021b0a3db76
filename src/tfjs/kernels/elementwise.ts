// Functions of single numbers, and of pairs that are broadcast to a common shape.

import { broadcast_util, util } from '@tensorflow/tfjs-core';
import type { CombineFn } from '../../../bindings/arrays.js';
import type { Shape } from '../../base/shape.js';
import type { Nonlinear } from '../../network/activation.js';
import { activationForward } from '../../operators/activation/activation.emit.js';
import { combineArrays } from '../../operators/arrays/combine.emit.js';
import { acosh, asinh, atanh } from '../../operators/arrays/inverse.emit.js';
import { softmaxRows } from '../../operators/arrays/lookup.emit.js';
import { type MapFormula, mapForward } from '../../operators/arrays/map.emit.js';
import { blendForward } from '../../operators/merge/combine.emit.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { isRow, type Native } from '../kernel.js';

type Pair = (e: Emitter, y: Value, a: Value, b: Value) => void;

/** Whether b is a row of a, [channels] under [..., channels]. */
const isRowOf = (a: Shape, b: Shape): boolean => a.length > 1 && isRow(b, a.at(-1));

/** Numbers that short rows are made to: each row has its cost. */
const LONG = 2048;
/** Numbers of an array whose rows are too few to matter. */
const FEW = 4096;

const combine =
  (fn: keyof typeof CombineFn): Pair =>
  (e, y, a, b) => {
    const channels = a.shape.at(-1) as number;
    const rows = a.size / channels;
    let together = isRowOf(a.shape, b.shape) && a.size > FEW ? Math.floor(LONG / channels) : 1;
    while (rows % together) together--;
    if (together < 2) return combineArrays(e, fn, y, a, b);
    const n = together * channels;
    const repeated = e.value([together, channels]);
    // Bit by bit: they may be whole numbers.
    const row = b.view([channels]);
    combineArrays(e, 'Select', repeated, row, row);
    const shape = [rows / together, n];
    combineArrays(e, fn, y.view(shape), a.view(shape), repeated.view([n]));
  };

/** y = x·scale + shift, where those are rows: the kernel of batch norm keeps them in registers. */
function byRows(e: Emitter, y: Value, x: Value, scale: Operand, beta: Operand): void {
  const channels = x.shape.at(-1) as number;
  const size = { rows: x.size / channels, channels, rectify: 0 };
  e.emit('normApply', { y, x, mean: none, scale, beta, residual: none, ...size });
}

const add: Pair = (e, y, a, b) => {
  if (util.arraysEqual([...a.shape], [...b.shape])) combineArrays(e, 'Add', y, a, b);
  else if (isRowOf(a.shape, b.shape)) byRows(e, y, a, none, b);
  else if (isRowOf(b.shape, a.shape)) byRows(e, y, b, none, a);
  else combineArrays(e, 'Add', y, a, b);
};

const multiply: Pair = (e, y, a, b) => {
  if (util.arraysEqual([...a.shape], [...b.shape])) e.emit('multiply', { y, a, b, count: y.size });
  else if (isRowOf(a.shape, b.shape)) byRows(e, y, a, b, none);
  else if (isRowOf(b.shape, a.shape)) byRows(e, y, b, a, none);
  else combineArrays(e, 'Multiply', y, a, b);
};

/** Functions of pairs that both call alike. */
const pairs = ['Maximum', 'Minimum', 'SquaredDifference', 'Atan2'] as const;

const comparisons = ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'] as const;

/** Of truth values, which are floats here. */
const logical = { types: ['bool'], result: 'bool' } as const;

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

/** A kernel of two inputs that are floats or whole numbers. */
function arithmetic(
  name: string,
  emit: Pair,
  ofIntegers: keyof typeof CombineFn,
  rest: Partial<Native> = {},
): Native {
  const own = { types: ['any'], result: 'any', ...rest } as const;
  const [floats, integers] = [ofPair(name, emit, own), ofPair(name, combine(ofIntegers), own)];
  return {
    ...floats,
    wants: ({ inputs: [a] }) => a?.dtype !== 'bool',
    plan: (shapes, attrs, type) => (type === 'int32' ? integers : floats).plan(shapes, attrs, type),
  };
}

type Single = (e: Emitter, y: Value, x: Value, attrs: Readonly<Record<string, number>>) => void;

const mapped =
  (formula: MapFormula): Single =>
  (e, y, x) =>
    mapForward(e, y, x, formula);

const activated =
  (name: Nonlinear): Single =>
  (e, y, x) =>
    activationForward(e, name, y, x);

/** Functions that both call alike. */
const namesakes = [
  ...(['Abs', 'Acos', 'Asin', 'Atan', 'Ceil', 'Cos', 'Cosh', 'Erf', 'Exp', 'Expm1'] as const),
  ...(['Floor', 'Log', 'Log1p', 'Reciprocal', 'Round', 'Sin', 'Sinh', 'Sqrt'] as const),
];

const singles: Readonly<Record<string, Single>> = {
  Relu6: mapped({ fn: 'Clip', beta: 6 }),
  Elu: mapped({ fn: 'Elu', alpha: 1, beta: 1 }),
  Selu: activated('selu'),
  Sigmoid: mapped({ fn: 'Sigmoid' }),
  Tanh: activated('tanh'),
  Softplus: activated('softplus'),
  LeakyRelu: (e, y, x, { alpha }) => activationForward(e, 'leakyRelu', y, x, alpha),
  Step: (e, y, x, { alpha = 0 }) => mapForward(e, y, x, { fn: 'Step', alpha }),
  ...Object.fromEntries(namesakes.map((fn) => [fn, mapped({ fn })])),
  Asinh: asinh,
  Acosh: acosh,
  Atanh: atanh,
  // Of 0 it is −0, which the sum with 0 would not be.
  Neg: mapped({ fn: 'Affine', alpha: -1, beta: -0 }),
  Sign: (e, y, x) => {
    mapForward(e, y, x, { fn: 'Sign' });
    // NaN has none: 0.
    combineArrays(e, 'Where', y, y, y);
  },
  Square: (e, y, x) => e.emit('multiply', { y, a: x, b: x, count: x.size }),
  Rsqrt: (e, y, x) => {
    mapForward(e, y, x, { fn: 'Sqrt' });
    mapForward(e, y, y, { fn: 'Reciprocal' });
  },
  ClipByValue: (e, y, x, { clipValueMin, clipValueMax }) =>
    mapForward(e, y, x, { fn: 'Clip', alpha: clipValueMin, beta: clipValueMax }),
};

const questions = { IsNan: 'IsNaN', IsFinite: 'IsFinite', IsInf: 'IsInfinite' } as const;

/** What changes numbers; truth values are floats already. */
const casts: Readonly<Record<string, MapFormula['fn']>> = {
  'float32 int32': 'ToInteger',
  'bool int32': 'ToInteger',
  'float32 bool': 'IsNotZero',
  'int32 float32': 'FromInteger',
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
  arithmetic('Add', add, 'AddIntegers', { adds: 'bias' }),
  arithmetic('Sub', combine('Subtract'), 'SubtractIntegers'),
  arithmetic('Multiply', multiply, 'MultiplyIntegers'),
  ...pairs.map((fn) => ofPair(fn, combine(fn))),
  ofPair('RealDiv', combine('Divide')),
  ofPair('Pow', combine('Power')),
  ...comparisons.map((fn) => ofPair(fn, combine(fn), { result: 'bool' })),
  ofPair('LogicalAnd', combine('Multiply'), logical),
  ofPair('LogicalOr', combine('Maximum'), logical),
  ofPair('Prelu', combine('Prelu'), {}, ['x', 'alpha']),
  { ...ofOne('Relu', mapped({ fn: 'Clip', beta: Infinity })), adds: 'relu' },
  ...Object.entries(singles).map(([name, emit]) => ofOne(name, emit)),
  {
    name: 'LogicalNot',
    inputs: ['x'],
    ...logical,
    plan: ([x]) => ({
      shapes: [x],
      emit: (e, [y], [vx]) => mapForward(e, y, vx, { fn: 'Affine', alpha: -1, beta: 1 }),
    }),
  },
  ...Object.entries(questions).map(([name, fn]) => ({
    ...ofOne(name, mapped({ fn })),
    result: 'bool' as const,
  })),
  {
    name: 'Select',
    inputs: ['condition', 't', 'e'],
    types: ['bool', 'any'],
    result: 'any',
    plan([condition, t]) {
      if (!util.arraysEqual([...condition], [...t])) return undefined;
      return {
        shapes: [t],
        emit: (e, [y], [c, vt, ve]) => combineArrays(e, 'Select', y, ve, vt, { c }),
      };
    },
  },
  {
    name: 'Cast',
    inputs: ['x'],
    types: ['any'],
    result: 'dtype',
    wants: ({ inputs: [x], attrs: { dtype } }) => casts[`${x?.dtype} ${dtype}`] !== undefined,
    plan: ([x], { dtype }: { dtype: string }, type) => ({
      shapes: [x],
      emit: (e, [y], [vx]) => mapForward(e, y, vx, { fn: casts[`${type} ${dtype}`] }),
    }),
  },
  {
    name: 'Softmax',
    inputs: ['logits'],
    plan([x], { dim }) {
      if (dim !== x.length - 1) return undefined;
      return { shapes: [x], emit: (e, [y], [vx]) => softmaxRows(e, y, vx) };
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
