// Keras's other merges: layers for the difference, mean, maximum, minimum and dot product of tensors.

import { ShapeError } from '../../base/errors.js';
import { type Shape, sameShape, show } from '../../base/shape.js';
import type { Forward, Layer, LayerOptions, Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import type { Choice } from '../pool/pool.emit.js';
import {
  averageForward,
  blendForward,
  dotBackward,
  dotForward,
  extremeBackward,
  extremeForward,
} from './combine.emit.js';
import { checkAlike, Merge } from './merge.layer.js';

class Subtract extends Merge<null> {
  constructor(options: LayerOptions) {
    super('subtract', options, []);
  }

  shapeFor(a: Shape, b: Shape, ...others: Shape[]): Shape {
    if (others.length > 0) throw new ShapeError(`subtracts one input from one`);
    return checkAlike(a, b);
  }

  emitForward({ emitter }: Lowering, a: Value, b: Value): Forward<null> {
    const y = emitter.value(a.shape);
    blendForward(emitter, y, [a, 1], [b, -1]);
    return { y, saved: null };
  }

  emitBackward({ emitter }: Lowering, dy: Value, _: null, _a: boolean, wantsB: boolean) {
    if (!wantsB) return [dy, undefined];
    const db = emitter.value(dy.shape);
    blendForward(emitter, db, [dy, -1]);
    return [dy, db];
  }
}

class Average extends Merge<number> {
  constructor(options: LayerOptions) {
    super('average', options, []);
  }

  shapeFor(first: Shape, ...others: Shape[]): Shape {
    return checkAlike(first, ...others);
  }

  emitForward({ emitter }: Lowering, ...xs: Value[]): Forward<number> {
    const y = emitter.value(xs[0].shape);
    averageForward(emitter, y, xs);
    return { y, saved: xs.length };
  }

  emitBackward({ emitter }: Lowering, dy: Value, count: number, ...wanted: boolean[]): Value[] {
    const dx = emitter.value(dy.shape);
    blendForward(emitter, dx, [dy, 1 / count]);
    return wanted.map(() => dx);
  }
}

class Extreme extends Merge<Value> {
  readonly #choice: Choice;

  constructor(type: string, options: LayerOptions, choice: Choice) {
    super(type, options, []);
    this.#choice = choice;
  }

  shapeFor(first: Shape, ...others: Shape[]): Shape {
    return checkAlike(first, ...others);
  }

  emitForward({ emitter }: Lowering, ...xs: Value[]): Forward<Value> {
    const y = emitter.value(xs[0].shape);
    return { y, saved: extremeForward(emitter, y, xs, this.#choice) };
  }

  emitBackward({ emitter }: Lowering, dy: Value, which: Value, ...wanted: boolean[]) {
    const dxs = wanted.map(() => emitter.value(dy.shape));
    extremeBackward(emitter, dxs, dy, which);
    return dxs.map((dx, i) => (wanted[i] ? dx : undefined));
  }
}

class Dot extends Merge<{ a: Value; b: Value }> {
  constructor(options: LayerOptions) {
    super('dot', options, []);
  }

  shapeFor(a: Shape, b: Shape, ...others: Shape[]): Shape {
    if (others.length === 0 && a.length === 1 && sameShape(a, b)) return [1];
    const given = [a, b, ...others].map(show).join(' and ');
    throw new ShapeError(
      `multiplies two inputs [features] of one length, not ${given}: flatten images first`,
    );
  }

  emitForward({ emitter }: Lowering, a: Value, b: Value): Forward<{ a: Value; b: Value }> {
    const y = emitter.value([a.shape[0], 1]);
    dotForward(emitter, y, a, b);
    return { y, saved: { a, b } };
  }

  emitBackward(
    { emitter }: Lowering,
    dy: Value,
    { a, b }: { a: Value; b: Value },
    ...wanted: boolean[]
  ) {
    return [b, a].map((other, i) => {
      if (!wanted[i]) return undefined;
      const dx = emitter.value(other.shape);
      dotBackward(emitter, dx, dy, other);
      return dx;
    });
  }

  override multiplyAdds([features]: Shape): number {
    return features;
  }
}

/** The first tensor less the second, of the same shape, element by element. */
export const subtract = (options: LayerOptions = {}): Layer => new Subtract(options);
/** The mean of tensors of the same shape, element by element. */
export const average = (options: LayerOptions = {}): Layer => new Average(options);
/** The largest of tensors of the same shape, element by element; of equal ones the first has the gradient. */
export const maximum = (options: LayerOptions = {}): Layer =>
  new Extreme('maximum', options, 'max');
/** The least of tensors of the same shape, element by element; of equal ones the first has the gradient. */
export const minimum = (options: LayerOptions = {}): Layer =>
  new Extreme('minimum', options, 'min');
/** The dot product of two vectors [features]: [1]. */
export const dot = (options: LayerOptions = {}): Layer => new Dot(options);
