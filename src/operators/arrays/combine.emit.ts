// Functions of two arrays with broadcasting as ops, and their gradients.

import { CombineFn } from '../../../bindings/arrays.js';
import { ShapeError } from '../../base/errors.js';
import { type Shape, sameShape, show } from '../../base/shape.js';
import type { Emitter, Value } from '../../program/emitter.js';
import { reduceAxes } from './reduce.emit.js';
import { eachPart, emitOf, fillWith, stridesOf } from './strides.emit.js';

/** The shape that two shapes are broadcast to, as NumPy does it. @throws {ShapeError} */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const [x, y] = [a, b].map((shape) => aligned(shape, rank));
  return x.map((side, i) => {
    if (side === y[i] || y[i] === 1) return side;
    if (side === 1) return y[i];
    throw new ShapeError(
      `${show(a)} and ${show(b)} cannot be broadcast: counted from the last, dimensions must be equal, or one of them 1`,
    );
  });
}

/** With dimensions of 1 in front. */
export const aligned = (shape: Shape, rank: number): Shape => [
  ...Array<number>(Math.max(0, rank - shape.length)).fill(1),
  ...shape,
];

/** [batch, ...sample] whose sample has dimensions of 1 in front, so that it has `rank` of them. */
export const alignedBatch = ({ shape: [batch, ...sample] }: Value, rank: number): Shape => [
  batch,
  ...aligned(sample, rank),
];

/** The strides of an array that is repeated along dimensions of 1. */
function repeated(shape: Shape, to: Shape): number[] {
  const own = aligned(shape, to.length);
  const strides = stridesOf(own);
  return own.map((side, i) => (side === 1 ? 0 : strides[i]));
}

/** y = scale·f(a, b, c), of operands that are broadcast to y's shape; c is for gradients. */
export function combineArrays(
  e: Emitter,
  fn: keyof typeof CombineFn,
  y: Value,
  a: Value,
  b: Value,
  { c = a, scale = 1 }: { readonly c?: Value; readonly scale?: number } = {},
): void {
  const operands = [a, b, c];
  const strides = [stridesOf(y.shape), ...operands.map(({ shape }) => repeated(shape, y.shape))];
  eachPart(y.shape, strides, 5, (all, [yAt, aAt, bAt, cAt]) => {
    const [d0, d1, d2, d3, n] = all.map(({ size }) => size);
    const [a0, a1, a2, a3, aStep] = all.map(({ steps }) => steps[1]);
    const [b0, b1, b2, b3, bStep] = all.map(({ steps }) => steps[2]);
    const [c0, c1, c2, c3, cStep] = all.map(({ steps }) => steps[3]);
    emitOf(e, 'combine', {
      ...{ fn: CombineFn[fn], scale, d0, d1, d2, d3, n },
      ...{ a0, a1, a2, a3, aStep, b0, b1, b2, b3, bStep, c0, c1, c2, c3, cStep },
      y: y.view(y.shape, yAt),
      a: a.view(a.shape, aAt),
      b: b.view(b.shape, bAt),
      c: c.view(c.shape, cAt),
    });
  });
}

/** y = scale·x, repeated to y's shape. */
export function expandTo(e: Emitter, y: Value, x: Value, scale = 1): void {
  combineArrays(e, 'Maximum', y, x, x, { scale });
}

/** dx = scale·dy, summed over the dimensions along which x was repeated. */
export function sumTo(e: Emitter, dx: Value, dy: Value, scale = 1): void {
  const own = aligned(dx.shape, dy.shape.length);
  const axes = own.flatMap((side, i) => (side === dy.shape[i] ? [] : [i]));
  reduceAxes(e, 'Sum', dx, dy, axes, scale);
}

/** What is computed of two inputs. */
export type CombineFunction =
  | 'add'
  | 'subtract'
  | 'multiply'
  | 'divide'
  | 'maximum'
  | 'minimum'
  | 'power'
  | 'prelu'
  | 'equal'
  | 'greater'
  | 'less'
  | 'notEqual'
  | 'greaterEqual'
  | 'lessEqual';

/** The kernel's function, and those of the gradients: of which operands; no gradients for comparisons. */
interface Rule {
  readonly fn: keyof typeof CombineFn;
  /** The gradient for a and for b: a function of a, b and dy; or of dy and one operand; or ±dy. */
  readonly da?: Gradient;
  readonly db?: Gradient;
}

/** 1 and −1 are dy and −dy. */
type Gradient = 1 | -1 | readonly [fn: keyof typeof CombineFn, of: 'a' | 'b' | 'all'];

const rules: { readonly [F in CombineFunction]: Rule } = {
  add: { fn: 'Add', da: 1, db: 1 },
  subtract: { fn: 'Subtract', da: 1, db: -1 },
  multiply: { fn: 'Multiply', da: ['Multiply', 'b'], db: ['Multiply', 'a'] },
  divide: { fn: 'Divide', da: ['Divide', 'b'], db: ['DivideB', 'all'] },
  maximum: { fn: 'Maximum', da: ['Above', 'all'], db: ['Below', 'all'] },
  minimum: { fn: 'Minimum', da: ['Below', 'all'], db: ['Above', 'all'] },
  power: { fn: 'Power', da: ['PowerA', 'all'], db: ['PowerB', 'all'] },
  prelu: { fn: 'Prelu', da: ['PreluA', 'all'], db: ['PreluB', 'all'] },
  equal: { fn: 'Equal' },
  greater: { fn: 'Greater' },
  less: { fn: 'Less' },
  notEqual: { fn: 'NotEqual' },
  greaterEqual: { fn: 'GreaterEqual' },
  lessEqual: { fn: 'LessEqual' },
};

/** Which there are. */
export const combineFunctions = Object.keys(rules) as readonly CombineFunction[];

/** Two operands, of shapes that are broadcast to that of the result. */
export interface Pair {
  readonly a: Value;
  readonly b: Value;
}

/** y = f(a, b). */
export function combineForward(e: Emitter, fn: CombineFunction, y: Value, { a, b }: Pair): void {
  combineArrays(e, rules[fn].fn, y, a, b);
}

/** The gradient for one of the operands, to be written to `d`, which has its shape. */
export function combineBackward(
  e: Emitter,
  fn: CombineFunction,
  which: keyof Pair,
  d: Value,
  dy: Value,
  { a, b }: Pair,
): void {
  const rule = rules[fn][which === 'a' ? 'da' : 'db'];
  if (rule === undefined) fillWith(e, d, 0);
  else if (typeof rule === 'number') sumTo(e, d, dy, rule);
  else emitGradient(e, rule, d, dy, { a, b });
}

function emitGradient(
  e: Emitter,
  [kernel, of]: Exclude<Gradient, number>,
  d: Value,
  dy: Value,
  { a, b }: Pair,
): void {
  throughWhole(e, d, dy.shape, (full) => {
    if (of === 'all') combineArrays(e, kernel, full, a, b, { c: dy });
    else combineArrays(e, kernel, full, dy, of === 'a' ? a : b);
  });
}

/** d by a gradient of the shape that its operand was broadcast to, which `emit` fills: summed where it was repeated. */
export function throughWhole(
  e: Emitter,
  d: Value,
  shape: Shape,
  emit: (full: Value) => void,
): void {
  const isWhole = sameShape(aligned(d.shape, shape.length), shape);
  const full = isWhole ? d.view(shape) : e.value(shape);
  emit(full);
  if (!isWhole) sumTo(e, d, full);
}
