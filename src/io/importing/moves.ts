// Slices, concatenation and broadcasting of activations, whatever their order in memory.

import { layers } from '../../core.js';
import type { SymbolicTensor } from '../../network/layer.js';
import { arranged, reshaped } from './arrange.js';
import { arrays } from './arrays.js';
import { type Builder, filled, isBatch, NeedsWhole } from './builder.js';
import { sliceOf } from './constants.js';
import {
  Activation,
  type Atom,
  BATCH,
  Constant,
  integers,
  sizeOfAxis,
  type Value,
} from './value.js';

const product = (sides: readonly number[]): number => sides.reduce((all, side) => all * side, 1);

/**
 * In which order an activation's axes lie in memory, the batch left out: each axis's atoms side by side. The file's
 * order where they do not lie so.
 */
export function orderOf(x: Activation): number[] {
  const axes = [...x.axes.keys()].filter((axis) => !isBatch(x.axes[axis]));
  const heads = (axis: number): number => {
    const atom = x.axes[axis].find(({ size }) => size !== 1);
    // An axis of one number lies where its atom is said to be, or anywhere.
    return x.stored.indexOf(atom ?? x.axes[axis][0]);
  };
  const order = [...axes].sort((a, b) => heads(a) - heads(b));
  const solid = (atoms: readonly Atom[]) => atoms.filter(({ size }) => size !== 1);
  const wanted = solid(order.flatMap((axis) => x.axes[axis]));
  const own = solid(x.stored);
  return own.every((atom, i) => atom === wanted[i]) ? order : axes;
}

/** The tensor with one dimension per axis, in this order in memory. */
export const inOrder = (x: Activation, order: readonly number[]): SymbolicTensor =>
  arranged(
    x,
    order.map((axis) => x.axes[axis]),
  );

/** What a layer over one dimension per axis, in this order, has made. */
export function fromOrder(
  y: SymbolicTensor,
  order: readonly number[],
  hasBatch: boolean,
): Activation {
  const atoms = y.shape.map((size) => ({ size }));
  const axes: Atom[][] = hasBatch ? [[BATCH]] : [];
  order.forEach((axis, i) => {
    axes[axis] = [atoms[i]];
  });
  return new Activation(y, axes, atoms);
}

/** An axis in another place: no number moves. */
function moved(x: Activation, from: number, to: number): Activation {
  const axes = [...x.axes];
  axes.splice(to, 0, ...axes.splice(from, 1));
  return new Activation(x.tensor, axes, x.stored);
}

/**
 * Applies a layer along one axis, of which nothing but its place in memory matters: to [before, side, after].
 *
 * @throws {NeedsWhole} for the batch
 */
function along(
  x: Activation,
  axis: number,
  apply: (x: SymbolicTensor) => SymbolicTensor,
): Activation {
  if (isBatch(x.axes[axis])) throw new NeedsWhole();
  const batch = x.axes.findIndex(isBatch);
  if (batch > 0) {
    const y = along(moved(x, batch, 0), axis < batch ? axis + 1 : axis, apply);
    return moved(y, 0, batch);
  }
  const order = orderOf(x);
  const place = order.indexOf(axis);
  const shape = order.map((one) => sizeOfAxis(x.axes[one]));
  const from = inOrder(x, order);
  const flat = [product(shape.slice(0, place)), shape[place], product(shape.slice(place + 1))];
  const y = apply(reshaped(from, flat));
  const sides = [...shape.slice(0, place), y.shape[1], ...shape.slice(place + 1)];
  return fromOrder(reshaped(y, sides), order, x.hasBatch);
}

/** A part of a value along an axis. */
export function sliced(
  builder: Builder,
  value: Value,
  axis: number,
  begin: number,
  size: number,
  step = 1,
): Value {
  if (value instanceof Constant) return sliceOf(value, axis, begin, size, step);
  if (begin === 0 && step === 1 && size === value.shape[axis]) return value;
  const end = begin + size * step;
  return along(value, axis, (x) =>
    builder.apply(
      (name) =>
        arrays().slice({
          name,
          begin: [0, begin, 0],
          // Before the first number, where it goes backwards.
          end: [x.shape[0], end < 0 ? -x.shape[1] - 1 : end, x.shape[2]],
          step: [1, step, 1],
        }),
      x,
    ),
  );
}

/** Activations one after the other along an axis. @throws {NeedsWhole} for the batch */
export function concatenated(
  builder: Builder,
  values: readonly Activation[],
  axis: number,
): Activation {
  const [first] = values;
  if (values.length === 1) return first;
  if (isBatch(first.axes[axis])) throw new NeedsWhole();
  const order = orderOf(first);
  const place = order.indexOf(axis);
  const flat = values.map((value) => {
    const tensor = inOrder(value, order);
    const { shape } = tensor;
    // The layer joins the last dimension.
    return place === shape.length - 1
      ? tensor
      : reshaped(tensor, [product(shape.slice(0, place)), product(shape.slice(place))]);
  });
  const y = builder.apply((name) => layers.concat({ name }), flat);
  const sides = order.map((one) =>
    one === axis
      ? values.reduce((sum, value) => sum + value.shape[axis], 0)
      : sizeOfAxis(first.axes[one]),
  );
  return fromOrder(reshaped(y, sides), order, first.hasBatch);
}

/** An activation with axes of one number in front, so that it has this rank: broadcasting begins so. */
export function ranked(x: Activation, rank: number): Activation {
  const missing = rank - x.rank;
  if (missing <= 0) return x;
  // The batch would have to be broadcast against what is no batch.
  if (x.hasBatch) throw new NeedsWhole();
  const ones = Array.from({ length: missing }, () => ({ size: 1 }));
  return new Activation(x.tensor, [...ones.map((one) => [one]), ...x.axes], [...ones, ...x.stored]);
}

/** An activation broadcast to a shape, in the file's order, of its rank. */
export function expanded(builder: Builder, x: Activation, shape: readonly number[]): Activation {
  const order = orderOf(x);
  const sides = order.map((axis) => shape[axis]);
  const from = inOrder(x, order);
  if (from.shape.every((side, i) => side === sides[i])) return x;
  const y = builder.apply((name) => arrays().expand({ name, shape: sides }), from);
  return fromOrder(y, order, x.hasBatch);
}

/** A constant as an activation beside another one: the same for each sample. An activation stays as it is. */
export function held(builder: Builder, value: Value, like: Activation): Activation {
  if (value instanceof Activation) return value;
  // What follows the batch is no number yet.
  if (value.kind !== 'float' && !integers(value)) throw new NeedsWhole();
  const shape = [...value.shape];
  if (like.hasBatch) {
    while (shape.length < like.rank) shape.unshift(1);
    if (shape.shift() !== 1) throw new NeedsWhole();
  }
  const y = builder.apply(
    (name) => arrays().constant({ name, shape: shape.length > 0 ? shape : [1] }),
    like.tensor,
    { value: filled(value) },
    { learns: value.name !== undefined && value.kind === 'float' },
  );
  const axes = shape.map((_, axis) => axis + (like.hasBatch ? 1 : 0));
  return fromOrder(y, axes, like.hasBatch);
}

/** Both of two values as activations; one of them is one. */
export function bothHeld(builder: Builder, a: Value, b: Value): [Activation, Activation] {
  const like = (a instanceof Activation ? a : b) as Activation;
  return [held(builder, a, like), held(builder, b, like)];
}
