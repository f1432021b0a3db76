// Where the gradients of weights go. A shared layer's backward pass is emitted once for each of its places:
// the first gradient is written where it belongs, the others are added to it.

import type { Layer } from '../network/layer.js';
import { emitPenaltyGradient } from '../operators/optimizer/penalty.emit.js';
import type { Emitter, Value } from '../program/emitter.js';
import { penalized } from './penalized.js';
import { accumulates, type ProgramSpec } from './spec.js';

/** A weight's gradient of one batch: apart from that of the step, where several batches make one. */
const gradientOf = (spec: ProgramSpec, layer: Layer, name: string): Value =>
  accumulates(spec) ? spec.weights.part('batch', layer, name) : spec.weights.gradient(layer, name);

/** The weights' gradients of one program. */
export class WeightGradients {
  readonly #spec: ProgramSpec;
  readonly #emitter: Emitter;
  readonly #written = new Map<string, Value>();
  #sums: { into: Value; more: Value }[] = [];

  constructor(spec: ProgramSpec, emitter: Emitter) {
    this.#spec = spec;
    this.#emitter = emitter;
  }

  /** Where to write the gradient of a weight that learns. */
  into(layer: Layer, name: string): Value {
    const key = `${layer.name}/${name}`;
    const into = this.#written.get(key);
    if (into) {
      const more = this.#emitter.value(into.shape);
      this.#sums.push({ into, more });
      return more;
    }
    const first = gradientOf(this.#spec, layer, name);
    this.#written.set(key, first);
    return first;
  }

  /** Emits the additions for gradients that have been asked for since the last time. */
  add(): void {
    for (const { into, more } of this.#sums.splice(0)) {
      this.#emitter.emit('add', { y: into, a: into, b: more, count: into.size });
    }
  }
}

/** Emits what regularizers add to the gradients of a batch. */
export function emitPenaltyGradients(emitter: Emitter, spec: ProgramSpec): void {
  emitter.layer = 'regularizers';
  for (const { layer, name, regularizer } of penalized(spec.graph.layers)) {
    const w = spec.weights.value(layer, name);
    emitPenaltyGradient(emitter, gradientOf(spec, layer, name), w, regularizer);
  }
}
