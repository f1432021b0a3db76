// The product of two inputs as a layer.

import { ShapeError } from '../../base/errors.js';
import { flag } from '../../base/options.js';
import { type Shape, show, sizeOf } from '../../base/shape.js';
import type { Forward, Layer, LayerOptions, Lowering } from '../../network/layer.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { type MatMul, matMul as product } from '../dense/matrix.emit.js';
import { Merge } from '../merge/merge.layer.js';
import { aligned, broadcastShape, sumTo } from './combine.emit.js';

/** Options of `matMul`. */
export interface MatMulOptions extends LayerOptions {
  /** Whether the first input's matrices are [k, m], not [m, k]: false by default. */
  transposeA?: boolean;
  /** Whether the second input's matrices are [n, k], not [k, n]: false by default. */
  transposeB?: boolean;
}

/** The matrices of an array: how many along each leading dimension, and the size of each. */
interface Matrices {
  readonly value: Value;
  readonly leading: Shape;
}

const sidesOf = (shape: Shape, transposed?: boolean): readonly [number, number] => {
  const [rows, columns] = shape.slice(-2);
  return transposed ? [columns, rows] : [rows, columns];
};

class Product extends Merge<readonly [Value, Value]> {
  declare readonly options: MatMulOptions;

  constructor(options: MatMulOptions) {
    super('matMul', options, { transposeA: flag, transposeB: flag });
  }

  shapeFor(a: Shape, b: Shape, ...others: Shape[]): Shape {
    if (others.length > 0) throw new ShapeError(`multiplies two inputs, not more`);
    if (a.length < 2 || b.length < 2)
      throw new ShapeError(`expected matrices [..., rows, columns], not ${show(a)} and ${show(b)}`);
    const { transposeA, transposeB } = this.options;
    const [[m, k], [rows, n]] = [sidesOf(a, transposeA), sidesOf(b, transposeB)];
    if (k !== rows)
      throw new ShapeError(
        `the first has ${k} columns, the second ${rows} rows: they must be the same number`,
      );
    return [...broadcastShape(a.slice(0, -2), b.slice(0, -2)), m, n];
  }

  emitForward({ emitter }: Lowering, a: Value, b: Value): Forward<readonly [Value, Value]> {
    const [batch, ...sample] = a.shape;
    const y = emitter.value([batch, ...this.shapeFor(sample, b.shape.slice(1))]);
    const { transposeA, transposeB } = this.options;
    const [m, k] = sidesOf(a.shape, transposeA);
    const n = y.shape[y.shape.length - 1];
    eachProduct(emitter, y, a, b, { m, n, k, transposeA, transposeB });
    return { y, saved: [a, b] };
  }

  emitBackward(
    { emitter: e }: Lowering,
    dy: Value,
    [a, b]: readonly [Value, Value],
    wantsA: boolean,
    wantsB: boolean,
  ): (Value | undefined)[] {
    const { transposeA = false, transposeB = false } = this.options;
    const [m, k] = sidesOf(a.shape, transposeA);
    const n = dy.shape[dy.shape.length - 1];
    const da = (d: Value): void => {
      if (transposeA)
        eachProduct(e, d, b, dy, { m: k, n: m, k: n, transposeA: transposeB, transposeB: true });
      else eachProduct(e, d, dy, b, { m, n: k, k: n, transposeB: !transposeB });
    };
    const db = (d: Value): void => {
      if (transposeB)
        eachProduct(e, d, dy, a, { m: n, n: k, k: m, transposeA: true, transposeB: transposeA });
      else eachProduct(e, d, a, dy, { m: k, n, k: m, transposeA: !transposeA });
    };
    return [
      wantsA ? summed(e, a.shape, dy.shape, da) : undefined,
      wantsB ? summed(e, b.shape, dy.shape, db) : undefined,
    ];
  }

  override multiplyAdds(a: Shape, y: Shape): number {
    return sizeOf(y) * sidesOf(a, this.options.transposeA)[1];
  }
}

/** The leading dimensions of [batch, ..., rows, columns], as many as `rank`: those of 1 come after the batch. */
const leadingOf = ({ shape: [batch, ...sample] }: { shape: Shape }, rank: number): Shape => [
  batch,
  ...aligned(sample.slice(0, -2), rank - 1),
];

/** c = op(a)·op(b) for each of c's matrices; those of an operand may be repeated. */
function eachProduct(e: Emitter, c: Value, a: Value, b: Value, size: MatMul): void {
  const leading = c.shape.slice(0, -2);
  const operands = [a, b].map(
    (value): Matrices => ({ value, leading: leadingOf(value, leading.length) }),
  );
  const matrix = ({ value, leading: own }: Matrices, at: readonly number[]): Value => {
    const index = own.reduce((sum, side, i) => sum * side + (side === 1 ? 0 : at[i]), 0);
    const shape = value.shape.slice(-2);
    return value.view(shape, index * sizeOf(shape));
  };
  const total = sizeOf(leading);
  for (let i = 0; i < total; i++) {
    const at = leading.map((side, d) => Math.floor(i / sizeOf(leading.slice(d + 1))) % side);
    const [va, vb] = operands.map((operand) => matrix(operand, at));
    product(e, matrix({ value: c, leading }, at), va, vb, size);
  }
}

/** A gradient of this shape: where its matrices were repeated, their gradients are added up. */
function summed(e: Emitter, shape: Shape, dy: Shape, emit: (d: Value) => void): Value {
  const d = e.value(shape);
  const leading = leadingOf({ shape }, dy.length - 2);
  const full = [...dy.slice(0, -2), ...shape.slice(-2)];
  if (sizeOf(full) === sizeOf(shape)) {
    emit(d.view(full));
    return d;
  }
  const whole = e.value(full);
  emit(whole);
  sumTo(e, d.view([...leading, ...shape.slice(-2)]), whole);
  return d;
}

/**
 * The products of the matrices of two inputs, [..., m, k] and [..., k, n]; leading dimensions are broadcast. Each matrix
 * is an op of its own: hundreds are fine, for thousands making the program takes longer than running it.
 */
export const matMul = (options: MatMulOptions = {}): Layer => new Product(options);
