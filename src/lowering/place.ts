// A draft of a program, and a group's place in it: what a layer sees of the program.

import { ValueError } from '../base/errors.js';
import { type ActivationName, type Nonlinear, slopeFromInput } from '../network/activation.js';
import type { Fused, Layer, Lowering, ParameterSpec, WeightReader } from '../network/layer.js';
import { activationBackward, activationForward } from '../operators/activation/activation.emit.js';
import { Emitter, none, type Value } from '../program/emitter.js';
import type { Group } from './fuse.js';
import { Logits } from './logits.js';
import { Pending } from './pending.js';
import type { ProgramSpec } from './spec.js';
import { WeightGradients } from './weightgradients.js';

/** A program that is being made: what all its places share. */
export class Draft implements WeightReader {
  readonly spec: ProgramSpec;
  readonly emitter: Emitter;
  readonly training: boolean;
  readonly pending: Pending;
  readonly gradients: WeightGradients;
  readonly logits: Logits;
  /** The inputs of activations whose slope backward computes from them, by their outputs. */
  readonly inputs = new Map<Value, Value>();
  readonly #later: { stream: number; emit: () => void }[] = [];

  constructor(spec: ProgramSpec) {
    this.spec = spec;
    this.training = spec.mode === 'train';
    this.emitter = new Emitter(!this.training, spec.advice);
    this.pending = new Pending(this.emitter);
    this.gradients = new WeightGradients(spec, this.emitter);
    this.logits = new Logits(spec);
  }

  weight(layer: Layer, name: string): Value {
    parameterOf(layer, name);
    return this.spec.weights.value(layer, name);
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

  /** Emits what was put off, in the graph's order: which layers are computed together changes nothing then. */
  finish(): void {
    for (const { emit } of this.#later.sort((a, b) => a.stream - b.stream)) emit();
  }

  /** From the gradient dy of y = relu(x) makes the gradient of x, in place where nobody else reads dy. */
  rectify(dy: Value, y: Value): Value {
    const dx = this.pending.into(dy);
    this.slope('relu', dx, dy, y);
    return dx;
  }

  /** dx = dy·f′, see `activationBackward`; or what the program's rule for ReLU has. */
  slope(name: Nonlinear, dx: Value, dy: Value, from: Value, alpha?: number): void {
    const rule = name.startsWith('relu') ? this.spec.wanted?.relu : undefined;
    if (rule !== 'deconvolution') activationBackward(this.emitter, name, dx, dy, from, alpha);
    if (rule) activationForward(this.emitter, 'relu', dx, rule === 'guided' ? dx : dy);
  }
}

/** Which pass of a layer is emitted at its place. */
export type Pass =
  | 'forward'
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
  readonly #draft: Draft;
  readonly #group: Group;
  readonly #pass: Pass;

  constructor(draft: Draft, group: Group, pass: Pass, fused: Partial<Fused>) {
    this.emitter = draft.emitter;
    this.training = draft.training;
    this.hasBackward = group.hasBackward;
    this.fused = { ...nothing, ...fused };
    this.#draft = draft;
    this.#group = group;
    this.#pass = pass;
  }

  weight(layer: Layer, name: string): Value {
    return this.#draft.weight(layer, name);
  }

  gradient(layer: Layer, name: string): Value {
    const { shape, trainable } = parameterOf(layer, name);
    const learns = this.training && trainable && layer.trainable;
    if (!learns) return this.emitter.value(shape);
    return this.#draft.gradients.into(layer, name);
  }

  into(dy: Value): Value {
    return this.#draft.pending.into(dy);
  }

  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value {
    if (name === 'linear') return x;
    const { logits, inputs } = this.#draft;
    const { end } = this.#group;
    const isOfLoss = logits.isOfLoss(end, name);
    if (isOfLoss) logits.set(end, x);
    if (isOfLoss && !logits.isRead(end)) return x;
    // Logits must not be overwritten, nor an input from which backward computes the slope.
    const keepsInput = isOfLoss || (this.hasBackward && slopeFromInput(name));
    const result = keepsInput && y.root === x.root ? this.emitter.value(y.shape) : y;
    if (slopeFromInput(name)) inputs.set(result, x);
    activationForward(this.emitter, name, result, x, alpha);
    return result;
  }

  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): Value {
    const { logits, inputs } = this.#draft;
    const { end } = this.#group;
    if (name === 'linear') return dy;
    if (name === 'relu' && this.#pass === 'rectified') return dy;
    if (logits.isOfLoss(end, name) && !logits.isRead(end)) return dy;
    const dx = this.into(dy);
    this.#draft.slope(name, dx, dy, inputs.get(y) ?? y, alpha);
    const more = logits.kept(end);
    if (more) this.emitter.emit('add', { y: dx, a: dx, b: more, count: dx.size });
    return dx;
  }

  afterwards(emit: () => void): void {
    this.#draft.postpone(this.stream, emit);
  }

  get randomState(): Value {
    return this.#draft.spec.weights.randomState;
  }

  get stream(): number {
    return this.#draft.spec.graph.nodes.indexOf(this.#group.head);
  }
}

/** @throws {ValueError} where the layer has no such weight */
function parameterOf({ name: owner, parameters }: Layer, name: string): ParameterSpec {
  const spec = parameters.find((one) => one.name === name);
  if (spec) return spec;
  const known = parameters.map((one) => one.name).join(', ');
  throw new ValueError(`${owner}: there is no weight '${name}'; there are ${known}`);
}
