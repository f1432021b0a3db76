// Operators that give the same numbers another shape or place.

import { layers } from '../../../core.js';
import { freshAxes, inFileOrder, regrouped } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import { isBatch, NeedsWhole } from '../../importing/builder.js';
import {
  broadcastConstant,
  broadcastShape,
  joined,
  list,
  reshapedConstant,
  transposedConstant,
} from '../../importing/constants.js';
import {
  concatenated,
  expanded,
  fromOrder,
  held,
  inOrder,
  orderOf,
  ranked,
  sliced,
} from '../../importing/moves.js';
import {
  Activation,
  BATCH,
  BatchSide,
  Constant,
  type Side,
  type Value,
} from '../../importing/value.js';
import type { Node } from '../node.js';

const product = (sides: readonly number[]): number => sides.reduce((all, side) => all * side, 1);

/** The sides of a value's shape as a program computes with them: the batch stays open. */
export const sidesOf = (value: Value): Side[] =>
  value instanceof Activation && value.hasBatch
    ? [new BatchSide(1), ...value.shape.slice(1)]
    : [...value.shape];

/** An activation in another shape; the batch must stay the first side. */
export function toShape(node: Node, x: Activation, target: readonly Side[]): Activation {
  const known = target.map((side) => (typeof side === 'number' ? side : 1));
  const open = known.indexOf(-1);
  const total = product(x.shape);
  let shape = known;
  if (x.hasBatch) {
    const [first, ...rest] = target;
    const others = rest.filter((side) => side !== -1);
    const whole = others.every((side) => typeof side === 'number') && product(others as number[]);
    const staysFirst =
      (first instanceof BatchSide && first.times === 1) ||
      (first === -1 && whole === total) ||
      // The file's own batch, where it says one.
      (typeof first === 'number' && first > 0 && first === node.builder.fileBatch);
    if (!staysFirst) throw new NeedsWhole();
    shape = known.slice(1);
  } else if (target.some((side) => side instanceof BatchSide)) throw new NeedsWhole();
  const own = shape.filter((side) => side !== -1);
  if (shape.length - own.length > 1) node.fail(`its shape [${known}] leaves several sides open`);
  const left = total / product(own);
  const sides = shape.map((side) => (side === -1 ? left : side));
  if (open > 0 && x.hasBatch && product(sides) !== total) throw new NeedsWhole();
  if (product(sides) !== total || !sides.every(Number.isInteger))
    node.fail(`[${x.shape.join(', ')}] cannot become [${target.join(', ')}]`);
  const other = regrouped(x, sides);
  if (other) return other;
  const axes = freshAxes(sides, x.hasBatch);
  return new Activation(
    inFileOrder(x),
    axes,
    axes.flat().filter((atom) => atom !== BATCH),
  );
}

/** Reshape: 0 keeps a side, −1 takes what is left. */
export function reshape(node: Node): Value {
  const data = node.input(0);
  const given: Side[] = [
    ...((node.inputs.length > 1 ? node.known(1)?.data : node.ints('shape')) ??
      node.fail('its shape is missing')),
  ];
  const from = sidesOf(data);
  const zeroIsZero = node.int('allowzero') === 1;
  const target = given.map((side, i) => (side === 0 && !zeroIsZero ? (from[i] ?? 1) : side));
  if (data instanceof Activation) return toShape(node, data, target);
  const known = target as number[];
  const own = product(known.filter((side) => side !== -1));
  return reshapedConstant(
    data,
    known.map((side) => (side === -1 ? data.size / own : side)),
  );
}

/** Flatten: the axes before one, and those from it on. */
export function flatten(node: Node): Value {
  const data = node.input(0);
  const rank = data.shape.length;
  const given = node.int('axis', 1);
  const axis = given < 0 ? given + rank : given;
  if (!(axis >= 0 && axis <= rank)) node.fail(`its axis is ${given}, of ${rank} dimensions`);
  if (data instanceof Activation && data.hasBatch && axis === 1) {
    return toShape(node, data, [new BatchSide(1), product(data.shape)]);
  }
  const shape = [product(data.shape.slice(0, axis)), product(data.shape.slice(axis))];
  if (data instanceof Constant) return reshapedConstant(data, shape);
  if (data.hasBatch) throw new NeedsWhole();
  return toShape(node, data, shape);
}

export function transpose(node: Node): Value {
  const data = node.input(0);
  const rank = data.shape.length;
  const order = node.ints('perm') ?? [...data.shape.keys()].reverse();
  const isOrder = [...order].sort((a, b) => a - b).every((axis, i) => axis === i);
  if (!isOrder || order.length !== rank)
    node.fail(`its perm [${order.join(', ')}] is no order of ${rank} axes`);
  if (data instanceof Constant) return transposedConstant(data, order);
  return new Activation(
    data.tensor,
    order.map((axis) => data.axes[axis]),
    data.stored,
  );
}

/** Takes axes of one number away. */
export function squeeze(node: Node): Value {
  const data = node.input(0);
  const rank = data.shape.length;
  const given = node.integers(1, 'axes');
  const isOne = (axis: number): boolean =>
    data.shape[axis] === 1 && !(data instanceof Activation && isBatch(data.axes[axis]));
  const axes = given ? node.axes(given, rank) : [...data.shape.keys()].filter(isOne);
  const batch = axes.some((axis) => data instanceof Activation && isBatch(data.axes[axis]));
  if (batch) throw new NeedsWhole();
  if (!axes.every(isOne)) node.fail(`axes [${axes.join(', ')}] are not all of one number`);
  const stays = [...data.shape.keys()].filter((axis) => !axes.includes(axis));
  if (data instanceof Constant)
    return reshapedConstant(
      data,
      stays.map((axis) => data.shape[axis]),
    );
  return data.picked(stays);
}

/** Puts axes of one number in. */
export function unsqueeze(node: Node): Value {
  const data = node.input(0);
  const given = node.integers(1, 'axes') ?? node.fail('its axes are missing');
  const rank = data.shape.length + given.length;
  const axes = node.axes(given, rank);
  if (new Set(axes).size < axes.length)
    node.fail(`its axes [${given.join(', ')}] are not different`);
  if (data instanceof Activation && data.hasBatch && axes.includes(0)) throw new NeedsWhole();
  let from = 0;
  const places = Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? -1 : from++));
  if (data instanceof Constant)
    return reshapedConstant(
      data,
      places.map((place) => (place < 0 ? 1 : data.shape[place])),
    );
  const more: { size: number }[] = [];
  const own = places.map((place) => {
    if (place >= 0) return data.axes[place];
    const atom = { size: 1 };
    more.push(atom);
    return [atom];
  });
  return new Activation(data.tensor, own, [...data.stored, ...more]);
}

/** Expand: to the shape that both are broadcast to. */
export function expand(node: Node): Value {
  const data = node.input(0);
  const target = node.known(1) ?? node.fail('its shape is missing');
  const sides = [...target.data];
  if (data instanceof Constant) {
    // The same for each sample, however many there are.
    const known = sides.map((side) => (side instanceof BatchSide ? 1 : side));
    return broadcastConstant(data, broadcastShape(data.shape, known));
  }
  const x = ranked(data, sides.length);
  const wanted = [...new Array(Math.max(0, x.rank - sides.length)).fill(1), ...sides] as Side[];
  if (x.hasBatch) {
    const [first] = wanted;
    if (first !== 1 && !(first instanceof BatchSide) && first !== node.builder.fileBatch)
      throw new NeedsWhole();
    wanted[0] = 1;
  }
  if (wanted.some((side) => side instanceof BatchSide)) throw new NeedsWhole();
  return expanded(node.builder, x, broadcastShape(x.shape, wanted as number[]));
}

export function concat(node: Node): Value {
  const values = node.inputs.map((_, i) => node.input(i));
  const rank = values[0].shape.length;
  const axis = node.axis(node.int('axis', 1), rank);
  const constants = values.filter((value) => value instanceof Constant);
  if (constants.length === values.length) return joined(constants, axis);
  const like = values.find((value) => value instanceof Activation) as Activation;
  const all = values.map((value) => held(node.builder, value, like));
  const fits = all.every(
    ({ shape, hasBatch }) =>
      hasBatch === all[0].hasBatch &&
      shape.length === rank &&
      shape.every((side, i) => i === axis || side === all[0].shape[i]),
  );
  if (!fits) node.fail('its inputs differ in more than the axis');
  return concatenated(node.builder, all, axis);
}

/** Parts along an axis: of given sizes, or so many equal ones, of which the last may be smaller. */
export function split(node: Node): Value[] {
  const data = node.input(0);
  const axis = node.axis(node.int('axis', 0), data.shape.length);
  if (data instanceof Activation && isBatch(data.axes[axis])) throw new NeedsWhole();
  const side = data.shape[axis];
  const count = node.int('num_outputs', node.outputs);
  const each = Math.ceil(side / count);
  const sizes =
    node.integers(1, 'split') ??
    Array.from({ length: count }, (_, i) => Math.min(each, side - i * each));
  // Layers compute no arrays without numbers.
  const least = data instanceof Constant ? 0 : 1;
  if (sizes.some((size) => size < least) || sizes.reduce((sum, size) => sum + size, 0) !== side)
    node.fail(`its parts [${sizes.join(', ')}] do not make up ${side}`);
  let begin = 0;
  return sizes.map((size) => {
    begin += size;
    return sliced(node.builder, data, axis, begin - size, size);
  });
}

/** Slice: from starts to ends, by steps; attributes until opset 9, inputs since. */
export function slice(node: Node): Value {
  const data = node.input(0);
  const rank = data.shape.length;
  const starts = node.integers(1, 'starts') ?? node.fail('its starts are missing');
  const ends = node.integers(2, 'ends') ?? node.fail('its ends are missing');
  const axes = node.axes(node.integers(3, 'axes') ?? [...starts.keys()], rank);
  const steps = node.integers(4) ?? starts.map(() => 1);
  let made: Value = data;
  for (const [i, axis] of axes.entries()) {
    const step = steps[i];
    if (step === 0) node.fail('a step is 0');
    if (made instanceof Activation && isBatch(made.axes[axis])) {
      // All of the batch is no slice.
      if (starts[i] === 0 && ends[i] >= 2 ** 31 - 1 && step === 1) continue;
      throw new NeedsWhole();
    }
    const side = made.shape[axis];
    const from = (value: number): number => (value < 0 ? value + side : value);
    const cut = (value: number, least: number, most: number) =>
      Math.min(most, Math.max(least, value));
    const begin = step > 0 ? cut(from(starts[i]), 0, side) : cut(from(starts[i]), 0, side - 1);
    const end = step > 0 ? cut(from(ends[i]), 0, side) : cut(from(ends[i]), -1, side - 1);
    const size = Math.max(0, Math.ceil((end - begin) / step));
    if (size === 0 && made instanceof Activation)
      node.fail(`nothing is left of its axis ${axis}: tensors without numbers are not supported`);
    made = sliced(node.builder, made, axis, begin, size, step);
  }
  return made;
}

const padModes: Readonly<Record<string, 'constant' | 'reflect' | 'edge' | 'wrap'>> = {
  constant: 'constant',
  reflect: 'reflect',
  edge: 'edge',
  wrap: 'wrap',
};

/** Pad: attributes until opset 10, inputs since; negative numbers cut off. */
export function pad(node: Node): Value {
  const x = node.activation();
  const { rank, hasBatch } = x;
  const pads =
    node.integers(1, node.has('paddings') ? 'paddings' : 'pads') ??
    node.fail('its pads are missing');
  const axes = node.axes(node.integers(3) ?? [...x.axes.keys()], rank);
  if (pads.length !== 2 * axes.length)
    node.fail(`its pads must be ${2 * axes.length} numbers, not ${pads.length}`);
  const given = node.known(2);
  const value = given && given.size > 0 ? Number(given.data[0]) : node.float('value', 0);
  const mode =
    padModes[node.text('mode', 'constant')] ?? node.fail(`there is no mode ${node.text('mode')}`);
  const around = x.axes.map((_, axis): [number, number] => {
    const i = axes.indexOf(axis);
    return i < 0 ? [0, 0] : [pads[i], pads[axes.length + i]];
  });
  if (hasBatch && around[0].some((side) => side !== 0)) throw new NeedsWhole();
  if (around.flat().every((side) => side === 0)) return x;
  const order = orderOf(x);
  const padding = order.map((axis) => around[axis]);
  const y = node.builder.apply(
    (name) => arrays().pad({ name, padding, mode, ...(mode === 'constant' ? { value } : {}) }),
    inOrder(x, order),
  );
  return fromOrder(y, order, hasBatch);
}

/** Copies that are joined: more are no network's. */
const MOST_COPIES = 1024;

/** Tile: each axis repeated, as copies one after the other. */
export function tile(node: Node): Value {
  const data = node.input(0);
  const repeats = node.integers(1) ?? node.fail('its repeats are missing');
  let made: Value = data;
  for (const [axis, times] of repeats.entries()) {
    if (times === 1) continue;
    if (times < 1 || times > MOST_COPIES) node.fail(`it repeats an axis ${times} times`);
    const copies = new Array(times).fill(made);
    made =
      made instanceof Constant ? joined(copies, axis) : concatenated(node.builder, copies, axis);
  }
  return made;
}

/** Shape: as whole numbers, of which the first follows the batch. */
export function shape(node: Node): Value {
  const sides = sidesOf(node.input(0));
  const clamp = (value: number): number =>
    Math.min(sides.length, Math.max(0, value < 0 ? value + sides.length : value));
  return list(sides.slice(clamp(node.int('start', 0)), clamp(node.int('end', sides.length))));
}

/** Channels become pixels. */
export function depthToSpace(node: Node): Value {
  const blockSize = node.int('blocksize');
  const mode = node.text('mode', 'DCR') === 'CRD' ? 'crd' : 'dcr';
  return node.builder.overImages(node.activation(), (name) =>
    arrays().depthToSpace({ name, blockSize, mode }),
  );
}

/** Pixels become channels. */
export function spaceToDepth(node: Node): Value {
  const blockSize = node.int('blocksize');
  return node.builder.overImages(node.activation(), (name) =>
    arrays().spaceToDepth({ name, blockSize }),
  );
}

/** Every n-th pixel, and more channels. */
export function identityShortcut(node: Node): Value {
  const x = node.activation();
  const [[strides], [more], ends] = ['strides', 'more', 'ends'].map(
    (word) => node.ints(word) as number[],
  );
  if (x.rank !== 4 || ends.some((end, i) => end < x.shape[2 + i]))
    node.fail('it cuts the image before its end, and then adds channels');
  return node.builder.overImages(x, (name) =>
    layers.identityShortcut({ name, strides, filters: x.shape[1] + more }),
  );
}
