// Lowering: from a graph of layers to the list of ops that predicts, evaluates or trains.

import { ValueError } from '../base/errors.js';
import { type ActivationName, slopeFromInput } from '../network/activation.js';
import type { Graph } from '../network/graph.js';
import type {
  KernelAndBias,
  Layer,
  Lowering,
  ParameterSpec,
  SymbolicTensor,
} from '../network/layer.js';
import { activationBackward, activationForward } from '../operators/activation/activation.emit.js';
import { type TargetForm, tapOf } from '../operators/loss/loss.emit.js';
import { Emitter, none, type Operand, type Value } from '../program/emitter.js';
import { endsInRelu, fuse, type Group } from './fuse.js';
import { emitAccumulation, emitGoal, emitStep, type Goal, type Objective } from './objective.js';
import { Pending } from './pending.js';
import { segmentsOf } from './segments.js';
import { sourceOf } from './tap.js';
import type { WeightValues } from './weights.js';

/** What a program is for. */
export type Mode = 'predict' | 'evaluate' | 'train';

/** A network for one batch size, as ops. */
export interface Lowered {
  readonly emitter: Emitter;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** One for each output, where there are losses. */
  readonly goals: readonly Goal[];
  /** How many ops come before backward, before what follows each batch, and before the update. */
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
  /** Whether backward ends with adding gradients up. */
  readonly accumulates: boolean;
}

/** What to lower. */
export interface Task {
  readonly graph: Graph;
  readonly weights: WeightValues;
  readonly batch: number;
  readonly mode: Mode;
  /** Of the targets of each output. */
  readonly forms: readonly TargetForm[];
  /** Whether rows have weights. */
  readonly weighted: boolean;
  /** Needed to evaluate and to train. */
  readonly objective: Objective | undefined;
}

/** Makes the ops of a task. @throws what layers throw for shapes that they cannot take */
export function lower(task: Task): Lowered {
  const to = new GraphLowering(task);
  const { emitter } = to;
  const { graph, mode, objective } = task;
  const inputs = graph.inputs.map((x) => to.begin(x));
  for (const group of to.groups) to.forward(group);
  const outputs = graph.outputs.map((y) => to.valueOf(y));
  if (mode === 'predict') {
    for (const y of outputs) emitter.output(y);
    const end = emitter.ops.length;
    const sections = { forward: end, backward: end, update: end, accumulates: false };
    return { emitter, inputs, outputs, goals: [], ...sections };
  }
  const { goals: aims } = objective as Objective;
  const goals = graph.outputs.map((output, i) => {
    const { forms, weighted } = task;
    return emitGoal(emitter, aims[i], { ...to.judged(output), form: forms[i], weighted });
  });
  const forward = emitter.ops.length;
  if (mode === 'train') to.backward(goals.map(({ dx }) => dx));
  if (mode === 'train' && to.accumulates) emitAccumulation(emitter, task.weights);
  const backward = emitter.ops.length;
  if (mode === 'train') to.finish();
  const update = emitter.ops.length;
  if (mode === 'train') emitStep(emitter, objective as Objective, task.weights);
  const { accumulates } = to;
  return { emitter, inputs, outputs, goals, forward, backward, update, accumulates };
}

/** The network's ops in the making: what layers see of it, and what it keeps between their passes. */
class GraphLowering implements Lowering {
  readonly emitter: Emitter;
  readonly training: boolean;
  readonly groups: readonly Group[];
  readonly #task: Task;
  readonly #values = new Map<SymbolicTensor, Value>();
  /** What forward has kept for backward, by the group's head. */
  readonly #saved = new Map<SymbolicTensor, unknown>();
  /** By their outputs, the inputs of activations whose slope the output does not tell. */
  readonly #inputs = new Map<Value, Value>();
  readonly #pending: Pending;
  readonly #learning: ReadonlySet<SymbolicTensor>;
  /** What each output is another name of: its activation may be part of the loss. */
  readonly #sources: readonly SymbolicTensor[];
  /** Of outputs whose activation is part of the loss: what it is taken of. */
  readonly #logits = new Map<SymbolicTensor, Value>();
  /** The loss's gradients of those, where layers read the output too and have another for it. */
  readonly #ofLogits = new Map<SymbolicTensor, Value>();
  readonly #later: { place: number; emit: () => void }[] = [];
  /** Groups whose ReLU has been seen to in backward: behind the pooling that follows, or for both summands. */
  readonly #rectified = new Set<Group>();
  /** The group that is emitted now, in either direction. */
  #group!: Group;
  /** Whether its forward pass is emitted once more. */
  #again = false;
  /** Gradients of weights that have been written, and what is to be added to them: for shared layers. */
  readonly #written = new Map<string, Value>();
  #sums: { into: Value; more: Value }[] = [];

  constructor(task: Task) {
    this.#task = task;
    this.training = task.mode === 'train';
    this.emitter = new Emitter(!this.training);
    this.groups = fuse(task.graph, this.training);
    this.#pending = new Pending(this.emitter);
    this.#learning = learningNodes(task.graph);
    this.#sources = task.graph.outputs.map((y) => sourceOf(task.graph, y));
  }

  /** The value of an input. */
  begin(x: SymbolicTensor): Value {
    const value = this.emitter.input([this.#task.batch, ...x.shape]);
    this.#values.set(x, value);
    return value;
  }

  valueOf(x: SymbolicTensor): Value {
    return this.#values.get(x) as Value;
  }

  /** Whether several batches make a step. */
  get accumulates(): boolean {
    return (this.#task.objective?.accumulation ?? 1) > 1;
  }

  get rectify(): boolean {
    return this.#group.rectify;
  }

  get residual(): Operand {
    const { addend } = this.#group;
    return addend ? this.valueOf(addend) : none;
  }

  weight(layer: Layer, name: string): Value {
    specOf(layer, name);
    return this.#task.weights.value(layer, name);
  }

  kernelAndBias(layer: Layer): KernelAndBias {
    const useBias = layer.parameters.some(({ name }) => name === 'bias');
    const own: KernelAndBias = {
      kernel: this.weight(layer, 'kernel'),
      bias: useBias ? this.weight(layer, 'bias') : none,
    };
    return this.#group.norm?.fold?.(this, own) ?? own;
  }

  gradient(layer: Layer, name: string): Value {
    const { shape, trainable } = specOf(layer, name);
    if (!trainable || !layer.trainable) return this.emitter.value(shape);
    const key = `${layer.name}/${name}`;
    const into = this.#written.get(key);
    if (!into) {
      const { weights } = this.#task;
      const first = this.accumulates
        ? weights.part('batch', layer, name)
        : weights.gradient(layer, name);
      this.#written.set(key, first);
      return first;
    }
    const more = this.emitter.value(into.shape);
    this.#sums.push({ into, more });
    return more;
  }

  into(dy: Value): Value {
    return this.#pending.isExclusive(dy) ? dy : this.emitter.value(dy.shape);
  }

  takeGradient(): Operand {
    const dx = this.#pending.take(this.#group.head.inputs[0]);
    if (!dx) return none;
    // It is read by what is emitted next.
    this.#pending.release(dx);
    return dx;
  }

  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value {
    if (name === 'linear') return x;
    const { end } = this.#group;
    const isOfLoss = this.#isOfLoss(name);
    if (isOfLoss) this.#logits.set(end, x);
    if (isOfLoss && !this.#isRead(end)) return x;
    // What the loss takes must not be overwritten, nor what backward takes the slope from.
    const keepsInput = isOfLoss || (this.training && slopeFromInput(name));
    const result = keepsInput && y.root === x.root ? this.emitter.value(y.shape) : y;
    if (slopeFromInput(name)) this.#inputs.set(result, x);
    activationForward(this.emitter, name, result, x, alpha);
    return result;
  }

  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): Value {
    const { end } = this.#group;
    if (name === 'linear') return dy;
    if (name === 'relu' && this.#rectified.has(this.#group)) return dy;
    if (this.#isOfLoss(name) && !this.#isRead(end)) return dy;
    const dx = this.into(dy);
    activationBackward(this.emitter, name, dx, dy, this.#inputs.get(y) ?? y, alpha);
    const more = this.#ofLogits.get(end);
    if (more) this.emitter.emit('add', { y: dx, a: dx, b: more, count: dx.size });
    return dx;
  }

  /** Whether the activation is an output's that the loss has in itself. */
  #isOfLoss(name: ActivationName): boolean {
    const { mode, objective } = this.#task;
    const aim = objective?.goals[this.#sources.indexOf(this.#group.end)];
    return mode !== 'predict' && aim !== undefined && name === tapOf(aim.loss.type);
  }

  /** Whether layers read it; those that only rename the numbers of an output do not count. */
  #isRead(x: SymbolicTensor): boolean {
    const { nodes, outputs } = this.#task.graph;
    const isOwn = outputs.includes(x) || !this.#sources.includes(x);
    return isOwn && nodes.some(({ inputs }) => inputs.includes(x));
  }

  /** What the loss takes of an output, and the activation that it has taken over. */
  judged(y: SymbolicTensor): { x: Value; tap: ActivationName | undefined } {
    const { graph, objective } = this.#task;
    const aim = objective?.goals[graph.outputs.indexOf(y)];
    const source = this.#sources[graph.outputs.indexOf(y)];
    const x = this.#logits.get(source);
    if (!x || !aim) return { x: this.valueOf(y), tap: undefined };
    return { x: source === y ? x : this.valueOf(y), tap: tapOf(aim.loss.type) };
  }

  afterwards(emit: () => void): void {
    if (this.#again) return;
    const { layer } = this.emitter;
    const named = (): void => {
      this.emitter.layer = layer;
      emit();
    };
    this.#later.push({ place: this.stream, emit: named });
  }

  /** In the graph's order: what is computed together may not change what a shared layer keeps. */
  finish(): void {
    for (const { emit } of this.#later.sort((a, b) => a.place - b.place)) emit();
  }

  get randomState(): Value {
    return this.#task.weights.randomState;
  }

  get stream(): number {
    return this.#task.graph.nodes.indexOf(this.#group.head);
  }

  forward(group: Group): void {
    const { head, end } = group;
    this.#group = group;
    this.emitter.layer = head.name;
    const { y, saved } = head.layer.emitForward(this, ...head.inputs.map((x) => this.valueOf(x)));
    this.#saved.set(head, saved);
    this.#values.set(end, y);
  }

  /** From the outputs' gradients, those of all that learns. */
  backward(gradients: readonly Value[]): void {
    const { graph, objective } = this.#task;
    graph.outputs.forEach((y, i) => {
      if (this.#logits.has(y) && this.#isRead(y)) this.#ofLogits.set(y, gradients[i]);
      else this.#give([[y, gradients[i]]]);
    });
    const segments = segmentsOf(this.groups, Boolean(objective?.checkpointing));
    for (const [index, segment] of [...segments.entries()].reverse()) {
      const learning = segment.filter(({ end }) => this.#learning.has(end));
      // Of the last one, everything is there still.
      if (index < segments.length - 1 && learning.length > 0) this.#repeat(segment);
      for (const group of learning.reverse()) this.#backwardOf(group);
    }
  }

  #repeat(segment: readonly Group[]): void {
    this.#again = true;
    for (const group of segment) this.forward(group);
    this.#again = false;
  }

  #give(gradients: readonly (readonly [SymbolicTensor, Value | undefined])[]): void {
    const wanted = gradients.filter(([x, dx]) => dx && this.#learning.has(x));
    this.#pending.give(wanted as [SymbolicTensor, Value][]);
  }

  #backwardOf(group: Group): void {
    const { head, end, addend, rectify } = group;
    const dy = this.#pending.take(end);
    if (!dy) return;
    this.#group = group;
    this.emitter.layer = head.name;
    let dz = dy;
    if (addend && rectify) {
      dz = this.activateBackward('relu', dy, this.valueOf(end));
      this.#rectified.add(group);
    }
    this.#pending.hold(dz);
    this.#pending.release(dy);
    if (addend) this.#give([[addend, dz]]);
    this.#give(this.#gradientsOf(group, dz));
    this.#pending.release(dz);
    for (const { into, more } of this.#sums.splice(0)) {
      this.emitter.emit('add', { y: into, a: into, b: more, count: into.size });
    }
  }

  /** Emits the backward pass of a group's head. */
  #gradientsOf({ head, end }: Group, dy: Value): [SymbolicTensor, Value | undefined][] {
    const { layer, inputs } = head;
    const wanted = inputs.map((x) => this.#learning.has(x));
    // ReLU's gradient costs less behind a max pool, where there are fewer numbers, and is the same.
    const before = layer.fusion.commutesWithRelu ? this.#only(inputs[0]) : undefined;
    let dz = dy;
    if (before && endsInRelu(before)) {
      dz = this.activateBackward('relu', dy, this.valueOf(end));
      this.#rectified.add(before);
    }
    const found = layer.emitBackward(this, dz, this.#saved.get(head), ...wanted);
    const gradients = Array.isArray(found) ? found : [found];
    return inputs.map((x, i) => [x, gradients[i] as Value | undefined]);
  }

  /** The group that makes a tensor, if nobody else reads it. */
  #only(x: SymbolicTensor): Group | undefined {
    const { nodes, outputs } = this.#task.graph;
    const readers = nodes.filter(({ inputs }) => inputs.includes(x));
    if (readers.length > 1 || outputs.includes(x)) return undefined;
    return this.groups.find(({ end }) => end === x);
  }
}

/** @throws {ValueError} where the layer has no such weight */
function specOf({ name: owner, parameters }: Layer, name: string): ParameterSpec {
  const spec = parameters.find((one) => one.name === name);
  if (spec) return spec;
  const known = parameters.map((one) => one.name).join(', ');
  throw new ValueError(`${owner}: there is no weight '${name}'; there are ${known}`);
}

/** The nodes with something to learn in their own layer or below: all others need no gradient. */
function learningNodes({ nodes }: Graph): ReadonlySet<SymbolicTensor> {
  const learning = new Set<SymbolicTensor>();
  for (const node of nodes) {
    const { layer, inputs } = node;
    const own = layer.trainable && layer.parameters.some(({ trainable }) => trainable);
    if (own || inputs.some((x) => learning.has(x))) learning.add(node);
  }
  return learning;
}
