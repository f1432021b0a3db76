// Layers that make one tensor of several.

import { ShapeError } from '../../base/errors.js';
import { type Shape, sameShape, show } from '../../base/shape.js';
import type { SymbolicTensor } from '../../network/layer.js';
import {
  type Forward,
  type Fusion,
  Layer,
  type LayerOptions,
  type Lowering,
} from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { concatBackward, concatForward } from './concat.emit.js';
import { checkFactors, multiplyBackward, multiplyForward } from './multiply.emit.js';

/** What they share: they take a list of inputs, and messages name those. */
export abstract class Merge<Saved> extends Layer<Saved> {
  override get merges(): boolean {
    return true;
  }

  override apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    try {
      return super.apply(inputs);
    } catch (error) {
      if (!(error instanceof ShapeError) || !Array.isArray(inputs)) throw error;
      const shapes = inputs.map(({ name, shape }) => `'${name}' ${show(shape)}`).join(' and ');
      throw new ShapeError(`${error.message}; the inputs are ${shapes}`);
    }
  }
}

/** The shape that all inputs have. @throws {ShapeError} where they differ */
export function checkAlike(first: Shape, ...others: readonly Shape[]): Shape {
  if (others.every((other) => sameShape(first, other))) return first;
  throw new ShapeError(`all inputs must have the same shape`);
}

class Add extends Merge<null> {
  constructor(options: LayerOptions) {
    super('add', options, []);
  }

  shapeFor(first: Shape, ...others: Shape[]): Shape {
    return checkAlike(first, ...others);
  }

  override get fusion(): Fusion {
    return { isAdd: true };
  }

  emitForward({ emitter }: Lowering, first: Value, ...others: Value[]): Forward<null> {
    const y = emitter.value(first.shape);
    others.forEach((b, i) => {
      emitter.emit('add', { y, a: i === 0 ? first : y, b, count: y.size });
    });
    return { y, saved: null };
  }

  emitBackward(_to: Lowering, dy: Value, _saved: null, ...wanted: boolean[]): Value[] {
    return wanted.map(() => dy);
  }
}

class Multiply extends Merge<{ a: Value; b: Value }> {
  constructor(options: LayerOptions) {
    super('multiply', options, []);
  }

  shapeFor(a: Shape, b: Shape, ...others: Shape[]): Shape {
    if (others.length > 0) throw new ShapeError(`multiplies two inputs, not more`);
    checkFactors([1, ...a], [1, ...b]);
    return a;
  }

  emitForward({ emitter }: Lowering, a: Value, b: Value): Forward<{ a: Value; b: Value }> {
    const y = emitter.value(a.shape);
    multiplyForward(emitter, y, a, b);
    return { y, saved: { a, b } };
  }

  emitBackward(
    { emitter }: Lowering,
    dy: Value,
    { a, b }: { a: Value; b: Value },
    wantsA: boolean,
    wantsB: boolean,
  ): (Value | undefined)[] {
    const da = wantsA ? emitter.value(a.shape) : undefined;
    const db = wantsB ? emitter.value(b.shape) : undefined;
    multiplyBackward(emitter, { da, db }, dy, a, b);
    return [da, db];
  }
}

class Concat extends Merge<readonly Shape[]> {
  constructor(options: LayerOptions) {
    super('concat', options, []);
  }

  shapeFor(...shapes: Shape[]): Shape {
    const [first] = shapes;
    const channels = shapes.reduce((sum, shape) => sum + (shape.at(-1) ?? 0), 0);
    const fits = (shape: Shape): boolean =>
      shape.length > 0 && sameShape(shape.slice(0, -1), first.slice(0, -1));
    if (shapes.every(fits)) return [...first.slice(0, -1), channels];
    throw new ShapeError(`all inputs must have the same shape but for the channels`);
  }

  emitForward({ emitter }: Lowering, ...xs: Value[]): Forward<readonly Shape[]> {
    const shapes = xs.map(({ shape }) => shape);
    const [batch] = shapes[0];
    const samples = shapes.map((shape) => shape.slice(1));
    const y = emitter.value([batch, ...this.shapeFor(...samples)]);
    concatForward(emitter, y, xs);
    return { y, saved: shapes };
  }

  emitBackward(
    { emitter }: Lowering,
    dy: Value,
    shapes: readonly Shape[],
    ...wanted: boolean[]
  ): (Value | undefined)[] {
    const dxs = shapes.map((shape) => emitter.value(shape));
    concatBackward(emitter, dxs, dy);
    return dxs.map((dx, i) => (wanted[i] ? dx : undefined));
  }
}

/** The sum of tensors of the same shape, element by element. */
export const add = (options: LayerOptions = {}): Layer => new Add(options);
/** Tensors side by side in their last dimension, the channels; all others must be the same. */
export const concat = (options: LayerOptions = {}): Layer => new Concat(options);
/**
 * The product of two tensors, element by element; the second may be a gate [channels], or [1, 1, channels],
 * which multiplies each channel of the first (squeeze and excitation).
 */
export const multiply = (options: LayerOptions = {}): Layer => new Multiply(options);
