// Operators on constants: what shapes and sizes are computed with. Of what layers compute, a few.

import { isBatch, NeedsWhole } from '../../importing/builder.js';
import { combined, countOf, gathered, list, scalar } from '../../importing/constants.js';
import { FOR_CONVOLUTIONS } from '../../importing/fault.js';
import { concatenated, sliced } from '../../importing/moves.js';
import {
  Activation,
  BatchSide,
  Constant,
  type Kind,
  type Side,
  type Value,
} from '../../importing/value.js';
import type { Node } from '../node.js';
import { DataType, typeName } from '../proto.js';
import { kindOf } from '../tensors.js';
import { sidesOf, toShape } from './shape.js';

/** Constant: an array, or a number or list. */
export function constant(node: Node): Value {
  const given = node.constant('value');
  // Without a name: it is no weight.
  if (given) return given.as(given.shape, undefined);
  if (node.has('value_float')) return scalar(node.float('value_float'), 'float');
  if (node.has('value_int')) return scalar(node.int('value_int'));
  const floats = node.floats('value_floats');
  if (node.has('value_floats') && floats)
    return new Constant([floats.length], 'float', Float32Array.from(floats));
  const ints = node.ints('value_ints');
  return node.has('value_ints') && ints ? list(ints) : node.fail('it has no numbers');
}

/** Whole numbers of an input that is a constant. @throws {FormatError} for what layers compute */
const known = (node: Node, index: number): Constant =>
  node.known(index) ?? node.fail(`its input ${index} is missing`);

export function constantOfShape(node: Node): Value {
  const sides = known(node, 0);
  // The same for each sample, however many there are.
  const shape = Array.from(sides.data as ArrayLike<Side>, (side) => {
    if (!(side instanceof BatchSide)) return side;
    if (side.times === 1) return 1;
    throw new NeedsWhole();
  });
  const value = node.constant('value');
  if (!shape.every((side) => Number.isInteger(side) && side >= 0))
    node.fail(`its shape is [${shape.join(', ')}]`);
  const size = countOf(shape);
  const kind: Kind = value?.kind ?? 'float';
  const numbers = new Array(size).fill(value ? value.data[0] : 0);
  return new Constant(shape, kind, kind === 'float' ? Float32Array.from(numbers) : numbers);
}

export function range(node: Node): Value {
  const [start, limit, delta] = [0, 1, 2].map((i) => Number(known(node, i).data[0]));
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  countOf([count]);
  const { kind } = known(node, 0);
  const numbers = Array.from({ length: count }, (_, i) => start + i * delta);
  return kind === 'float' ? new Constant([count], kind, Float32Array.from(numbers)) : list(numbers);
}

/** Gather: numbers along an axis by index; of what layers compute, parts of it. */
export function gather(node: Node): Value {
  const data = node.input(0);
  if (node.input(1) instanceof Activation)
    node.fail(
      `its indices depend on the network's inputs, as those of words do. ${FOR_CONVOLUTIONS}`,
    );
  const indices = known(node, 1);
  const axis = node.axis(node.int('axis', 0), data.shape.length);
  const numbers = Array.from(indices.data as ArrayLike<number>);
  if (data instanceof Constant) return gathered(data, axis, numbers, indices.shape);
  const isOne = indices.shape.length === 0;
  if (isBatch(data.axes[axis]) || (data.hasBatchInside && !isOne)) throw new NeedsWhole();
  const side = data.shape[axis];
  const own = numbers.map((index) => (index < 0 ? index + side : index));
  if (own.length === 0 || own.some((index) => !(index >= 0 && index < side)))
    node.fail(`its indices [${numbers.slice(0, 8).join(', ')}] are not of ${side} numbers`);
  const parts = runs(own).map(
    ([begin, size, step]) => sliced(node.builder, data, axis, begin, size, step) as Activation,
  );
  const made = concatenated(node.builder, parts, axis);
  if (indices.shape.length === 1) return made;
  // A single index takes the axis away; several dimensions take its place.
  if (isOne) {
    const stays = made.axes.filter((_, i) => i !== axis);
    return new Activation(made.tensor, stays, made.stored);
  }
  const sides = sidesOf(made);
  sides.splice(axis, 1, ...indices.shape);
  return toShape(node, made, sides);
}

/** Runs of indices with one step between them: [begin, size, step]. */
function runs(indices: readonly number[]): [begin: number, size: number, step: number][] {
  const found: [number, number, number][] = [];
  for (const index of indices) {
    const last = found.at(-1);
    const step = last ? index - (last[0] + (last[1] - 1) * last[2]) : 0;
    if (last && step !== 0 && (last[1] === 1 || step === last[2])) {
      last[2] = step;
      last[1]++;
    } else {
      found.push([index, 1, 1]);
    }
  }
  return found;
}

/** Cast: layers compute floats, whatever a file calls them. */
export function cast(node: Node): Value {
  const value = node.input(0);
  const to = node.int('to', DataType.float);
  const kind = kindOf(to) ?? node.fail(`it makes ${typeName(to)}`);
  if (value instanceof Activation)
    return kind === 'float' ? value : node.fail(`layers compute floats, not ${typeName(to)}`);
  const change = (number: Side): Side => {
    if (number instanceof BatchSide || kind === 'float') return number;
    return kind === 'bool' ? Number(number !== 0) : Math.trunc(number);
  };
  const numbers = Array.from(value.data as ArrayLike<Side>, change);
  return new Constant(
    value.shape,
    kind,
    kind === 'float' ? Float32Array.from(numbers as number[]) : numbers,
    value.name,
  );
}

const equals = (a: Side, b: Side): boolean =>
  a instanceof BatchSide && b instanceof BatchSide ? a.times === b.times : a === b;

/** Comparisons of constants, as 0 and 1. */
export const comparisons: Readonly<Record<string, (a: Side, b: Side) => boolean>> = {
  Equal: equals,
  Less: (a, b) => a < b,
  Greater: (a, b) => a > b,
  LessOrEqual: (a, b) => a <= b,
  GreaterOrEqual: (a, b) => a >= b,
  And: (a, b) => Boolean(a) && Boolean(b),
  Or: (a, b) => Boolean(a) || Boolean(b),
};

export const not = (node: Node): Value =>
  combined([known(node, 0)], 'bool', (a) => Number(a === 0));

export function where(node: Node): Value {
  const [condition, a, b] = [0, 1, 2].map((i) => known(node, i));
  return combined([condition, a, b], a.kind, (c, x, y) => (c !== 0 ? x : y));
}

/** How many numbers there are. */
export function size(node: Node): Value {
  const sides = sidesOf(node.input(0));
  const [first] = sides;
  const known = sides.slice(first instanceof BatchSide ? 1 : 0) as number[];
  const product = known.reduce((all, side) => all * side, 1);
  return scalar(first instanceof BatchSide ? new BatchSide(product) : product);
}
