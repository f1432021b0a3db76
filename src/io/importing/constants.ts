// Computing with constants: what shapes, sizes and folded weights are made of, before any layer is.

import { ShapeError } from '../../base/errors.js';
import { permute } from '../permute.js';
import { BatchSide, Constant, type Kind, type Side } from './value.js';

const product = (sides: readonly number[]): number => sides.reduce((all, side) => all * side, 1);

/** A constant of one number. */
export const scalar = (value: Side, kind: Kind = 'int'): Constant =>
  new Constant([], kind, kind === 'float' ? Float32Array.of(value as number) : [value]);

/** A constant of whole numbers in a row. */
export const list = (values: readonly Side[]): Constant =>
  new Constant([values.length], 'int', values);

/** Numbers of a kind as a constant's data. */
const dataOf = (kind: Kind, numbers: readonly Side[]): Float32Array | readonly Side[] =>
  kind === 'float' ? Float32Array.from(numbers as readonly number[]) : numbers;

/** The most numbers that are computed before there is a network: a damaged file may ask for any number. */
const MOST = 2 ** 26;

/** How many numbers a shape has. @throws {ShapeError} for more than a network's constants have */
export function countOf(shape: readonly number[]): number {
  const count = product(shape);
  if (count <= MOST) return count;
  throw new ShapeError(
    `[${shape.join(', ')}] are ${count} numbers of a constant, more than ${MOST}`,
  );
}

/** Picks numbers: `from` says where each of the result's is. */
function picked(
  { kind, data, name }: Constant,
  shape: readonly number[],
  from: (index: number) => number,
): Constant {
  const numbers = Array.from({ length: countOf(shape) }, (_, i) => data[from(i)]);
  return new Constant(shape, kind, dataOf(kind, numbers), name);
}

/** The same numbers in another shape. */
export function reshapedConstant(constant: Constant, shape: readonly number[]): Constant {
  if (product(shape) === constant.size) return constant.as(shape, constant.name);
  throw new ShapeError(
    `[${constant.shape.join(', ')}] has ${constant.size} numbers, and cannot become [${shape.join(', ')}]`,
  );
}

/** Its axes in another order. */
export function transposedConstant(constant: Constant, order: readonly number[]): Constant {
  const { shape, kind, data, name } = constant;
  const sides = order.map((axis) => shape[axis]);
  if (kind !== 'float') {
    const to: number[] = new Array(constant.size);
    const places = Float64Array.from({ length: constant.size }, (_, i) => i);
    permute(to, places, shape, order);
    return picked(constant, sides, (i) => to[i]);
  }
  const to = new Float32Array(constant.size);
  permute(to, data as Float32Array, shape, order);
  return new Constant(sides, kind, to, name);
}

/** Numbers of one axis, by index. */
export function gathered(
  constant: Constant,
  axis: number,
  indices: readonly number[],
  indexShape: readonly number[] = [indices.length],
): Constant {
  const { shape } = constant;
  const inner = product(shape.slice(axis + 1));
  const side = shape[axis];
  const own = indices.map((index) => (index < 0 ? index + side : index));
  const bad = own.findIndex((index) => !(index >= 0 && index < side));
  if (bad >= 0) throw new ShapeError(`there is no number ${indices[bad]} along an axis of ${side}`);
  const count = own.length;
  const sides = [...shape.slice(0, axis), ...indexShape, ...shape.slice(axis + 1)];
  return picked(constant, sides, (i) => {
    const outer = Math.floor(i / (count * inner));
    const at = own[Math.floor(i / inner) % count];
    return (outer * side + at) * inner + (i % inner);
  });
}

/** A part along an axis. */
export const sliceOf = (
  constant: Constant,
  axis: number,
  begin: number,
  size: number,
  step: number,
): Constant =>
  gathered(
    constant,
    axis,
    Array.from({ length: size }, (_, i) => begin + i * step),
  );

/** Constants one after the other along an axis. */
export function joined(constants: readonly Constant[], axis: number): Constant {
  const [{ shape, kind }] = constants;
  const side = constants.reduce((sum, one) => sum + one.shape[axis], 0);
  const sides = [...shape.slice(0, axis), side, ...shape.slice(axis + 1)];
  countOf(sides);
  const outer = product(shape.slice(0, axis));
  const lengths = constants.map((one) => product(one.shape.slice(axis)));
  const numbers: Side[] = [];
  for (let i = 0; i < outer; i++)
    constants.forEach(({ data }, which) => {
      const begin = i * lengths[which];
      for (let k = begin; k < begin + lengths[which]; k++) numbers.push(data[k]);
    });
  return new Constant(sides, kind, dataOf(kind, numbers));
}

/** The shape that shapes are broadcast to, as NumPy does it. @throws {ShapeError} where they do not fit */
export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, i) => {
    const sides = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    const side = sides.find((one) => one !== 1) ?? 1;
    if (sides.every((one) => one === 1 || one === side)) return side;
    throw new ShapeError(
      `${shapes.map((shape) => `[${shape.join(', ')}]`).join(' and ')} cannot be broadcast to each other`,
    );
  });
}

/** A constant repeated along axes of one number, to a shape of the same rank or a higher one. */
export function broadcastConstant(constant: Constant, shape: readonly number[]): Constant {
  const missing = shape.length - constant.shape.length;
  const own = [...new Array(missing).fill(1), ...constant.shape];
  const strides = own.map((side, axis) => (side === 1 ? 0 : product(own.slice(axis + 1))));
  return picked(constant, shape, (i) => {
    let left = i;
    let at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (left % shape[axis]) * strides[axis];
      left = Math.floor(left / shape[axis]);
    }
    return at;
  });
}

/** Combines constants number by number, broadcasting. */
export function combined(
  constants: readonly Constant[],
  kind: Kind,
  work: (...numbers: Side[]) => Side,
): Constant {
  const shape = broadcastShape(...constants.map((one) => one.shape));
  const all = constants.map((one) => broadcastConstant(one, shape).data);
  const numbers = Array.from({ length: countOf(shape) }, (_, i) =>
    work(...all.map((data) => data[i])),
  );
  return new Constant(shape, kind, dataOf(kind, numbers));
}

/** A sum, product or quotient where one of the two may follow the batch. @throws {ShapeError} where the result does not */
export function arithmetic(fn: 'add' | 'subtract' | 'multiply' | 'divide', a: Side, b: Side): Side {
  if (typeof a === 'number' && typeof b === 'number') {
    if (fn === 'add') return a + b;
    if (fn === 'subtract') return a - b;
    return fn === 'multiply' ? a * b : a / b;
  }
  if (fn === 'multiply' && typeof b === 'number') return new BatchSide((a as BatchSide).times * b);
  if (fn === 'multiply' && typeof a === 'number') return new BatchSide((b as BatchSide).times * a);
  if (fn === 'divide' && typeof b === 'number') return new BatchSide((a as BatchSide).times / b);
  if (fn === 'divide' && typeof a !== 'number') return a.times / (b as BatchSide).times;
  throw new ShapeError(`${a} and ${b}: a shape cannot be computed so from an open batch`);
}
