// Functions of single numbers, by their names, and as a layer: those that are no activations of the core.

import { ValueError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { type Check, finite, oneOf, required, type Words } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { type Forward, Layer, type LayerOptions, type Lowering } from '../../network/layer.js';
import type { Value } from '../../program/emitter.js';
import { compounds } from './compound.emit.js';
import { type Formula, type MapFormula, mapBackward, mapForward } from './map.emit.js';

/** A function of `map`. */
export type MapFunction = keyof typeof functions;

/** A function by its name, and its numbers. */
export interface Mapping {
  fn: MapFunction;
  /**
   * Of leakyRelu (0.01), elu, celu and thresholdedRelu (1), selu (1.6733), hardSigmoid (0.2), affine (1), power (1) and
   * clip (−∞): the default in brackets.
   */
  alpha?: number;
  /** Of hardSigmoid (0.5), affine (0), selu, whose gamma it is (1.0507), and clip (∞). */
  beta?: number;
}

/** Options of `map`. */
export interface MapOptions extends LayerOptions, Mapping {}

const [seluAlpha, seluGamma] = [1.6732632423543772, 1.0507009873554805];

/** The formula for alpha and beta, where they are given. */
type Make = (alpha?: number, beta?: number) => Formula;

const plain =
  (fn: MapFormula['fn']): Make =>
  () => ({ fn });

const functions = {
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  // Of 0 it is −0, which the sum with 0 would not be.
  negate: () => ({ fn: 'Affine', alpha: -1, beta: -0 }),
  abs: plain('Abs'),
  reciprocal: plain('Reciprocal'),
  erf: plain('Erf'),
  sign: plain('Sign'),
  floor: plain('Floor'),
  ceil: plain('Ceil'),
  round: plain('Round'),
  sin: plain('Sin'),
  cos: plain('Cos'),
  ...compounds,
  isNaN: plain('IsNaN'),
  isInfinite: plain('IsInfinite'),
  isNotZero: plain('IsNotZero'),
  softsign: plain('Softsign'),
  mish: plain('Mish'),
  geluTanh: plain('GeluTanh'),
  elu: (alpha = 1) => ({ fn: 'Elu', alpha, beta: 1 }),
  celu: (alpha = 1) => ({ fn: 'Elu', alpha, beta: 1 / alpha }),
  selu: (alpha = seluAlpha, gamma = seluGamma) => ({
    ...{ fn: 'Elu', alpha: alpha * gamma, beta: 1, gamma },
  }),
  leakyRelu: (alpha = 0.01) => ({ fn: 'LeakyRelu', alpha }),
  thresholdedRelu: (alpha = 1) => ({ fn: 'ThresholdedRelu', alpha }),
  hardSigmoid: (alpha = 0.2, beta = 0.5) => ({ fn: 'HardSigmoid', alpha, beta }),
  affine: (alpha = 1, beta = 0) => ({ fn: 'Affine', alpha, beta }),
  power: (alpha = 1) => power(alpha),
  clip: (alpha = -Infinity, beta = Infinity) => ({ fn: 'Clip', alpha, beta }),
} as const satisfies Readonly<Record<string, Make>>;

/** x^a, where there is a faster way to say it. */
function power(alpha: number): MapFormula {
  if (alpha === 0.5) return { fn: 'Sqrt' };
  if (alpha === -1) return { fn: 'Reciprocal' };
  return { fn: 'Power', alpha };
}

/** A finite number, or an infinity. */
const bound: Check = (value) =>
  Math.abs(value as number) === Infinity ? undefined : finite(value) && 'a number, or an infinity';

/** What the options of a function must be. */
export function mappingWords(fn: unknown): Words {
  const number = fn === 'clip' ? bound : finite;
  return { ...required({ fn: oneOf(...Object.keys(functions)) }), alpha: number, beta: number };
}

/** The formula for options that have been checked. @throws {ValueError} for a number that makes no function */
export function formulaOf({ fn, alpha, beta }: Mapping): ReturnType<Make> {
  if (fn === 'celu' && alpha === 0) throw new ValueError(`alpha of 'celu' must not be 0`);
  return (functions[fn] as Make)(alpha, beta);
}

/** Clip's infinite bounds are those that are not given: files cannot say infinity. */
function withoutInfinities(options: MapOptions): MapOptions {
  if (options?.fn !== 'clip') return options;
  const { alpha, beta, ...rest } = options;
  return {
    ...rest,
    ...(alpha === -Infinity ? {} : { alpha }),
    ...(beta === Infinity ? {} : { beta }),
  };
}

class MapLayer extends Layer<Value> {
  declare readonly options: MapOptions;
  readonly #formula: Formula;

  constructor(options: MapOptions) {
    super('map', withoutInfinities(options), mappingWords(options?.fn));
    this.#formula = naming(this.title, () => formulaOf(this.options));
  }

  shapeFor(inputShape: Shape): Shape {
    return inputShape;
  }

  emitForward({ emitter }: Lowering, x: Value): Forward<Value> {
    const y = emitter.value(x.shape);
    mapForward(emitter, y, x, this.#formula);
    return { y, saved: x };
  }

  emitBackward(to: Lowering, dy: Value, x: Value, wanted: boolean): Value | undefined {
    if (!wanted) return undefined;
    const dx = to.into(dy);
    mapBackward(to.emitter, dx, dy, x, this.#formula);
    return dx;
  }
}

/**
 * A function of each number: exp, log, sqrt, negate, abs, reciprocal, erf, sign, floor, ceil, round (halves to even), sin,
 * cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, softsign, mish, geluTanh (gelu's approximation by tanh), elu,
 * celu, selu, leakyRelu and thresholdedRelu with any alpha, hardSigmoid (max(0, min(1, alpha·x + beta))), affine
 * (alpha·x + beta), power (x^alpha), or clip to alpha … beta; NaN stays NaN. Or 1 where it isNaN, isInfinite or isNotZero, else
 * 0. The gradient of what jumps is 0.
 */
export const map = (options: MapOptions): Layer => new MapLayer(options);
