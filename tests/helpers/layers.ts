// One layer by itself: its ops, forward and backward, over memory that forgives nothing, compared with a reference in f64
// and with central differences of that.

import { sizeOf } from '../../src/base/shape.js';
import { input, type Layer, type Shape } from '../../src/index.js';
import type { Lowering } from '../../src/network/layer.js';
import {
  activationBackward,
  activationForward,
} from '../../src/operators/activation/activation.emit.js';
import { Emitter, none, type Value } from '../../src/program/emitter.js';
import { close } from './close.js';
import { dot } from './gradcheck.js';
import { Guarded } from './guarded.js';
import { numbers } from './random.js';

/** An array in f64. */
export interface Nd {
  readonly shape: Shape;
  readonly data: Float64Array;
}

/** An array by a function of the index. */
export function nd(shape: Shape, at: (index: number[]) => number): Nd {
  const data = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    data[i] = at(index);
    for (let d = shape.length - 1; d >= 0 && ++index[d] === shape[d]; d--) index[d] = 0;
  }
  return { shape, data };
}

/** The number at an index. */
export function at({ shape, data }: Nd, index: readonly number[]): number {
  let flat = 0;
  shape.forEach((side, d) => {
    flat = flat * side + index[d];
  });
  return data[flat];
}

/** What a layer should compute, of inputs with the batch and weights without. */
type Reference = (inputs: readonly Nd[], weights: Readonly<Record<string, Nd>>) => Nd;

/** A layer, what it should compute, and how closely. */
export interface LayerCase {
  readonly layer: Layer;
  /** Shapes without the batch. */
  readonly inputs: readonly Shape[];
  readonly reference: Reference;
  readonly batch?: number;
  /** The numbers of an input; in [−1, 1) by default. */
  readonly draw?: (count: number, input: number) => Float32Array;
  /** Shares of the largest number, of the result and of gradients. */
  readonly tolerance?: number;
  /** False where the function jumps: then only the result is compared. */
  readonly smooth?: boolean;
  readonly seed?: number;
}

/** An emitter whose values are blocks between sentinels. */
class GuardedEmitter extends Emitter {
  readonly #guarded: Guarded;

  constructor(guarded: Guarded) {
    super();
    this.#guarded = guarded;
  }

  override value(shape: Shape): Value {
    return this.#guarded.value('a value', shape);
  }
}

/** The results of a layer: of forward, and the gradients of its inputs and weights. */
export interface LayerResults {
  readonly y: Float32Array;
  readonly shape: Shape;
  readonly dxs: readonly (Float32Array | undefined)[];
  readonly dweights: Readonly<Record<string, Float32Array>>;
}

/** Runs a layer's ops. */
export function runLayer(
  layer: Layer,
  inputs: readonly { shape: Shape; data: Float32Array }[],
  weights: Readonly<Record<string, Float32Array>>,
  dyOf: (count: number) => Float32Array,
  name: string,
): LayerResults {
  const guarded = new Guarded();
  const e = new GuardedEmitter(guarded);
  const values = Object.fromEntries(
    layer.parameters.map(({ name: one, shape }) => [one, guarded.value(one, shape, weights[one])]),
  );
  const gradients = Object.fromEntries(
    layer.parameters.map(({ name: one, shape }) => [one, guarded.value(`d${one}`, shape)]),
  );
  const to = {
    emitter: e,
    training: true,
    hasBackward: true,
    fused: { folded: undefined, residual: none, rectify: false, gradient: none },
    weight: (_: Layer, one: string) => values[one],
    gradient: (_: Layer, one: string) => gradients[one],
    into: (dy: Value) => e.value(dy.shape),
    activate(activation, y, x) {
      if (activation !== 'linear') activationForward(e, activation, y, x);
      return y;
    },
    activateBackward(activation, dy, y) {
      if (activation === 'linear') return dy;
      const dx = e.value(dy.shape);
      activationBackward(e, activation, dx, dy, y);
      return dx;
    },
    afterwards: (emit) => emit(),
  } as Partial<Lowering> as Lowering;
  const xs = inputs.map(({ shape, data }, i) => guarded.value(`input ${i}`, shape, data));
  const { y, saved } = layer.emitForward(to, ...xs);
  const dy = guarded.value('dy', y.shape, dyOf(y.size));
  const found = layer.emitBackward(to, dy, saved, ...xs.map(() => true));
  guarded.run(e, name);
  const read = (value: Value | undefined) => value && guarded.read(value);
  const all = (Array.isArray(found) ? found : [found]) as (Value | undefined)[];
  const results = {
    y: guarded.read(y),
    shape: y.shape,
    dxs: all.map(read),
    dweights: Object.fromEntries(
      Object.entries(gradients).map(([one, value]) => [one, guarded.read(value)]),
    ),
  };
  guarded.free();
  return results;
}

/** Central differences of Σ r·f. */
export function differences(f: () => Nd, r: Float32Array, x: Float64Array): Float64Array {
  const h = 1e-5;
  return x.map((v, i) => {
    x[i] = v + h;
    const above = dot(f().data, r);
    x[i] = v - h;
    const below = dot(f().data, r);
    x[i] = v;
    return (above - below) / (2 * h);
  });
}

/** The largest finite number, less its sign. */
export const largest = (all: ArrayLike<number>): number =>
  Array.from(all).reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);

/** Compares a layer's result and gradients with the reference. */
export function checkLayer(name: string, given: LayerCase): void {
  const { layer, reference, batch = 2, tolerance = 2e-6, smooth = true, seed = 1 } = given;
  const { draw = (count: number, i: number) => numbers(count, seed + i) } = given;
  layer.apply(
    given.inputs.length > 1
      ? given.inputs.map((shape) => input([...shape]))
      : input([...given.inputs[0]]),
  );
  const inputs = given.inputs.map((sample, i) => {
    const shape = [batch, ...sample];
    return { shape, data: draw(sizeOf(shape), i) };
  });
  const weights = Object.fromEntries(
    layer.parameters.map(({ name: one, shape }, i) => [one, draw(sizeOf(shape), 10 + i)]),
  );
  const dyOf = (count: number) => numbers(count, seed + 20);
  const { y, shape, dxs, dweights } = runLayer(layer, inputs, weights, dyOf, name);
  const exact = inputs.map(({ shape: own, data }) => ({
    shape: own,
    data: Float64Array.from(data),
  }));
  const exactWeights = Object.fromEntries(
    layer.parameters.map(({ name: one, shape: own }) => [
      one,
      { shape: own, data: Float64Array.from(weights[one]) },
    ]),
  );
  const f = (): Nd => reference(exact, exactWeights);
  const expected = f();
  if (expected.shape.join() !== shape.join())
    throw new Error(`${name}: shape ${shape.join()}, expected ${expected.shape.join()}`);
  close(y, expected.data, { atol: tolerance * largest(expected.data) }, name);
  if (!smooth) return;
  const r = dyOf(y.length);
  const compare = (actual: Float32Array | undefined, x: Float64Array, what: string): void => {
    const gradient = differences(f, r, x);
    const atol = Math.max(tolerance * 2, 1e-7) * Math.max(largest(gradient), 1e-3);
    close(actual ?? [], gradient, { atol }, `${name}: ${what}`);
  };
  dxs.forEach((dx, i) => {
    compare(dx, exact[i].data, `gradient of input ${i}`);
  });
  for (const [one, gradient] of Object.entries(dweights))
    compare(gradient, exactWeights[one].data, `gradient of ${one}`);
}
