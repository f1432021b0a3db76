// A layer's place in a program that is being made: what the layer sees of it.

import { ValueError } from '../base/errors.js';
import { type ActivationName, slopeFromInput } from '../network/activation.js';
import type { Fused, Layer, Lowering, ParameterSpec, WeightReader } from '../network/layer.js';
import { activationBackward, activationForward } from '../operators/activation/activation.emit.js';
import { Emitter, none, type Value } from '../program/emitter.js';
import type { Group } from './fuse.js';
import { Pending } from './pending.js';
import { Taps } from './taps.js';
import type { Task } from './task.js';
import { WeightGradients } from './weightgradients.js';

/** A program that is being made: what all its places share. */
export class Making implements WeightReader {
  readonly task: Task;
  readonly emitter: Emitter;
  readonly training: boolean;
  readonly hasBackward: boolean;
  readonly pending: Pending;
  readonly gradients: WeightGradients;
  readonly taps: Taps;
  /** By their outputs, the inputs of activations whose slope the output does not tell. */
  readonly inputs = new Map<Value, Value>();
  readonly #later: { stream: number; emit: () => void }[] = [];

  constructor(task: Task) {
    this.task = task;
    this.training = task.mode === 'train';
    this.hasBackward = this.training || task.mode === 'gradients';
    this.emitter = new Emitter(!this.training);
    this.pending = new Pending(this.emitter);
    this.gradients = new WeightGradients(task, this.emitter);
    this.taps = new Taps(task);
  }

  weight(layer: Layer, name: string): Value {
    specOf(layer, name);
    return this.task.weights.value(layer, name);
  }

  /** Puts ops off until `finish`. */
  postpone(stream: number, emit: () => void): void {
    const { layer } = this.emitter;
    const named = (): void => {
      this.emitter.layer = layer;
      emit();
    };
    this.#later.push({ stream, emit: named });
  }

  /** In the graph's order: what is computed together may not change what a shared layer keeps. */
  finish(): void {
    for (const { emit } of this.#later.sort((a, b) => a.stream - b.stream)) emit();
  }

  /** From dy, the gradient of y = relu(x), that of x: in place where nobody else reads dy. */
  rectify(dy: Value, y: Value): Value {
    const dx = this.pending.into(dy);
    activationBackward(this.emitter, 'relu', dx, dy, y);
    return dx;
  }
}

/** Which pass of a layer is emitted at its place. */
export type Pass =
  | 'forward'
  /** Forward once more, for a segment that backward needs again. */
  | 'again'
  | 'backward'
  /** Where the gradient of the ReLU that ends the group has been found already. */
  | 'rectified';

const nothing: Fused = { folded: undefined, residual: none, rectify: false, gradient: none };

/** A group's place in the program, in one pass. */
export class Place implements Lowering {
  readonly emitter: Emitter;
  readonly training: boolean;
  readonly hasBackward: boolean;
  readonly fused: Fused;
  readonly #making: Making;
  readonly #group: Group;
  readonly #pass: Pass;

  constructor(making: Making, group: Group, pass: Pass, fused: Partial<Fused>) {
    this.emitter = making.emitter;
    this.training = making.training;
    this.hasBackward = making.hasBackward;
    this.fused = { ...nothing, ...fused };
    this.#making = making;
    this.#group = group;
    this.#pass = pass;
  }

  weight(layer: Layer, name: string): Value {
    return this.#making.weight(layer, name);
  }

  gradient(layer: Layer, name: string): Value {
    const { shape, trainable } = specOf(layer, name);
    const learns = this.training && trainable && layer.trainable;
    if (!learns) return this.emitter.value(shape);
    return this.#making.gradients.place(layer, name);
  }

  into(dy: Value): Value {
    return this.#making.pending.into(dy);
  }

  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value {
    if (name === 'linear') return x;
    const { taps, inputs } = this.#making;
    const { end } = this.#group;
    const isOfLoss = taps.takes(end, name);
    if (isOfLoss) taps.set(end, x);
    if (isOfLoss && !taps.isRead(end)) return x;
    // What the loss takes must not be overwritten, nor what backward takes the slope from.
    const keepsInput = isOfLoss || (this.hasBackward && slopeFromInput(name));
    const result = keepsInput && y.root === x.root ? this.emitter.value(y.shape) : y;
    if (slopeFromInput(name)) inputs.set(result, x);
    activationForward(this.emitter, name, result, x, alpha);
    return result;
  }

  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): Value {
    const { taps, inputs } = this.#making;
    const { end } = this.#group;
    if (name === 'linear') return dy;
    if (name === 'relu' && this.#pass === 'rectified') return dy;
    if (taps.takes(end, name) && !taps.isRead(end)) return dy;
    const dx = this.into(dy);
    activationBackward(this.emitter, name, dx, dy, inputs.get(y) ?? y, alpha);
    const more = taps.kept(end);
    if (more) this.emitter.emit('add', { y: dx, a: dx, b: more, count: dx.size });
    return dx;
  }

  afterwards(emit: () => void): void {
    if (this.#pass !== 'again') this.#making.postpone(this.stream, emit);
  }

  get randomState(): Value {
    return this.#making.task.weights.randomState;
  }

  get stream(): number {
    return this.#making.task.graph.nodes.indexOf(this.#group.head);
  }
}

/** @throws {ValueError} where the layer has no such weight */
function specOf({ name: owner, parameters }: Layer, name: string): ParameterSpec {
  const spec = parameters.find((one) => one.name === name);
  if (spec) return spec;
  const known = parameters.map((one) => one.name).join(', ');
  throw new ValueError(`${owner}: there is no weight '${name}'; there are ${known}`);
}
