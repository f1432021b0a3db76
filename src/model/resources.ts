// What a model holds: its network with the stores of its weights, and the engine, made when it is first needed.

import { backend } from '../../bindings/backend.js';
import { StateError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import type { Objective } from '../lowering/objective.js';
import { claim, disclaim, isFresh } from '../lowering/store.js';
import { graphOf } from '../network/graph.js';
import type { SymbolicTensor } from '../network/layer.js';
import type { Advice } from '../program/emitter.js';
import { Engine, type Network } from '../training/engine.js';

/** A network and the stores of its weights, which take no memory yet. */
function networkOf(
  name: string,
  seed: number,
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): Network {
  const graph = naming(name, () => graphOf([...inputs], [...outputs], isFresh));
  return { name, seed, graph, stores: claim(graph.layers, seed) };
}

/** A model's network and engine. */
export class Resources {
  #network: Network;
  #engine: Engine | undefined;
  #disposed = false;

  constructor(...network: Parameters<typeof networkOf>) {
    this.#network = networkOf(...network);
  }

  /** Frees all memory when `model` is collected, if nobody disposed of it: a safety net, not a plan. */
  belongTo(model: object): void {
    net.register(model, this, this);
  }

  get network(): Network {
    return this.#network;
  }

  /** The engine, made by the first call. @throws {StateError} after `dispose`, and for a network without layers */
  engine(where: string): Engine {
    const { name, graph } = this.#network;
    if (this.#disposed)
      throw new StateError(`${where}: the model '${name}' was used after dispose`);
    if (graph.layers.length === 0)
      throw new StateError(
        `${where}: the model '${name}' has no layers yet: model.add(layer) adds one`,
      );
    this.#engine ??= new Engine(backend(), this.#network);
    this.#engine.check(where);
    return this.#engine;
  }

  /** What `compile` fixed; undefined before it. Makes no engine. */
  get objective(): Objective | undefined {
    return this.#engine?.objective;
  }

  /** What `tune` found; undefined before it. Makes no engine. */
  get advice(): Advice | undefined {
    return this.#engine?.advice;
  }

  /** Replaces the output by one that is computed from it. @throws {StateError} if there is an engine already */
  grow(where: string, output: (last: SymbolicTensor) => SymbolicTensor): void {
    const { name, seed, graph, stores } = this.#network;
    if (this.#engine || this.#disposed) {
      throw new StateError(
        `${where}: the model '${name}' has weights already: add all layers before it is compiled or used`,
      );
    }
    const next = output(graph.outputs[0]);
    // All layers get one new store: so the initial weights are the same as if the model had all layers from the start.
    disclaim(stores);
    this.#network = networkOf(name, seed, graph.inputs, [next]);
    // Of stores that other models share, the model had a claim already.
    for (const store of stores) store.release();
  }

  /** Frees all memory. A second call does nothing. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    net.unregister(this);
    this.#engine?.dispose();
    for (const store of this.#network.stores) store.release();
  }
}

/** Frees the resources of models that were collected. */
const net = new FinalizationRegistry((resources: Resources) => resources.dispose());
