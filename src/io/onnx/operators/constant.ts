// Operators on constants: what shapes and sizes are computed with. Of what layers compute, a few.

import { reshaped } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { filled, isBatch, NeedsWhole } from '../../importing/builder.js';
import { countOf, gathered, list, scalar } from '../../importing/constants.js';
import { concatenated, fromOrder, inOrder, orderOf, sliced } from '../../importing/moves.js';
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
  const axis = node.axis(node.int('axis', 0), data.shape.length);
  const chosen = node.input(1);
  if (chosen instanceof Activation) return embedded(node, data, axis, chosen);
  const indices = known(node, 1);
  const numbers = Array.from(indices.data as ArrayLike<number>, Math.trunc);
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

/** Rows of an array of the file by numbers that layers compute. */
function embedded(node: Node, table: Value, axis: number, indices: Activation): Value {
  if (!(table instanceof Constant) || table.kind !== 'float' || axis !== 0)
    return node.fail('its indices are computed: then its numbers must be rows of a known array');
  if (indices.hasBatchInside) throw new NeedsWhole();
  const [count, ...shape] = table.shape;
  const order = orderOf(indices);
  const y = node.builder.apply(
    (name) => arrays().embedding({ name, count, shape }),
    inOrder(indices, order),
    { table: filled(table) },
    { learns: table.name !== undefined },
  );
  // A number alone is a sample of one.
  const sides = [...order.map((own) => indices.shape[own]), ...shape];
  const rows = reshaped(y, sides.length > 0 ? sides : [1]);
  const all = [...order, ...shape.map((_, i) => indices.rank + i)];
  return fromOrder(rows, all, indices.hasBatch);
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
  if (value instanceof Activation) {
    if (kind === 'float') return value;
    if (kind === 'int') return node.fail(`layers compute floats, not ${typeName(to)}`);
    return node.builder.anywhere(value, (name) => arrays().map({ name, fn: 'isNotZero' }));
  }
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

/** How many numbers there are. */
export function size(node: Node): Value {
  const sides = sidesOf(node.input(0));
  const [first] = sides;
  const known = sides.slice(first instanceof BatchSide ? 1 : 0) as number[];
  const product = known.reduce((all, side) => all * side, 1);
  return scalar(first instanceof BatchSide ? new BatchSide(product) : product);
}
