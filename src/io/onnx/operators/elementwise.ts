// Functions of one number, and of two that are broadcast to each other.

import { layers, type SymbolicTensor } from '../../../core.js';
import type { CombineFn, MapOptions } from '../../../operators/arrays/index.js';
import { arranged } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { filled, type Make, NeedsWhole } from '../../importing/builder.js';
import {
  arithmetic,
  broadcastShape,
  combined,
  reshapedConstant,
} from '../../importing/constants.js';
import { fromOrder, inOrder, orderOf, ranked } from '../../importing/moves.js';
import { Activation, Constant, type Side, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';

/** A function of one number: as a layer, and of a constant. */
export interface Unary {
  readonly layer: (node: Node) => Make;
  /** Of those that shapes are computed with. */
  readonly of?: (value: number) => number;
}

const mapped = (fn: MapOptions['fn'], of?: (value: number) => number): Unary => ({
  layer: () => (name) => arrays().map({ name, fn }),
  of,
});

type Named = 'relu' | 'sigmoid' | 'tanh' | 'softplus';
const plain = (type: Named): Unary => ({ layer: () => (name) => layers[type]({ name }) });

/** A function with one or two numbers of attributes. */
const withNumbers = (
  fn: MapOptions['fn'],
  alpha: readonly [string, number],
  beta?: readonly [string, number],
): Unary => ({
  layer: (node) => (name) =>
    arrays().map({
      name,
      fn,
      alpha: node.float(...alpha),
      ...(beta ? { beta: node.float(...beta) } : {}),
    }),
});

export const unary: Readonly<Record<string, Unary>> = {
  Relu: plain('relu'),
  Sigmoid: plain('sigmoid'),
  Tanh: plain('tanh'),
  Softplus: plain('softplus'),
  Softsign: mapped('softsign'),
  Mish: mapped('mish'),
  HardSwish: { layer: () => (name) => layers.hardSwish({ name }) },
  Gelu: {
    layer: (node) => (name) =>
      node.text('approximate', 'none') === 'tanh'
        ? arrays().map({ name, fn: 'geluTanh' })
        : layers.gelu({ name }),
  },
  LeakyRelu: withNumbers('leakyRelu', ['alpha', 0.01]),
  Elu: withNumbers('elu', ['alpha', 1]),
  Celu: withNumbers('celu', ['alpha', 1]),
  Selu: withNumbers('selu', ['alpha', 1.6732631921768188], ['gamma', 1.0507010221481323]),
  ThresholdedRelu: withNumbers('thresholdedRelu', ['alpha', 1]),
  HardSigmoid: {
    layer(node) {
      const [alpha, beta] = [node.float('alpha', 0.2), node.float('beta', 0.5)];
      const isOurs = Math.abs(alpha - 1 / 6) < 1e-6 && beta === 0.5;
      return (name) =>
        isOurs
          ? layers.hardSigmoid({ name })
          : arrays().map({ name, fn: 'hardSigmoid', alpha, beta });
    },
  },
  Erf: mapped('erf'),
  Exp: mapped('exp', Math.exp),
  Log: mapped('log', Math.log),
  Sqrt: mapped('sqrt', Math.sqrt),
  Neg: mapped('negate', (value) => -value),
  Abs: mapped('abs', Math.abs),
  Reciprocal: mapped('reciprocal', (value) => 1 / value),
  Floor: mapped('floor', Math.floor),
  Ceil: mapped('ceil', Math.ceil),
  Round: mapped('round'),
  Sign: mapped('sign', Math.sign),
  Sin: mapped('sin', Math.sin),
  Cos: mapped('cos', Math.cos),
  ...Object.fromEntries(
    (
      ['tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'asinh', 'acosh', 'atanh', 'isNaN'] as const
    ).map((fn) => [fn[0].toUpperCase() + fn.slice(1), mapped(fn)]),
  ),
};

/** Functions that are no operators of ONNX: nodes that became one, see simplify.ts. */
export const unaryOfSeveral: Readonly<Record<string, Unary>> = {
  Relu6: { layer: () => (name) => layers.relu6({ name }) },
  Silu: { layer: () => (name) => layers.silu({ name }) },
  GeluTanh: mapped('geluTanh'),
};

/** Translates a function of one number. */
export function applyUnary(node: Node, { layer, of }: Unary): Value {
  const x = node.input(0);
  if (x instanceof Constant && of) return combined([x], x.kind, (value) => of(value as number));
  return node.builder.anywhere(node.activation(), layer(node));
}

/** Clip: attributes until opset 10, inputs since, which may be computed. */
export function clip(node: Node): Value {
  const [, floor, ceiling] = node.inputs;
  if (floor instanceof Activation || ceiling instanceof Activation) {
    const x = node.input(0);
    const above = floor ? applyBinary(node.with([x, floor]), binary.Max) : x;
    return ceiling ? applyBinary(node.with([above, ceiling]), binary.Min) : above;
  }
  const bound = (index: number, attribute: string, open: number): number => {
    const value = node.known(index);
    if (value) return Number(value.data[0]);
    return node.has(attribute) ? node.float(attribute) : open;
  };
  // Bounds that say nothing.
  const limit = 3.4028234663852886e38;
  const least = bound(1, 'min', Number.NEGATIVE_INFINITY);
  const most = bound(2, 'max', Number.POSITIVE_INFINITY);
  const x = node.input(0);
  if (x instanceof Constant)
    return combined([x], x.kind, (value) => Math.min(most, Math.max(least, value as number)));
  const [low, high] = [least <= -limit ? undefined : least, most >= limit ? undefined : most];
  return node.builder.anywhere(x, clipping(low, high));
}

/** The layer that cuts to bounds, of which either may be missing: relu and relu6 where it is one. */
export function clipping(low: number | undefined, high: number | undefined): Make {
  if (low === 0 && high === undefined) return (name) => layers.relu({ name });
  if (low === 0 && high === 6) return (name) => layers.relu6({ name });
  return (name) =>
    arrays().map({
      name,
      fn: 'clip',
      ...(low === undefined ? {} : { alpha: low }),
      ...(high === undefined ? {} : { beta: high }),
    });
}

/** A function of two numbers: as a layer, and of constants. */
export interface Binary {
  readonly fn: CombineFn;
  readonly of: (a: Side, b: Side, isInt: boolean) => Side;
}

const number = (work: (a: number, b: number) => number): Binary['of'] => {
  return (a, b) => work(a as number, b as number);
};

export const binary: Readonly<Record<string, Binary>> = {
  Add: { fn: 'add', of: (a, b) => arithmetic('add', a, b) },
  Sub: { fn: 'subtract', of: (a, b) => arithmetic('subtract', a, b) },
  Mul: { fn: 'multiply', of: (a, b) => arithmetic('multiply', a, b) },
  Div: {
    fn: 'divide',
    of(a, b, isInt) {
      const quotient = arithmetic('divide', a, b);
      return isInt && typeof quotient === 'number' ? Math.trunc(quotient) : quotient;
    },
  },
  Pow: { fn: 'power', of: number((a, b) => a ** b) },
  Max: { fn: 'maximum', of: number(Math.max) },
  Min: { fn: 'minimum', of: number(Math.min) },
  PRelu: { fn: 'prelu', of: number((a, b) => (a < 0 ? a * b : a)) },
};

/** The shape for a constant that is broadcast by older rules: from an axis on. */
function olderShape(node: Node, a: Value, b: Value): Value {
  if (node.opset >= 7 || !(b instanceof Constant)) return b;
  // PReLU's slopes were numbers of channels.
  if (node.op === 'PRelu' && b.shape.length === 1 && a.shape.length > 2)
    return reshapedConstant(b, [b.size, ...new Array(a.shape.length - 2).fill(1)]);
  if (node.int('broadcast') === 0 || !node.has('axis')) return b;
  const axis = node.axis(node.int('axis'), a.shape.length);
  const after = a.shape.length - axis - b.shape.length;
  return reshapedConstant(b, [...b.shape, ...new Array(Math.max(0, after)).fill(1)]);
}

/** Translates a function of two numbers, or of several as one after the other. */
export function applyBinary(node: Node, { fn, of }: Binary): Value {
  const [first, ...others] = node.inputs.map((_, i) => node.input(i));
  let made = first;
  for (const other of others) made = pairwise(node, fn, of, made, olderShape(node, made, other));
  return made;
}

function pairwise(node: Node, fn: CombineFn, of: Binary['of'], a: Value, b: Value): Value {
  if (a instanceof Constant && b instanceof Constant) {
    const isInt = a.kind === 'int' && b.kind === 'int';
    return combined([a, b], isInt ? 'int' : 'float', (x, y) => of(x, y, isInt));
  }
  // What broadcasts is what PReLU's slopes do too: numbers of channels are aligned at the end of the shape.
  if (a instanceof Activation && b instanceof Activation) return twoActivations(node, fn, a, b);
  return a instanceof Activation
    ? withConstant(node, fn, a, b as Constant, false)
    : withConstant(node, fn, b as Activation, a as Constant, true);
}

function twoActivations(node: Node, fn: CombineFn, a: Activation, b: Activation): Activation {
  const rank = Math.max(a.rank, b.rank);
  const [x, y] = [ranked(a, rank), ranked(b, rank)];
  if (x.hasBatch !== y.hasBatch) throw new NeedsWhole();
  broadcastShape(x.shape, y.shape);
  // The larger one stays as it lies.
  const order = orderOf(size(x) >= size(y) ? x : y);
  const isSame = x.shape.every((side, axis) => side === y.shape[axis]);
  const tensors = [inOrder(x, order), inOrder(y, order)];
  const gate = fn === 'multiply' ? gateOf(tensors) : undefined;
  const make: Make = gate
    ? (name) => layers.multiply({ name })
    : isSame && fn === 'add'
      ? (name) => layers.add({ name })
      : (name) => arrays().combine({ name, fn });
  const made = node.builder.apply(make, gate ?? tensors);
  return fromOrder(made, order, x.hasBatch);
}

/** An image and the gate of its channels, in this order, where two tensors are that. */
function gateOf(tensors: readonly SymbolicTensor[]): SymbolicTensor[] | undefined {
  const isGate = ({ shape }: SymbolicTensor, of: SymbolicTensor): boolean =>
    shape.length === 3 && shape[0] === 1 && shape[1] === 1 && shape[2] === of.shape[2];
  const [a, b] = tensors;
  if (isGate(b, a)) return [a, b];
  return isGate(a, b) ? [b, a] : undefined;
}

const size = ({ shape }: Activation): number => shape.reduce((product, side) => product * side, 1);

/** Constants that are a number become options; those with more numbers, and weights of the file, learn. */
function withConstant(
  node: Node,
  fn: CombineFn,
  x: Activation,
  constant: Constant,
  isFirst: boolean,
): Value {
  const { builder } = node;
  if (constant.size === 1 && constant.shape.length <= x.rank) {
    const value = Number(constant.data[0]);
    // A square stays one, whatever name its exponent has; and of what is below 0 nothing else has a power.
    const isFixed = constant.name === undefined || (fn === 'power' && Number.isInteger(value));
    const make = isFixed ? byNumber(fn, value, isFirst) : undefined;
    if (make) return builder.anywhere(x, make);
  }
  const rank = Math.max(x.rank, constant.shape.length);
  const wide = ranked(x, rank);
  const own = [...new Array(rank - constant.shape.length).fill(1), ...constant.shape];
  broadcastShape(wide.shape, own);
  if (wide.hasBatch && own[0] !== 1) throw new NeedsWhole();
  const order = orderOf(wide);
  const shape = order.map((axis) => own[axis]);
  const from = arranged(
    wide,
    order.map((axis) => wide.axes[axis]),
  );
  const whole = order.length < rank ? [0, ...order] : order;
  const made = builder.apply(
    (name) => arrays().combineWeight({ name, fn, shape, ...(isFirst ? { first: true } : {}) }),
    from,
    { value: filled(constant, whole, own) },
    { learns: constant.name !== undefined && constant.kind === 'float' },
  );
  return fromOrder(made, order, wide.hasBatch);
}

/** A function with a number that does not learn. */
function byNumber(fn: CombineFn, value: number, isFirst: boolean): Make | undefined {
  const affine =
    (alpha: number, beta: number): Make =>
    (name) =>
      arrays().map({ name, fn: 'affine', alpha, beta });
  if (fn === 'add') return affine(1, value);
  if (fn === 'multiply') return affine(value, 0);
  if (fn === 'subtract') return isFirst ? affine(-1, value) : affine(1, -value);
  // A reciprocal is rounded: only powers of two give the same bits as a division.
  if (fn === 'divide' && !isFirst && Number.isInteger(Math.log2(Math.abs(value))))
    return affine(1 / value, 0);
  if (fn === 'power' && !isFirst)
    return (name) => arrays().map({ name, fn: 'power', alpha: value });
  if (fn === 'maximum') return clipping(value, undefined);
  if (fn === 'minimum') return clipping(undefined, value);
  return undefined;
}

/** Shrink: what is far from 0 comes nearer by `bias`, what is near becomes 0. */
export function shrink(node: Node): Value {
  const { builder } = node;
  const alpha = node.float('lambd', 0.5);
  const bias = node.float('bias', 0);
  if (!(alpha >= 0)) node.fail('its lambd is below 0');
  const far = (x: Activation): Activation =>
    builder.anywhere(x, (name) => arrays().map({ name, fn: 'thresholdedRelu', alpha }));
  const turned = (x: Activation): Activation =>
    builder.anywhere(x, (name) => arrays().map({ name, fn: 'negate' }));
  const x = node.activation();
  const hard = twoActivations(node, 'subtract', far(x), far(turned(x)));
  if (bias === 0) return hard;
  const sign = builder.anywhere(hard, (name) => arrays().map({ name, fn: 'sign' }));
  const step = builder.anywhere(sign, (name) =>
    arrays().map({ name, fn: 'affine', alpha: bias, beta: 0 }),
  );
  return twoActivations(node, 'subtract', hard, step);
}

/** The mean of several. */
export function mean(node: Node): Value {
  const sum = applyBinary(node, binary.Add);
  const share = 1 / node.inputs.length;
  if (sum instanceof Constant)
    return combined([sum], 'float', (value) => (value as number) * share);
  return node.builder.anywhere(sum, (name) =>
    arrays().map({ name, fn: 'affine', alpha: share, beta: 0 }),
  );
}
