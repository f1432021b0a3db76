// Layers that make one tensor of several.

import type { Value } from '../emit/emitter.js';
import { ShapeError } from '../errors.js';
import { type Shape, sameShape, show } from '../shape.js';
import { type Forward, type Fusion, Layer, type LayerOptions, type Lowering } from './layer.js';
import type { SymbolicTensor } from './symbolic.js';

/** What they share: a list of inputs, whose names belong into messages. */
abstract class Merge<Saved> extends Layer<Saved> {
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

class Add extends Merge<null> {
  constructor(options: LayerOptions) {
    super('add', options, []);
  }

  shapeFor(first: Shape, ...others: Shape[]): Shape {
    if (others.every((other) => sameShape(first, other))) return first;
    throw new ShapeError(`${this.name}: all inputs must have the same shape`);
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

/** The sum of tensors of the same shape, element by element. */
export const add = (options: LayerOptions = {}): Layer => new Add(options);
