// Where the numbers of weights live. The first model with some layers makes a store for their weights; other models with
// these layers share it, and the last of them gives it back.

import { type Backend, isCurrent } from '../../bindings/backend.js';
import { StateError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import { initialize } from '../network/initializers.js';
import type { Layer, ParameterSpec } from '../network/layer.js';
import { Tensor } from '../tensor/tensor.js';
import { Watch } from '../tensor/watch.js';

/** A weight, and where its store has it. */
export interface StoredWeight {
  readonly layer: Layer;
  readonly spec: ParameterSpec;
  /** Floats from the start of the store. */
  readonly offset: number;
}

/** Floats between the starts of two weights are a multiple of this: a cache line. */
const LINE = 16;

/** Floats that a weight takes. */
export const roomOf = ({ shape }: ParameterSpec): number => Math.ceil(sizeOf(shape) / LINE) * LINE;

/** Lays weights out: trained ones first, and first those that decay, so that an optimizer has long runs of them. */
function laidOut(layers: readonly Layer[]): StoredWeight[] {
  const all = layers.flatMap((layer) => layer.parameters.map((spec) => ({ layer, spec })));
  const rank = ({ trainable, decay }: ParameterSpec): number => (trainable ? (decay ? 0 : 1) : 2);
  const order = [...all].sort((a, b) => rank(a.spec) - rank(b.spec));
  const offsets = new Map<ParameterSpec, number>();
  let end = 0;
  for (const { spec } of order) {
    offsets.set(spec, end);
    end += roomOf(spec);
  }
  return all.map((one) => ({ ...one, offset: offsets.get(one.spec) as number }));
}

/** The numbers of some layers' weights. */
export class WeightStore {
  /** In layer order. */
  readonly weights: readonly StoredWeight[];
  readonly #floats: number;
  readonly #seed: number;
  #backend: Backend | undefined;
  #address = 0;
  #tensors: readonly Tensor[] = [];
  #revokes: readonly (() => void)[] = [];
  #users = 0;
  /** Whether somebody will write all numbers as soon as there is memory for them: it then makes none. */
  awaitsNumbers = false;
  #ended = false;
  #changes = 0;
  /** Of the weights that the user may write to. */
  #watch: Watch | undefined;

  constructor(layers: readonly Layer[], seed: number) {
    this.weights = laidOut(layers);
    this.#floats = this.weights.reduce((sum, { spec }) => sum + roomOf(spec), 0);
    this.#seed = seed;
  }

  /** Whether no other model shares it, and its weights are not made yet. */
  get isLoose(): boolean {
    return this.#users === 1 && !this.#backend;
  }

  /** Notes one more model that shares it. */
  retain(): void {
    this.#users++;
  }

  /**
   * Where it is, and the weights as tensors; made and filled the first time.
   *
   * @throws {StateError} once the last model that had it gave it back
   * @throws {OutOfMemoryError}
   */
  open(backend: Backend): { address: number; tensors: readonly Tensor[] } {
    if (this.#ended || (this.#backend && !isCurrent(this.#backend))) {
      throw new StateError(
        `the weights of '${this.weights[0].layer.name}' went with the last model that had them: keep one of the models, or make new layers`,
      );
    }
    if (!this.#backend) this.#fill(backend);
    return { address: this.#address, tensors: this.#tensors };
  }

  #fill(backend: Backend): void {
    const { memory } = backend;
    this.#address = memory.allocate(this.#floats * 4, 'parameters', "the model's parameters");
    this.#backend = backend;
    const from = this.#address / 4;
    // Between weights there must be zeros: the optimizer goes over them.
    for (const { spec, offset } of this.weights) {
      const start = from + offset;
      memory.views.float32.fill(0, start + sizeOf(spec.shape), start + roomOf(spec));
    }
    const views = this.weights.map(({ spec, offset }) =>
      Tensor.over(backend, this.#address + offset * 4, spec.shape),
    );
    this.#tensors = views.map(({ tensor }) => tensor);
    this.#revokes = views.map(({ revoke }) => revoke);
    if (this.awaitsNumbers) return;
    this.weights.forEach(({ spec }, i) => {
      initialize(spec.initializer, this.#tensors[i], this.#seed, i);
    });
  }

  /** To be called when the weights have been written to. */
  changed(): void {
    this.#changes++;
  }

  /**
   * A number that stays the same as long as the weights do, and never falls. Where the user has a weight's `data`
   * and may have written to it, its fingerprint shows whether it has changed.
   */
  version(): number {
    const exposed = this.#tensors.filter((tensor) => tensor.exposed);
    if (this.#backend && exposed.length > 0) {
      if (this.#watch?.tensors !== exposed.length) {
        this.#watch?.dispose();
        this.#watch = undefined;
        this.#watch = new Watch(this.#backend, exposed);
      }
      if (this.#watch.changed()) this.#changes++;
    }
    return this.#changes;
  }

  /** One model less shares it; after the last the memory is given back, and the tensors end. */
  release(): void {
    if (--this.#users > 0 || !this.#backend) return;
    this.#ended = true;
    for (const revoke of this.#revokes) revoke();
    this.#watch?.dispose();
    if (isCurrent(this.#backend)) this.#backend.memory.free(this.#address);
  }
}

const stores = new WeakMap<Layer, WeightStore>();

/** Gives up stores that are loose: their layers are then of no model, and can be claimed together with others. */
export function disclaim(all: readonly WeightStore[]): void {
  for (const store of all) {
    if (!store.isLoose) continue;
    for (const { layer } of store.weights) stores.delete(layer);
  }
}

/** Whether a layer is of no model yet. */
export const isFresh = (layer: Layer): boolean => !stores.has(layer);

/** The stores that have the weights of the layers: a new one for those that are of no model yet. */
export function claim(layers: readonly Layer[], seed: number): WeightStore[] {
  const fresh = layers.filter(isFresh);
  if (fresh.length > 0) {
    const store = new WeightStore(fresh, seed);
    for (const layer of fresh) stores.set(layer, store);
  }
  // A layer without weights needs no store, though it has one.
  const weighty = layers.filter(({ parameters }) => parameters.length > 0);
  const all = new Set(weighty.map((layer) => stores.get(layer) as WeightStore));
  for (const store of all) store.retain();
  return [...all];
}
