// A model's weights with all that training adds to them. What is trained lies side by side in one flat
// vector, so that an optimizer is one pass over memory; gradients and optimizer state mirror it.

import { type Backend, isCurrent } from '../../bindings/backend.js';
import { StateError } from '../base/errors.js';
import { keyOf } from '../base/random.js';
import { sizeOf } from '../base/shape.js';
import type { Layer } from '../network/layer.js';
import type { Weight } from '../network/weight.js';
import { type Run, SETTINGS } from '../operators/optimizer/optimizer.emit.js';
import { Value } from '../program/emitter.js';
import { Tensor } from '../tensor/tensor.js';
import { roomOf, type StoredWeight, type WeightStore } from './store.js';

/** A weight with its place in memory. */
interface Slot extends StoredWeight {
  readonly name: string;
  readonly address: number;
  readonly tensor: Tensor;
}

const isTrained = ({ layer, spec }: Slot): boolean => spec.trainable && layer.trainable;

/** The vector of a name, at home in linear memory. */
interface Vector {
  readonly address: number;
  readonly use: 'gradients' | 'optimizer';
}

/** The weights of a model, their gradients, and the state of its optimizer. */
export class Weights {
  readonly #backend: Backend;
  readonly #stores: readonly WeightStore[];
  readonly #slots: readonly Slot[];
  /** Where each trained weight is in the flat vectors: floats from their start, in their order. */
  #offsets: ReadonlyMap<Slot, number> = new Map();
  #floats = 0;
  /** The optimizer's settings: floats that its kernel reads. */
  readonly settings: Value;
  /** The random state that dropout reads: two key words and the step. */
  readonly randomState: Value;
  /** 'gradients' and the optimizer's, by name. */
  readonly #vectors = new Map<string, Vector>();
  readonly #gradientTensors = new Map<Slot, { tensor: Tensor; revoke: () => void }>();
  #disposed = false;
  /** For each slot whether it was trained at the last arrangement. */
  #trained: readonly boolean[] = [];
  /** How often the flat vectors have been arranged: programs lowered before the last time must not run any more. */
  arrangement = 0;
  /** In layer order. */
  readonly list: readonly Weight[];
  /** Take the weights from the layers again. */
  readonly #held: readonly (() => void)[];

  /** @throws {OutOfMemoryError} */
  constructor(
    backend: Backend,
    stores: readonly WeightStore[],
    layers: readonly Layer[],
    seed: number,
  ) {
    this.#backend = backend;
    this.#stores = stores;
    const all = stores.flatMap((store) => {
      const { address, tensors } = store.open(backend);
      return store.weights.map((weight, i): Slot => {
        const name = `${weight.layer.name}/${weight.spec.name}`;
        const own = { address: address + weight.offset * 4, tensor: tensors[i] };
        return { ...weight, ...own, name };
      });
    });
    this.#slots = layers.flatMap((layer) => all.filter((slot) => slot.layer === layer));
    const control = backend.memory.allocate((SETTINGS + 3) * 4, 'scratch');
    this.settings = new Value([SETTINGS], { address: control });
    this.randomState = new Value([3], { address: control + SETTINGS * 4, dtype: 'int32' });
    backend.memory.views.int32.set([...keyOf(seed), 0], control / 4 + SETTINGS);
    this.arrange();
    this.list = Object.freeze(this.#slots.map((slot) => this.#weight(slot)));
    this.#held = layers.map((layer) => {
      const own = this.list.filter((_, i) => this.#slots[i].layer === layer);
      return layer.hold(own);
    });
  }

  #weight(slot: Slot): Weight {
    const gradient = () => this.#gradientTensor(slot);
    return Object.freeze({
      name: slot.name,
      tensor: slot.tensor,
      get trainable() {
        return isTrained(slot);
      },
      // Made when it is first asked for: a model that only predicts has no gradients.
      get gradient() {
        return isTrained(slot) ? gradient() : null;
      },
    });
  }

  /**
   * Arranges what is trained in the flat vectors, if some layer's `trainable` has changed. What is still trained keeps
   * its numbers there.
   *
   * @throws {OutOfMemoryError} and leaves all as it was
   */
  arrange(): void {
    if (this.#slots.every((slot, i) => isTrained(slot) === this.#trained[i])) return;
    const offsets = new Map<Slot, number>();
    let floats = 0;
    for (const slot of this.#slots.filter(isTrained).sort((a, b) => a.address - b.address)) {
      offsets.set(slot, floats);
      floats += roomOf(slot.spec);
    }
    this.#move(offsets, floats);
    this.#offsets = offsets;
    this.#floats = floats;
    this.#trained = this.#slots.map(isTrained);
    this.arrangement++;
    for (const { revoke } of this.#gradientTensors.values()) revoke();
    this.#gradientTensors.clear();
  }

  /** Makes all vectors again, for other offsets. */
  #move(offsets: ReadonlyMap<Slot, number>, floats: number): void {
    const { memory } = this.#backend;
    const made = new Map<string, Vector>();
    try {
      for (const [name, { use }] of this.#vectors)
        made.set(name, this.#allocate(name, use, floats));
    } catch (error) {
      for (const { address } of made.values()) memory.free(address);
      throw error;
    }
    for (const [name, { address }] of this.#vectors) {
      const to = made.get(name) as Vector;
      for (const [slot, offset] of offsets) {
        const before = this.#offsets.get(slot);
        if (before === undefined) continue;
        const from = address / 4 + before;
        const end = from + sizeOf(slot.spec.shape);
        memory.views.float32.copyWithin(to.address / 4 + offset, from, end);
      }
      memory.free(address);
      this.#vectors.set(name, to);
    }
  }

  #allocate(name: string, use: Vector['use'], floats: number): Vector {
    const { memory } = this.#backend;
    const address = memory.allocate(floats * 4, use, `the model's ${name}`);
    memory.views.float32.fill(0, address / 4, address / 4 + floats);
    return { address, use };
  }

  #vector(name: string): number {
    const known = this.#vectors.get(name);
    if (known) return known.address;
    const use = name === 'gradients' ? name : 'optimizer';
    const made = this.#allocate(name, use, this.#floats);
    this.#vectors.set(name, made);
    return made.address;
  }

  #gradientTensor(slot: Slot): Tensor {
    if (this.#disposed || !isCurrent(this.#backend))
      throw new StateError('gradient: the model was used after dispose');
    // A layer that learns again may have no offset yet.
    this.arrange();
    const known = this.#gradientTensors.get(slot);
    if (known) return known.tensor;
    const address = this.#vector('gradients') + this.#offset(slot) * 4;
    const made = Tensor.over(this.#backend, address, slot.spec.shape);
    this.#gradientTensors.set(slot, made);
    return made.tensor;
  }

  #slot(layer: Layer, name: string): Slot {
    return this.#slots.find((slot) => slot.layer === layer && slot.spec.name === name) as Slot;
  }

  #offset(slot: Slot): number {
    return this.#offsets.get(slot) as number;
  }

  /** A weight as a value. */
  value(layer: Layer, name: string): Value {
    const { spec, address } = this.#slot(layer, name);
    return new Value(spec.shape, { address });
  }

  /** A trained weight's gradient as a value. */
  gradient(layer: Layer, name: string): Value {
    const slot = this.#slot(layer, name);
    const address = this.#vector('gradients') + this.#offset(slot) * 4;
    return new Value(slot.spec.shape, { address });
  }

  /** The part of a vector of the optimizer's that belongs to a trained weight, as a value. */
  part(vector: string, layer: Layer, name: string): Value {
    const slot = this.#slot(layer, name);
    const address = this.#vector(vector) + this.#offset(slot) * 4;
    return new Value(slot.spec.shape, { address });
  }

  /** All that is trained, in runs of what lies side by side in memory and decays alike. */
  get runs(): Run[] {
    const runs: Run[] = [];
    const trained = [...this.#offsets.keys()];
    let first: Slot | undefined;
    trained.forEach((slot, i) => {
      first ??= slot;
      const next = trained[i + 1];
      const end = slot.address + roomOf(slot.spec) * 4;
      const decay = Boolean(slot.spec.decay);
      if (next?.address === end && Boolean(next.spec.decay) === decay) return;
      const { address } = first;
      const parameters = new Value([(end - address) / 4], { address });
      runs.push({ parameters, offset: this.#offset(first), decay });
      first = undefined;
    });
    return runs;
  }

  /** The gradients of all that is trained. */
  get gradients(): Value {
    return new Value([this.#floats], { address: this.#vector('gradients') });
  }

  /** A vector of the optimizer's, zero at first. */
  state(name: string): Value {
    return new Value([this.#floats], { address: this.#vector(name) });
  }

  /** Exchanges all that is trained with a vector of the optimizer's. */
  swap(name: string): void {
    const start = this.#vector(name) / 4;
    const { float32 } = this.#backend.memory.views;
    for (const { parameters, offset } of this.runs) {
      const at = parameters.resolve() / 4;
      const own = float32.slice(at, at + parameters.size);
      float32.copyWithin(at, start + offset, start + offset + parameters.size);
      float32.set(own, start + offset);
    }
    this.changed();
  }

  /** To be called when the weights have been written to. */
  changed(): void {
    for (const store of this.#stores) store.changed();
  }

  /** A number that stays the same as long as the weights do. */
  version(): number {
    return this.#stores.reduce((sum, store) => sum + store.version(), 0);
  }

  /** To be called before gradients are added up. */
  clearGradients(): void {
    const at = this.gradients.resolve() / 4;
    this.#backend.memory.views.float32.fill(0, at, at + this.#floats);
  }

  /** Whether the last step's gradients are all finite numbers. */
  gradientsFinite(): boolean {
    return this.#backend.exports.allFinite(this.gradients.resolve(), this.#floats) !== 0;
  }

  /** The weight of the first gradient that is not all finite numbers. */
  firstGradientNotFinite(): string | undefined {
    const parts = this.stateParts('gradients');
    return parts.find(({ data }) => !data.every(Number.isFinite))?.weight;
  }

  /** The part of a vector of the optimizer's that belongs to each trained weight. */
  stateParts(name: string): { weight: string; shape: readonly number[]; data: Float32Array }[] {
    const start = this.#vector(name) / 4;
    const { float32 } = this.#backend.memory.views;
    return this.#slots.filter(isTrained).map((slot) => {
      const { shape } = slot.spec;
      const at = start + this.#offset(slot);
      return { weight: slot.name, shape, data: float32.subarray(at, at + sizeOf(shape)) };
    });
  }

  /** Forgets the optimizer's vectors. */
  clearState(): void {
    for (const [name, { address, use }] of [...this.#vectors]) {
      if (use !== 'optimizer') continue;
      this.#backend.memory.free(address);
      this.#vectors.delete(name);
    }
  }

  /** Copies all that a training step changes; the function returned puts it back. */
  keep(): () => void {
    const { memory } = this.#backend;
    const ranges: [address: number, floats: number][] = [
      ...this.#slots.map((slot): [number, number] => [slot.address, sizeOf(slot.spec.shape)]),
      ...[...this.#vectors.values()].map(({ address }): [number, number] => [
        address,
        this.#floats,
      ]),
    ];
    const copies = ranges.map(([address, floats]) =>
      memory.views.float32.slice(address / 4, address / 4 + floats),
    );
    return () => {
      ranges.forEach(([address], i) => {
        memory.views.float32.set(copies[i], address / 4);
      });
    };
  }

  /** Gives everything back but the stores, which other models may share. */
  dispose(): void {
    this.#disposed = true;
    for (const release of this.#held) release();
    for (const { revoke } of this.#gradientTensors.values()) revoke();
    if (!isCurrent(this.#backend)) return;
    const { memory } = this.#backend;
    for (const { address } of this.#vectors.values()) memory.free(address);
    memory.free(this.settings.resolve());
  }
}

/** What lowering needs of a model's weights. */
export type WeightValues = Pick<
  Weights,
  'value' | 'gradient' | 'part' | 'gradients' | 'state' | 'runs' | 'settings' | 'randomState'
>;
