// Normalization: by batch statistics, by neighbouring channels, and over groups of a sample's own numbers.

import { layers } from '../../../core.js';
import { arranged } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { isBatch, NeedsWhole, type WeightSource, weightOf } from '../../importing/builder.js';
import { broadcastConstant, list, reshapedConstant, scalar } from '../../importing/constants.js';
import { fromOrder, sliced } from '../../importing/moves.js';
import { Activation, Constant, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';
import { applyBinary, binary } from './elementwise.js';
import { reduce } from './reduce.js';
import { toShape } from './shape.js';

/** y = (x − mean) / √(variance + ε) · scale + bias, by channel. In training by the batch's own mean and variance. */
export function batchNormalization(node: Node): Value | Value[] {
  const x = node.activation();
  if (node.int('training_mode') === 1) return ofBatch(node, x);
  const [gamma, beta, movingMean, movingVariance] = [1, 2, 3, 4].map((i) =>
    weightOf(node.input(i), [0]),
  );
  const options = { epsilon: node.float('epsilon', 1e-5), momentum: node.float('momentum', 0.9) };
  if (node.has('spatial') && node.int('spatial') === 0)
    node.fail('it normalizes every number by itself (spatial: 0), which no version after 8 has');
  const weights = { gamma, beta, movingMean, movingVariance };
  if (x.rank >= 3)
    return node.builder.overImages(x, (name) => layers.batchNorm({ ...options, name }), weights);
  if (x.rank < 2) node.fail('it takes [batch, features, ...]');
  // [batch, features].
  const { hasBatch } = x;
  const from = arranged(x, hasBatch ? x.axes.slice(1) : x.axes);
  const make = (name: string) => layers.batchNorm({ ...options, name });
  const y = node.builder.apply(make, from, weights, { rows: !hasBatch });
  return fromOrder(y, hasBatch ? [1] : [0, 1], hasBatch);
}

/** Values combined by ONNX's operators. */
function arithmeticOf(node: Node) {
  return {
    number: (value: number): Value => scalar(value, 'float'),
    combine: (op: string, ...inputs: Value[]): Value => applyBinary(node.with(inputs), binary[op]),
    mean: (value: Value, axes: readonly number[]): Value =>
      reduce(node.with([value, list(axes)]), 'mean'),
  };
}

/** Normalized by the batch's own statistics, and the running ones after it: of an input that is given whole. */
function ofBatch(node: Node, x: Activation): Value[] {
  if (x.hasBatch) throw new NeedsWhole();
  const { number, combine, mean } = arithmeticOf(node);
  const [, scale, bias, runningMean, runningVariance] = node.inputs as Value[];
  const momentum = node.float('momentum', 0.9);
  const axes = [...x.axes.keys()].filter((axis) => axis !== 1);
  const ofChannels = (value: Value): Value =>
    toSides(node, value, [x.shape[1], ...axes.slice(1).map(() => 1)]);
  const centre = mean(x, axes);
  const centred = combine('Sub', x, centre);
  const variance = mean(combine('Mul', centred, centred), axes);
  const deviation = combine(
    'Pow',
    combine('Add', variance, number(node.float('epsilon', 1e-5))),
    number(0.5),
  );
  const y = combine(
    'Add',
    combine('Mul', combine('Div', centred, deviation), ofChannels(scale)),
    ofChannels(bias),
  );
  const moved = (running: Value, now: Value): Value =>
    combine(
      'Add',
      combine('Mul', running, number(momentum)),
      combine('Mul', toSides(node, now, [x.shape[1]]), number(1 - momentum)),
    );
  return [y, moved(runningMean, centre), moved(runningVariance, variance)];
}

/** A value in another shape. */
const toSides = (node: Node, value: Value, sides: number[]): Value =>
  value instanceof Activation ? toShape(node, value, sides) : reshapedConstant(value, sides);

/** AlexNet's: by the sum of squares of neighbouring channels. */
export function lrn(node: Node): Value {
  const { builder } = node;
  const x = node.activation();
  const size = node.int('size');
  const options = {
    size,
    alpha: node.float('alpha', 1e-4),
    beta: node.float('beta', 0.75),
    bias: node.float('bias', 1),
  };
  // Of an even number of channels our layer takes one more before than after, ONNX one more after.
  const turned = (value: Activation): Activation => {
    const count = value.shape[1];
    const isEven = size % 2 === 0;
    return isEven ? (sliced(builder, value, 1, count - 1, count, -1) as Activation) : value;
  };
  return turned(builder.overImages(turned(x), (name) => layers.lrn({ ...options, name })));
}

/** Scale and shift of a norm: none where constants that are no weights of the file stand for them and change nothing. */
function learned(
  gamma: Value,
  beta: Value | undefined,
  source: (value: Value, index: number) => WeightSource,
) {
  const isOnly = (value: Value, number: number): boolean =>
    value instanceof Constant &&
    value.name === undefined &&
    value.size > 0 &&
    Array.from(value.data as ArrayLike<number>).every((one) => one === number);
  const scale = !isOnly(gamma, 1);
  const center = beta !== undefined && !isOnly(beta, 0);
  return {
    options: { ...(scale ? {} : { scale }), ...(center ? {} : { center }) },
    weights: {
      gamma: scale ? source(gamma, 1) : undefined,
      beta: center ? source(beta, 2) : undefined,
    },
  };
}

export function instanceNormalization(node: Node): Value {
  const epsilon = node.float('epsilon', 1e-5);
  const { options, weights } = learned(node.input(1), node.input(2), (own) => weightOf(own, [0]));
  return node.builder.overImages(
    node.activation(),
    (name) => arrays().instanceNorm({ ...options, name, epsilon }),
    weights,
  );
}

/** Scale and bias are numbers of groups until opset 20, of channels from 21 on. */
export function groupNormalization(node: Node): Value {
  const x = node.activation();
  const groups = node.int('num_groups');
  const epsilon = node.float('epsilon', 1e-5);
  const [gamma, beta] = [1, 2].map((i) => node.known(i) ?? node.fail(`its input ${i} is missing`));
  const { options, weights } = learned(gamma, beta, (own, i) => {
    const value = own as Constant;
    if (value.shape.length > 1 && value.shape.length !== x.rank - 1)
      node.fail(`its input ${i} is no number of channels`);
    const each = x.shape[1] / value.size;
    const { data, name } = value;
    const fill = (to: Float32Array): void => {
      for (let i = 0; i < to.length; i++) to[i] = data[Math.floor(i / each)] as number;
    };
    return Object.assign(fill, name === undefined ? {} : { array: name });
  });
  return node.builder.overImages(
    x,
    (name) => arrays().groupNorm({ ...options, name, groups, epsilon }),
    weights,
  );
}

/** Over the last axes, from `axis` on. */
export function layerNormalization(node: Node): Value[] {
  const x = node.activation();
  const axis = node.axis(node.int('axis', -1), x.rank);
  if (isBatch(x.axes[axis])) throw new NeedsWhole();
  const epsilon = node.float('epsilon', 1e-5);
  const first = x.hasBatch ? 1 : 0;
  const count = x.rank - axis;
  const order = [...x.axes.keys()].slice(first);
  const axes = order.slice(-count).map((_, i) => order.length - count + i);
  const from = arranged(
    x,
    order.map((one) => x.axes[one]),
  );
  const shape = from.shape.slice(-count);
  // Less numbers than there are places are broadcast; ones in front say nothing.
  const ofShape = (value: Constant): Constant => {
    if (value.shape.length === count && value.size === shape.reduce((all, side) => all * side, 1))
      return value;
    const own = value.shape.slice(Math.max(0, value.shape.length - count));
    return broadcastConstant(reshapedConstant(value, own), shape);
  };
  const source = (value: Value) =>
    value instanceof Activation
      ? weightOf(value, [...value.shape.keys()])
      : weightOf(ofShape(value), [...shape.keys()]);
  const { options, weights } = learned(node.input(1), node.inputs[2], source);
  const y = node.builder.apply(
    (name) => arrays().layerNorm({ ...options, name, axes, epsilon }),
    from,
    weights,
  );
  const made: Value[] = [fromOrder(y, order, x.hasBatch)];
  if (!node.isRead(1) && !node.isRead(2)) return made;
  const { number, combine, mean } = arithmeticOf(node);
  const over = [...x.axes.keys()].slice(axis);
  const centre = mean(x, over);
  const centred = combine('Sub', x, centre);
  const variance = mean(combine('Mul', centred, centred), over);
  const inverse = combine('Pow', combine('Add', variance, number(epsilon)), number(-0.5));
  return [...made, centre, inverse];
}
