// Matrix products: with weights, as dense layers and 1×1 convolutions; and of two activations.

import { layers } from '../../../core.js';
import { arranged, reshaped } from '../../importing/arrange.js';
import { arrays } from '../../importing/arrays.js';
import {
  filled,
  isBatch,
  type Make,
  NeedsWhole,
  type WeightSource,
  weightOf,
} from '../../importing/builder.js';
import { reshapedConstant } from '../../importing/constants.js';
import { bothHeld, fromOrder, held, inOrder, ranked } from '../../importing/moves.js';
import { Activation, type Atom, Constant, type Value } from '../../importing/value.js';
import { ownActivation } from '../fold.js';
import type { Node } from '../node.js';
import { applyBinary, binary } from './elementwise.js';

/** The same numbers, of another name or none: those that are changed on the way are no weights of the file by name. */
const scaled = (constant: Constant, factor: number): Constant =>
  factor === 1
    ? constant
    : new Constant(
        constant.shape,
        'float',
        Float32Array.from(constant.data as Float32Array, (value) => value * factor),
        constant.name === undefined ? undefined : `${constant.name} · ${factor}`,
      );

/**
 * x times a matrix along its last axis. The matrix's rows are put in the order in which x lies.
 *
 * @param w [features, units], or [units, features] where `isTransposed`
 */
function linear(
  node: Node,
  x: Activation,
  w: Constant,
  isTransposed: boolean,
  bias: WeightSource | undefined,
): Activation {
  const last = x.axes[x.rank - 1];
  if (isBatch(last)) throw new NeedsWhole();
  const [features, units] = isTransposed ? [w.shape[1], w.shape[0]] : w.shape;
  if (features !== x.shape[x.rank - 1])
    node.fail(`its matrix is for ${features} features, its input has ${x.shape[x.rank - 1]}`);
  // The atoms of the last axis as they lie, and as the file has them.
  const lying = [...last].sort((a, b) => x.stored.indexOf(a) - x.stored.indexOf(b));
  const sides = last.map(({ size }) => size);
  const places = lying.map((atom) => last.indexOf(atom));
  const split = isTransposed ? [units, ...sides] : [...sides, units];
  const order = isTransposed ? [...places.map((place) => place + 1), 0] : [...places, sides.length];
  const kernel = filled(w, order, split);
  const others = [...x.axes.keys()].filter((axis) => axis < x.rank - 1 && !isBatch(x.axes[axis]));
  const rows = others.map((axis) => x.axes[axis]);
  const options = {
    ...{ useBias: bias !== undefined, kernelInitializer: 'zeros' as const },
    ...ownActivation(node),
  };
  const from = arranged(x, [...rows, lying]);
  const isVector = others.length === 0 && x.hasBatch;
  if (isVector) {
    const make: Make = (name) =>
      node.op === 'Rbf' ? layers.rbf({ units, name }) : layers.dense({ ...options, units, name });
    const y = node.builder.apply(make, from, {
      kernel,
      bias,
    });
    return fromOrder(y, [1], true);
  }
  // Rows are pixels of a line.
  const pixels = rows.reduce((product, atoms) => product * sizeOf(atoms), 1);
  const line = reshaped(from, [1, pixels, features]);
  const y = node.builder.apply(
    (name) => layers.conv2d({ ...options, filters: units, kernelSize: 1, name }),
    line,
    // [features, units] is [1, 1, features, units].
    { kernel, bias },
  );
  const shape = [...rows.map(sizeOf), units];
  const axis = x.rank - 1;
  return fromOrder(reshaped(y, shape), [...others, axis], x.hasBatch);
}

const sizeOf = (atoms: readonly Atom[]): number =>
  atoms.reduce((product, { size }) => product * size, 1);

/** Y = α·op(A)·op(B) + β·C. */
export function gemm(node: Node): Value {
  const b = node.input(1);
  const first = node.input(0);
  const a =
    b instanceof Activation && first instanceof Constant
      ? held(node.builder, first, b)
      : node.activation();
  const alpha = node.float('alpha', 1);
  const beta = node.float('beta', 1);
  const c = node.inputs[2];
  if (a.rank !== 2 || b.shape.length !== 2) node.fail('it multiplies matrices');
  const transposeA = node.int('transA') === 1;
  const transposeB = node.int('transB') === 1;
  if (transposeA && a.hasBatch) throw new NeedsWhole();
  const x = transposeA ? new Activation(a.tensor, [a.axes[1], a.axes[0]], a.stored) : a;
  const units = b.shape[transposeB ? 0 : 1];
  if (b instanceof Constant) {
    const isBias = c instanceof Constant && (c.size === units || c.size === 1) && isRow(c);
    const isWhole = isBias && beta === 1 && c.size === units;
    const bias = isWhole
      ? filled(c, [0], [units])
      : isBias
        ? (to: Float32Array): void => {
            for (let i = 0; i < units; i++) to[i] = beta * (c.data[c.size === 1 ? 0 : i] as number);
          }
        : undefined;
    const y = linear(node, x, scaled(b, alpha), transposeB, bias);
    return c && !isBias ? added(node, y, c, beta) : y;
  }
  const product = activations(node, x, b, transposeB);
  const y =
    alpha === 1
      ? product
      : node.builder.anywhere(product, (name) =>
          arrays().map({ name, fn: 'affine', alpha, beta: 0 }),
        );
  return c ? added(node, y, c, beta) : y;
}

/** Whether the numbers are one row: a bias of the units. */
const isRow = ({ shape }: Constant): boolean => shape.slice(0, -1).every((side) => side === 1);

function added(node: Node, y: Activation, c: Value, beta: number): Value {
  const summand =
    c instanceof Constant
      ? scaled(c, beta)
      : beta === 1
        ? c
        : node.builder.anywhere(c, (name) =>
            arrays().map({ name, fn: 'affine', alpha: beta, beta: 0 }),
          );
  return applyBinary(node.with([y, summand]), binary.Add);
}

/** Radial basis functions, whose kernel has a row for each number as that of a dense layer has. */
export function rbf(node: Node): Value {
  const x = node.activation();
  const w = node.known(1);
  if (x.rank !== 2 || !x.hasBatch || !w) throw new NeedsWhole();
  return linear(node, x, w, false, undefined);
}

/** Y = A·B, of matrices in stacks. A vector is a row on the left, a column on the right. */
export function matMul(node: Node): Value {
  const [a, b] = [node.input(0), node.input(1)];
  // A third input is a bias: see simplify.ts.
  const bias = node.inputs[2];
  const isColumn = b.shape.length === 1;
  const right = isColumn ? asColumn(b) : b;
  if (a instanceof Activation && right instanceof Constant && right.shape.length === 2) {
    const made = linear(node, a, right, false, bias && weightOf(bias, [0]));
    return isColumn ? without(made, made.rank - 1) : made;
  }
  const isRow = a.shape.length === 1;
  const made = activations(node, ...bothHeld(node.builder, isRow ? asRow(a) : a, right), false);
  const columns = isColumn ? without(made, made.rank - 1) : made;
  return isRow ? without(columns, made.rank - 2) : columns;
}

/** The same numbers without an axis of one number. */
const without = (x: Activation, axis: number): Activation =>
  x.picked([...x.axes.keys()].filter((one) => one !== axis));

const asRow = (x: Value): Value =>
  x instanceof Constant ? reshapedConstant(x, [1, x.size]) : ranked(x, 2);

function asColumn(x: Value): Value {
  if (x instanceof Constant) return reshapedConstant(x, [x.size, 1]);
  if (x.hasBatch) throw new NeedsWhole();
  const unit = { size: 1 };
  return new Activation(x.tensor, [x.axes[0], [unit]], [...x.stored, unit]);
}

/** A product of two activations, whose stacks are broadcast. */
function activations(node: Node, a: Activation, b: Activation, transposeB: boolean): Activation {
  const rank = Math.max(a.rank, b.rank);
  const [x, y] = [ranked(a, rank), ranked(b, rank)];
  // The batch may be a stack's, or the rows' of the matrix on the left alone.
  if (x.hasBatch !== y.hasBatch || (x.hasBatch && rank < 3)) throw new NeedsWhole();
  const axes = [...x.axes.keys()].filter((axis) => !isBatch(x.axes[axis]));
  const made = node.builder.apply(
    (name) => arrays().matMul({ name, ...(transposeB ? { transposeB } : {}) }),
    [inOrder(x, axes), inOrder(y, axes)],
  );
  return fromOrder(made, axes, x.hasBatch);
}
