// A layer inside another one: some of its weights are computed by other layers, or its batch is a dimension of the sample.
// Imported networks need it where they are given whole, or compute their weights.

import { FormatError } from '../../base/errors.js';
import { any, flag, required } from '../../base/options.js';
import type { Shape } from '../../base/shape.js';
import { shown } from '../../base/shown.js';
import type { ActivationName } from '../../network/activation.js';
import { input } from '../../network/input.js';
import {
  type Forward,
  type Fused,
  type Gradients,
  Layer,
  type LayerOptions,
  type Lowering,
  type ParameterSpec,
} from '../../network/layer.js';
import { none, type Value } from '../../program/emitter.js';
import * as factories from '../layers.js';
import * as volumes from './conv3d.layer.js';
import * as norms from './groupnorm.layer.js';
import * as pools from './pool3d.layer.js';

/** A layer, or what a file has of one. */
type Inner = Layer | { readonly type: string; readonly options: LayerOptions };

/** Options of `wrapped`. */
export interface WrappedOptions extends LayerOptions {
  /** The layer. It belongs to this one: it must be in no other network. */
  layer: Inner;
  /** Its weights that come as inputs after the first, in this order; each sample must be the same one. */
  lent?: readonly string[];
  /** Whether the first dimension of the first input's sample is the layer's batch: false by default. */
  rows?: boolean;
}

interface Saved {
  readonly inner: unknown;
  readonly lent: ReadonlyMap<string, Value>;
}

const nothing: Fused = { folded: undefined, residual: none, rectify: false, gradient: none };

/** What the inner layer sees of the program. */
class Lent implements Lowering {
  readonly fused = nothing;
  readonly #to: Lowering;
  readonly #own: Layer;
  readonly #weights: ReadonlyMap<string, Value>;
  /** The gradients of weights that are lent, where they were asked for. */
  readonly gradients = new Map<string, Value>();

  constructor(to: Lowering, own: Layer, weights: ReadonlyMap<string, Value>) {
    this.#to = to;
    this.#own = own;
    this.#weights = weights;
  }

  get emitter() {
    return this.#to.emitter;
  }

  get training() {
    return this.#to.training;
  }

  get hasBackward() {
    return this.#to.hasBackward;
  }

  get randomState() {
    return this.#to.randomState;
  }

  get stream() {
    return this.#to.stream;
  }

  weight(_layer: Layer, name: string): Value {
    return this.#weights.get(name) ?? this.#to.weight(this.#own, name);
  }

  gradient(_layer: Layer, name: string): Value {
    const lent = this.#weights.get(name);
    if (!lent) return this.#to.gradient(this.#own, name);
    const made = this.emitter.value(lent.shape);
    this.gradients.set(name, made);
    return made;
  }

  into(dy: Value): Value {
    return this.#to.into(dy);
  }

  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value {
    return this.#to.activate(name, y, x, alpha);
  }

  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): Value {
    return this.#to.activateBackward(name, dy, y, alpha);
  }

  afterwards(emit: () => void): void {
    this.#to.afterwards(emit);
  }
}

class Wrapped extends Layer<Saved> {
  /** Who writes files writes it. */
  readonly inner: Layer;
  readonly #lent: readonly string[];
  readonly #rows: boolean;

  constructor(options: WrappedOptions) {
    const { layer, lent = [], rows = false } = options;
    const inner = layer instanceof Layer ? layer : made(layer);
    // As a file has it.
    const own = { type: inner.type, options: inner.options };
    super('wrapped', { ...options, layer: own } as LayerOptions, {
      ...required({ layer: any }),
      lent: any,
      rows: flag,
    });
    this.inner = inner;
    this.#lent = [...lent];
    this.#rows = rows;
  }

  override get merges(): boolean {
    return this.#lent.length > 0;
  }

  shapeFor(x: Shape): Shape {
    const inner = this.inner.apply(input(this.#rows ? x.slice(1) : x));
    return this.#rows ? [x[0], ...inner.shape] : inner.shape;
  }

  protected override parametersFor(): readonly ParameterSpec[] {
    return this.inner.parameters.filter(({ name }) => !this.#lent.includes(name));
  }

  emitForward(to: Lowering, x: Value, ...weights: Value[]): Forward<Saved> {
    const lent = new Map(
      weights.map((value, i) => [this.#lent[i], value.view(this.#shapeOf(this.#lent[i]))]),
    );
    const { y, saved } = this.inner.emitForward(new Lent(to, this, lent), this.#batched(x));
    return { y: this.#whole(y), saved: { inner: saved, lent } };
  }

  emitBackward(to: Lowering, dy: Value, saved: Saved, ...wanted: boolean[]): Gradients {
    const own = new Lent(to, this, saved.lent);
    this.inner.trainable = this.trainable;
    const dx = this.inner.emitBackward(own, this.#batched(dy), saved.inner, wanted[0]);
    const first = dx === undefined ? undefined : this.#whole(dx as Value);
    if (!this.merges) return first;
    const others = this.#lent.map((name) => {
      const gradient = own.gradients.get(name);
      return gradient?.view([1, ...gradient.shape]);
    });
    return [first, ...others];
  }

  #shapeOf(name: string): Shape {
    return this.inner.parameters.find((one) => one.name === name)?.shape as Shape;
  }

  #batched(x: Value): Value {
    return this.#rows ? x.view([x.shape[0] * x.shape[1], ...x.shape.slice(2)]) : x;
  }

  #whole(y: Value): Value {
    return this.#rows ? y.view([1, ...y.shape]) : y;
  }

  override multiplyAdds(x: Shape, y: Shape): number {
    const rows = this.#rows ? x[0] : 1;
    const [from, to] = this.#rows ? [x.slice(1), y.slice(1)] : [x, y];
    return rows * this.inner.multiplyAdds(from, to);
  }
}

/** The layer that a file describes. @throws {FormatError} for a type that there is not */
function made({ type, options }: Exclude<Inner, Layer>): Layer {
  const all = { ...factories, ...volumes, ...norms, ...pools } as unknown as Readonly<
    Record<string, (options: LayerOptions) => Layer>
  >;
  if (Object.hasOwn(all, type)) return all[type](options);
  throw new FormatError(`a layer of type ${shown(type)} cannot be wrapped`);
}

/** A layer some of whose weights come as inputs, or whose batch is the sample's first dimension. */
export const wrapped = (options: WrappedOptions): Layer => new Wrapped(options);
