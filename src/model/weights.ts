// Where a model's weights live: one flat vector of all that is trained, so that an optimizer is one
// pass over memory, and behind it what is not. Gradients and optimizer state mirror it.

import { type Backend, isCurrent } from '../../bindings/backend.js';
import { Value } from '../emit/emitter.js';
import { type Run, SETTINGS } from '../emit/optimizer.js';
import { StateError } from '../errors.js';
import { initialize } from '../initializers.js';
import type { Layer, ParameterSpec } from '../layers/layer.js';
import { keyOf, purpose, Random } from '../random.js';
import { sizeOf } from '../shape.js';
import { Tensor } from '../tensor.js';

/** A weight as the user sees it. */
export interface Weight {
  /** `layer/parameter`, unique in the model. */
  readonly name: string;
  /** The numbers themselves: writing to `tensor.data` changes the model. */
  readonly tensor: Tensor;
  /** The gradient of the last training step, null for what is not trained. */
  readonly gradient: Tensor | null;
  readonly trainable: boolean;
}

interface Slot {
  readonly layer: Layer;
  readonly spec: ParameterSpec;
  /** Floats from the start of the vector. */
  offset: number;
}

/** Floats between the starts of two weights are a multiple of this: a cache line. */
const LINE = 16;

/** Gives the slots that `wanted` selects their places from `from` on; returns the end. */
function placeSlots(
  slots: readonly Slot[],
  from: number,
  wanted: (spec: ParameterSpec) => boolean,
): number {
  let end = from;
  for (const slot of slots) {
    if (!wanted(slot.spec)) continue;
    slot.offset = end;
    end += Math.ceil(sizeOf(slot.spec.shape) / LINE) * LINE;
  }
  return end;
}

/** The weights of a model with all that training adds to them. */
export class Weights {
  readonly #backend: Backend;
  readonly #slots: readonly Slot[];
  /** Floats of what weight decay shrinks, of all that is trained, and with what is not trained behind it. */
  readonly #decayed: number;
  readonly #trained: number;
  readonly #total: number;
  readonly #parameters: number;
  /** The optimizer's settings: floats that its kernel reads. */
  readonly settings: Value;
  /** The random state that dropout reads: two key words and the step. */
  readonly randomState: Value;
  #gradients: number | undefined;
  #disposed = false;
  /** Addresses of the optimizer's vectors, by name. */
  readonly #state = new Map<string, number>();
  readonly #revokes: (() => void)[] = [];
  #changes = 0;
  /** Of the weights that the user may write to, as they were last seen. */
  readonly #fingerprints: number[] = [];
  /** The weights in layer order. */
  readonly list: readonly Weight[];

  /** Allocates and initializes the weights of built layers. @throws {OutOfMemoryError} */
  constructor(backend: Backend, layers: readonly Layer[], seed: number) {
    this.#backend = backend;
    this.#slots = layers.flatMap((layer) =>
      layer.parameters.map((spec) => ({ layer, spec, offset: 0 })),
    );
    const decays = ({ trainable, decay = false }: ParameterSpec) => trainable && decay;
    this.#decayed = placeSlots(this.#slots, 0, decays);
    this.#trained = placeSlots(
      this.#slots,
      this.#decayed,
      (spec) => spec.trainable && !decays(spec),
    );
    this.#total = placeSlots(this.#slots, this.#trained, (spec) => !spec.trainable);
    this.#parameters = this.#allocate('parameters', this.#total);
    const control = backend.memory.allocate((SETTINGS + 3) * 4, 'scratch');
    this.settings = new Value([SETTINGS], { address: control });
    this.randomState = new Value([3], { address: control + SETTINGS * 4, dtype: 'int32' });
    backend.memory.views.int32.set([...keyOf(seed), 0], control / 4 + SETTINGS);
    this.list = this.#slots.map((slot, index) =>
      this.#initialize(slot, new Random(seed, purpose.weights, index)),
    );
  }

  #allocate(use: 'parameters' | 'gradients' | 'optimizer', floats: number): number {
    const { memory } = this.#backend;
    const address = memory.allocate(floats * 4, use, `the model's ${use}`);
    memory.views.float32.fill(0, address / 4, address / 4 + floats);
    return address;
  }

  #initialize(slot: Slot, random: Random): Weight {
    const { name, shape, initializer, trainable } = slot.spec;
    const tensor = this.#tensor(this.#parameters, slot);
    initialize(initializer, tensor.numbers, shape, random);
    const makeGradient = () => this.#gradientTensor(slot);
    let gradient: Tensor | null = null;
    return Object.freeze({
      name: `${slot.layer.name}/${name}`,
      tensor,
      trainable,
      // Made when it is first asked for: a model that only predicts has no gradients.
      get gradient() {
        if (trainable) gradient ??= makeGradient();
        return gradient;
      },
    });
  }

  #gradientTensor(slot: Slot): Tensor {
    this.#check();
    return this.#tensor(this.#gradientVector(), slot);
  }

  #tensor(base: number, { spec, offset }: Slot): Tensor {
    const { tensor, revoke } = Tensor.over(this.#backend, base + offset * 4, spec.shape);
    this.#revokes.push(revoke);
    return tensor;
  }

  #gradientVector(): number {
    this.#gradients ??= this.#allocate('gradients', this.#trained);
    return this.#gradients;
  }

  #slot(layer: Layer, name: string): Slot {
    return this.#slots.find((slot) => slot.layer === layer && slot.spec.name === name) as Slot;
  }

  /** A weight as a value. */
  value(layer: Layer, name: string): Value {
    const { spec, offset } = this.#slot(layer, name);
    return new Value(spec.shape, { address: this.#parameters + offset * 4 });
  }

  /** A weight's gradient as a value. */
  gradient(layer: Layer, name: string): Value {
    const { spec, offset } = this.#slot(layer, name);
    return new Value(spec.shape, { address: this.#gradientVector() + offset * 4 });
  }

  /** All that is trained, as one vector, and its gradients. */
  get flat(): { parameters: Value; gradients: Value } {
    const shape = [this.#trained];
    return {
      parameters: new Value(shape, { address: this.#parameters }),
      gradients: new Value(shape, { address: this.#gradientVector() }),
    };
  }

  /** What is trained: first what weight decay shrinks, then what it spares. */
  get runs(): Run[] {
    return [
      { offset: 0, count: this.#decayed, decay: true },
      { offset: this.#decayed, count: this.#trained - this.#decayed, decay: false },
    ].filter(({ count }) => count > 0);
  }

  /** To be called when the weights have been written to. */
  changed(): void {
    this.#changes++;
  }

  /**
   * A number that stays the same as long as the weights do. Where the user holds a weight's `data` and
   * may have written to it, a fingerprint tells.
   */
  version(): number {
    this.list.forEach(({ tensor }, i) => {
      if (!tensor.exposed) return;
      const now = this.#backend.exports.fingerprint(tensor.address, tensor.size);
      if (now !== this.#fingerprints[i]) this.#changes++;
      this.#fingerprints[i] = now;
    });
    return this.#changes;
  }

  /** Whether the last step's gradients are all finite numbers. */
  gradientsFinite(): boolean {
    return this.#backend.exports.allFinite(this.#gradientVector(), this.#trained) !== 0;
  }

  /** A vector of the optimizer's, zero at first. */
  state(name: string): Value {
    const address = this.#state.get(name) ?? this.#allocate('optimizer', this.#trained);
    this.#state.set(name, address);
    return new Value([this.#trained], { address });
  }

  /** The part of a vector of the optimizer's that belongs to each trained weight. */
  stateParts(name: string): { weight: string; shape: readonly number[]; data: Float32Array }[] {
    const { address = 0 } = this.state(name);
    const { float32 } = this.#backend.memory.views;
    return this.#slots
      .filter(({ spec }) => spec.trainable)
      .map(({ layer, spec, offset }) => {
        const at = address / 4 + offset;
        const data = float32.subarray(at, at + sizeOf(spec.shape));
        return { weight: `${layer.name}/${spec.name}`, shape: spec.shape, data };
      });
  }

  /** Forgets the optimizer's vectors. */
  clearState(): void {
    for (const address of this.#state.values()) this.#backend.memory.free(address);
    this.#state.clear();
  }

  /** Copies all that a training step changes; the function returned puts it back. */
  keep(): () => void {
    const { memory } = this.#backend;
    const vectors: [address: number, floats: number][] = [
      [this.#parameters, this.#total],
      ...[this.#gradientVector(), ...this.#state.values()].map((address): [number, number] => [
        address,
        this.#trained,
      ]),
    ];
    const copies = vectors.map(([address, floats]) =>
      memory.views.float32.slice(address / 4, address / 4 + floats),
    );
    return () => {
      vectors.forEach(([address], i) => {
        memory.views.float32.set(copies[i], address / 4);
      });
    };
  }

  #check(): void {
    if (this.#disposed || !isCurrent(this.#backend))
      throw new StateError('gradient: the model was used after dispose');
  }

  /** Gives everything back; tensors of `list` are disposed with it. */
  dispose(): void {
    this.#disposed = true;
    for (const revoke of this.#revokes) revoke();
    if (!isCurrent(this.#backend)) return;
    const { memory } = this.#backend;
    this.clearState();
    if (this.#gradients !== undefined) memory.free(this.#gradients);
    memory.free(this.settings.resolve());
    memory.free(this.#parameters);
  }
}
