// Functions of one number, and of two that are broadcast to each other, as ONNX has them: a node each, or several.

import type {
  CombineFn,
  CombineOptions,
  CombineWeightOptions,
  MapFunction,
  MapOptions,
} from '../../../operators/arrays/index.js';
import { DataType } from '../proto.js';
import { aligned, channelsFirst, type FileValue, type Place } from './place.js';

/** Writes a function of a value. */
type Writer = (at: Place, x: string, options: MapOptions) => string;

const one =
  (op: string): Writer =>
  (at, x) =>
    at.node(op, [x]);

/** A node whose attributes are alpha and beta, by the names that ONNX has for them. */
const withNumbers =
  (op: string, alpha: number, beta?: readonly [name: string, number]): Writer =>
  (at, x, options) =>
    at.node(op, [x], {
      alpha: { float: options.alpha ?? alpha },
      ...(beta ? { [beta[0]]: { float: options.beta ?? beta[1] } } : {}),
    });

/** What is true or false in the file, as 1 or 0. */
const asFloat = (at: Place, x: string): string => at.node('Cast', [x], { to: DataType.float });

const asCondition = (at: Place, x: string): string => at.node('Cast', [x], { to: DataType.bool });

const functions: Readonly<Record<MapFunction, Writer>> = {
  exp: one('Exp'),
  log: one('Log'),
  sqrt: one('Sqrt'),
  negate: one('Neg'),
  abs: one('Abs'),
  reciprocal: one('Reciprocal'),
  erf: one('Erf'),
  sign: one('Sign'),
  floor: one('Floor'),
  ceil: one('Ceil'),
  round: one('Round'),
  sin: one('Sin'),
  cos: one('Cos'),
  tan: one('Tan'),
  asin: one('Asin'),
  acos: one('Acos'),
  atan: one('Atan'),
  sinh: one('Sinh'),
  cosh: one('Cosh'),
  asinh: one('Asinh'),
  acosh: one('Acosh'),
  atanh: one('Atanh'),
  isNaN: (at, x) => asFloat(at, at.node('IsNaN', [x])),
  isInfinite: (at, x) => asFloat(at, at.node('IsInf', [x])),
  isNotZero: (at, x) => asFloat(at, asCondition(at, x)),
  softsign: one('Softsign'),
  mish: (at, x) =>
    at.opset >= 18
      ? at.node('Mish', [x])
      : at.node('Mul', [x, at.node('Tanh', [at.node('Softplus', [x])])]),
  geluTanh,
  elu: withNumbers('Elu', 1),
  celu: withNumbers('Celu', 1),
  selu: withNumbers('Selu', 1.6732632423543772, ['gamma', 1.0507009873554805]),
  leakyRelu: withNumbers('LeakyRelu', 0.01),
  thresholdedRelu: withNumbers('ThresholdedRelu', 1),
  hardSigmoid: withNumbers('HardSigmoid', 0.2, ['beta', 0.5]),
  affine,
  power: (at, x, { alpha = 1 }) => at.node('Pow', [x, at.scalar(alpha)]),
  clip(at, x, { alpha, beta }) {
    const bounds = [alpha, beta].map((bound) => (bound === undefined ? '' : at.scalar(bound)));
    return at.node('Clip', beta === undefined ? [x, bounds[0]] : [x, ...bounds]);
  },
};

/** x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) / 2, as PyTorch writes it. */
function geluTanh(at: Place, x: string): string {
  if (at.opset >= 20) return at.node('Gelu', [x], { approximate: 'tanh' });
  const cube = at.node('Mul', [at.node('Pow', [x, at.scalar(3)]), at.scalar(0.044715)]);
  const inner = at.node('Mul', [at.node('Add', [x, cube]), at.scalar(Math.sqrt(2 / Math.PI))]);
  const sum = at.node('Add', [at.node('Tanh', [inner]), at.scalar(1)]);
  return at.node('Mul', [at.node('Mul', [x, at.scalar(0.5)]), sum]);
}

/** alpha·x + beta: of these what there is. */
function affine(at: Place, x: string, { alpha = 1, beta = 0 }: MapOptions): string {
  if (alpha === -1 && beta !== 0) return at.node('Sub', [at.scalar(beta), x]);
  const product = alpha === 1 ? x : at.node('Mul', [x, at.scalar(alpha)]);
  return beta === 0 ? product : at.node('Add', [product, at.scalar(beta)]);
}

export function map(at: Place): string {
  const options = at.options<MapOptions>();
  return functions[options.fn](at, at.x.name, options);
}

/** ONNX's names of functions of two numbers. */
const operators: Readonly<Record<CombineFn, string>> = {
  add: 'Add',
  subtract: 'Sub',
  multiply: 'Mul',
  divide: 'Div',
  maximum: 'Max',
  minimum: 'Min',
  power: 'Pow',
  prelu: 'PRelu',
  equal: 'Equal',
  greater: 'Greater',
  less: 'Less',
  notEqual: 'Equal',
  greaterEqual: 'GreaterOrEqual',
  lessEqual: 'LessOrEqual',
};

/** What is compared is true or false in the file, and becomes 1 or 0. */
const compares = /^(equal|greater|less|notEqual)/;

function combined(at: Place, fn: CombineFn, a: string, b: string): string {
  const y = at.node(operators[fn], [a, b]);
  if (!compares.test(fn)) return y;
  return asFloat(at, fn === 'notEqual' ? at.node('Not', [y]) : y);
}

export function combine(at: Place): string {
  const [a, b] = at.inputs.map((x) => at.ranked(x, at.shape.length).name);
  return combined(at, at.options<CombineOptions>().fn, a, b);
}

/** The weight is broadcast to the sample, and has no batch. */
export function combineWeight(at: Place): string {
  const { fn, shape, first } = at.options<CombineWeightOptions>();
  const { name }: FileValue = at.ranked(at.x, at.shape.length);
  const own = aligned(shape, at.shape.length);
  const weight = at.weight('value', { shape: own, order: channelsFirst([...own.keys()]) });
  return first ? combined(at, fn, weight, name) : combined(at, fn, name, weight);
}

/** What is chosen by a condition. */
export function select(at: Place): string {
  const [condition, a, b] = at.inputs.map((x) => at.ranked(x, at.shape.length).name);
  return at.node('Where', [asCondition(at, condition), a, b]);
}
