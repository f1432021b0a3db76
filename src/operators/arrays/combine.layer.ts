// Functions of two arrays as layers, with broadcasting: of two inputs, or of an input and a weight.

import { ShapeError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { any, flag, oneOf, required } from '../../base/options.js';
import { checkShape, type Shape } from '../../base/shape.js';
import {
  type Forward,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
} from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { Merge } from '../merge/merge.layer.js';
import {
  aligned,
  alignedBatch,
  broadcastShape,
  type CombineFunction,
  combineArrays,
  combineBackward,
  combineForward,
  combineFunctions,
  expandTo,
  type Pair,
  sumTo,
  throughWhole,
} from './combine.emit.js';
import { fillWith } from './strides.emit.js';

/** A function of two numbers. Those that compare give 1 or 0, and have no gradients. */
export type CombineFn = CombineFunction;

const words = required({ fn: oneOf(...combineFunctions) });

/** Options of `combine`. */
export interface CombineOptions extends LayerOptions {
  fn: CombineFn;
}

/** The operands with the rank of the result. */
const alignedPair = (a: Value, b: Value, rank: number): Pair => ({
  a: a.view(alignedBatch(a, rank)),
  b: b.view(alignedBatch(b, rank)),
});

class Combine extends Merge<readonly [Value, Value]> {
  declare readonly options: CombineOptions;

  constructor(options: CombineOptions) {
    super('combine', options, words);
  }

  shapeFor(a: Shape, b: Shape, ...others: Shape[]): Shape {
    if (others.length > 0) throw new ShapeError(`combines two inputs, not more`);
    return broadcastShape(a, b);
  }

  emitForward({ emitter }: Lowering, a: Value, b: Value): Forward<readonly [Value, Value]> {
    const [batch, ...sample] = a.shape;
    const y = emitter.value([batch, ...broadcastShape(sample, b.shape.slice(1))]);
    combineForward(emitter, this.options.fn, y, alignedPair(a, b, y.shape.length - 1));
    return { y, saved: [a, b] };
  }

  emitBackward(
    { emitter }: Lowering,
    dy: Value,
    [a, b]: readonly [Value, Value],
    ...wanted: boolean[]
  ) {
    const pair = alignedPair(a, b, dy.shape.length - 1);
    return (
      [
        ['a', a],
        ['b', b],
      ] as const
    ).map(([which, { shape }], i) => {
      if (!wanted[i]) return undefined;
      const d = emitter.value(shape);
      const own = d.view(pair[which].shape);
      combineBackward(emitter, this.options.fn, which, own, dy, pair);
      return d;
    });
  }
}

/** The condition, and what is chosen where it is so, and where it is not. */
type Choice = readonly [condition: Value, a: Value, b: Value];

class Select extends Merge<Choice> {
  constructor(options: LayerOptions) {
    super('select', options, []);
  }

  shapeFor(...shapes: Shape[]): Shape {
    if (shapes.length === 3) return shapes.reduce(broadcastShape);
    throw new ShapeError(`needs three inputs: a condition, and what is chosen by it`);
  }

  emitForward({ emitter }: Lowering, ...inputs: Choice): Forward<Choice> {
    const [batch] = inputs[0].shape;
    const sample = this.shapeFor(...inputs.map(({ shape }) => shape.slice(1)));
    const y = emitter.value([batch, ...sample]);
    const [c, a, b] = inputs.map((x) => x.view(alignedBatch(x, sample.length)));
    combineArrays(emitter, 'Select', y, b, a, { c });
    return { y, saved: inputs };
  }

  /** dy where the operand was chosen, else 0; no gradient for the condition. */
  emitBackward({ emitter: e }: Lowering, dy: Value, inputs: Choice, ...wanted: boolean[]) {
    const rank = dy.shape.length - 1;
    const c = inputs[0].view(alignedBatch(inputs[0], rank));
    const zero = e.value([1]);
    fillWith(e, zero, 0);
    return inputs.map((x, i) => {
      if (!wanted[i]) return undefined;
      const dx = e.value(x.shape);
      const [a, b] = i === 1 ? [dy, zero] : [zero, dy];
      if (i === 0) fillWith(e, dx, 0);
      else
        throughWhole(e, dx.view(alignedBatch(x, rank)), dy.shape, (full) => {
          combineArrays(e, 'Select', full, b, a, { c });
        });
      return dx;
    });
  }
}

/** Options of `combineWeight`. */
export interface CombineWeightOptions extends CombineOptions {
  /** The weight's, without a batch. */
  shape: Shape;
  /** Whether the weight is the first operand: false by default. */
  first?: boolean;
}

class CombineWeight extends Layer<Value> {
  declare readonly options: CombineWeightOptions;

  constructor(options: CombineWeightOptions) {
    super('combineWeight', options, { ...words, ...required({ shape: any }), first: flag });
    naming(`${this.title}: shape`, () => checkShape(this.options.shape, 1));
  }

  shapeFor(inputShape: Shape): Shape {
    return broadcastShape(inputShape, this.options.shape);
  }

  protected override parametersFor(): ParameterSpec[] {
    return [valueSpec(this.options.shape)];
  }

  /** The operands, x and the weight, with the rank of the result. */
  #pair(to: Lowering, x: Value): Pair {
    const rank = this.shapeFor(x.shape.slice(1)).length;
    const input = x.view(alignedBatch(x, rank));
    const value = to.weight(this, 'value');
    const weight = value.view(aligned(value.shape, rank + 1));
    return this.options.first ? { a: weight, b: input } : { a: input, b: weight };
  }

  emitForward(to: Lowering, x: Value): Forward<Value> {
    const [batch, ...sample] = x.shape;
    const y = to.emitter.value([batch, ...this.shapeFor(sample)]);
    combineForward(to.emitter, this.options.fn, y, this.#pair(to, x));
    return { y, saved: x };
  }

  emitBackward(to: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    const { fn, first } = this.options;
    const [own, other] = first ? (['a', 'b'] as const) : (['b', 'a'] as const);
    const pair = this.#pair(to, x);
    if (this.trainable) {
      const d = to.gradient(this, 'value').view(pair[own].shape);
      combineBackward(to.emitter, fn, own, d, dy, pair);
    }
    if (!wanted) return undefined;
    const dx = to.emitter.value(x.shape);
    combineBackward(to.emitter, fn, other, dx.view(pair[other].shape), dy, pair);
    return dx;
  }
}

/** The weight that some layers have instead of an input. */
const valueSpec = (shape: Shape): ParameterSpec => ({
  ...{ name: 'value', shape, initializer: 'zeros', trainable: true },
});

/** Options of `constant`. */
export interface ConstantOptions extends LayerOptions {
  /** The weight's, and that of each sample. */
  shape: Shape;
}

class Constant extends Layer<Shape> {
  declare readonly options: ConstantOptions;

  constructor(options: ConstantOptions) {
    super('constant', options, required({ shape: any }));
    naming(`${this.title}: shape`, () => checkShape(this.options.shape, 1));
  }

  shapeFor(): Shape {
    return this.options.shape;
  }

  protected override parametersFor(): ParameterSpec[] {
    return [valueSpec(this.options.shape)];
  }

  emitForward(to: Lowering, x: Value): Forward<Shape> {
    const value = to.weight(this, 'value');
    const y = to.emitter.value([x.shape[0], ...value.shape]);
    expandTo(to.emitter, y, value);
    return { y, saved: x.shape };
  }

  emitBackward(to: Lowering, dy: Value, shape: Shape, wanted: boolean): Value | undefined {
    if (this.trainable) sumTo(to.emitter, to.gradient(this, 'value'), dy);
    if (!wanted) return undefined;
    const dx = to.emitter.value(shape);
    fillWith(to.emitter, dx, 0);
    return dx;
  }
}

/** f(a, b) of two inputs, number by number; samples are broadcast to one shape as NumPy does it. */
export const combine = (options: CombineOptions): Layer => new Combine(options);
/** Of three inputs, number by number and with broadcasting: the second where the first is not 0, else the third. */
export const select = (options: LayerOptions = {}): Layer => new Select(options);
/** f(x, value) of an input and the weight `value`, or f(value, x), with broadcasting. */
export const combineWeight = (options: CombineWeightOptions): Layer => new CombineWeight(options);
/** The weight `value`, the same for each sample; the input only says how many there are. */
export const constant = (options: ConstantOptions): Layer => new Constant(options);
