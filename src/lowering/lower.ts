// Lowering: from a graph of layers to the list of ops that predicts, evaluates or trains.
//
// What each stage makes is what the next one takes: `fuse` makes groups, the forward pass values and what
// backward needs, the goals their gradients, the backward pass those of all that learns.

import type { Graph } from '../network/graph.js';
import { ownKernel } from '../network/kernel.js';
import type { SymbolicTensor } from '../network/layer.js';
import { type Emitter, none, type Value } from '../program/emitter.js';
import { endsInRelu, fuse, type Group } from './fuse.js';
import {
  emitAccumulation,
  emitGoal,
  emitPenalties,
  emitStep,
  type Goal,
  type Objective,
} from './objective.js';
import { Making, Place } from './place.js';
import { segmentsOf } from './segments.js';
import { accumulates, type Task } from './task.js';

/** A network for one batch size, as ops. */
export interface Lowered {
  readonly emitter: Emitter;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** One for each output, where there are losses. */
  readonly goals: readonly Goal[];
  /** Where there are losses: what regularizers add to them, the sum of all numbers. */
  readonly penalties: readonly Value[];
  /** How many ops come before backward, before what follows each batch, and before the update. */
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
  /** Whether backward ends with adding gradients up. */
  readonly accumulates: boolean;
}

/** Makes the ops of a task. @throws what layers throw for shapes that they cannot take */
export function lower(task: Task): Lowered {
  const { graph, mode, objective, weights } = task;
  const making = new Making(task);
  const { emitter, taps } = making;
  const groups = fuse(graph, making.training);
  const passes = new Passes(making, groups);
  const inputs = graph.inputs.map((x) => passes.begin(x));
  for (const group of groups) passes.forward(group, 'forward');
  const outputs = graph.outputs.map((y) => passes.valueOf(y));
  if (mode === 'predict') {
    for (const y of outputs) emitter.output(y);
    const end = emitter.ops.length;
    const sections = { forward: end, backward: end, update: end, accumulates: false };
    return { emitter, inputs, outputs, goals: [], penalties: [], ...sections };
  }
  const { goals: aims } = objective as Objective;
  const goals = graph.outputs.map((output, i) => {
    const { forms, weighted } = task;
    const judged = taps.judged(output, outputs[i]);
    return emitGoal(emitter, aims[i], { ...judged, form: forms[i], weighted });
  });
  const penalties = emitPenalties(emitter, graph.layers, task.weights);
  const forward = emitter.ops.length;
  if (mode === 'train') passes.backward(goals.map(({ dx }) => dx));
  if (mode === 'train' && accumulates(task)) emitAccumulation(emitter, weights);
  const backward = emitter.ops.length;
  if (mode === 'train') making.finish();
  const update = emitter.ops.length;
  if (mode === 'train') emitStep(emitter, objective as Objective, graph.layers, weights);
  const sections = { forward, backward, update, accumulates: accumulates(task) };
  return { emitter, inputs, outputs, goals, penalties, ...sections };
}

/** The network's passes, forward and backward. */
class Passes {
  readonly #making: Making;
  readonly #groups: readonly Group[];
  readonly #values = new Map<SymbolicTensor, Value>();
  /** What forward has kept for backward. */
  readonly #saved = new Map<Group, unknown>();
  readonly #learning: ReadonlySet<SymbolicTensor>;
  /** Groups whose ReLU has been seen to in backward: by the pooling that follows. */
  readonly #rectified = new Set<Group>();

  constructor(making: Making, groups: readonly Group[]) {
    this.#making = making;
    this.#groups = groups;
    this.#learning = learningNodes(making.task.graph);
  }

  /** The value of an input. */
  begin(x: SymbolicTensor): Value {
    const { emitter, task } = this.#making;
    const value = emitter.input([task.batch, ...x.shape]);
    this.#values.set(x, value);
    return value;
  }

  valueOf(x: SymbolicTensor): Value {
    return this.#values.get(x) as Value;
  }

  /** Emits a group's forward pass. */
  forward(group: Group, pass: 'forward' | 'again'): void {
    const { head, end, norm, addend, rectify } = group;
    const { layer, inputs } = head;
    this.#making.emitter.layer = layer.name;
    const folded = norm?.fold?.(this.#making, ownKernel(this.#making, layer));
    const residual = addend ? this.valueOf(addend) : none;
    const to = new Place(this.#making, group, pass, { folded, residual, rectify });
    const { y, saved } = layer.emitForward(to, ...inputs.map((x) => this.valueOf(x)));
    this.#saved.set(group, saved);
    this.#values.set(end, y);
  }

  /** From the outputs' gradients, those of all that learns. */
  backward(gradients: readonly Value[]): void {
    const { taps, task } = this.#making;
    const { graph, objective } = task;
    graph.outputs.forEach((y, i) => {
      if (!taps.keep(y, gradients[i])) this.#give([[y, gradients[i]]]);
    });
    const segments = segmentsOf(this.#groups, Boolean(objective?.checkpointing));
    for (const [index, segment] of [...segments.entries()].reverse()) {
      const learning = segment.filter(({ end }) => this.#learning.has(end));
      // Of the last one, everything is there still.
      if (index < segments.length - 1 && learning.length > 0) {
        for (const group of segment) this.forward(group, 'again');
      }
      for (const group of learning.reverse()) this.#backwardOf(group);
    }
  }

  #give(gradients: readonly (readonly [SymbolicTensor, Value | undefined])[]): void {
    const wanted = gradients.filter(([x, dx]) => dx && this.#learning.has(x));
    this.#making.pending.give(wanted as [SymbolicTensor, Value][]);
  }

  #backwardOf(group: Group): void {
    const { pending, gradients, emitter } = this.#making;
    const { head, end, addend, rectify } = group;
    const dy = pending.take(end);
    if (!dy) return;
    emitter.layer = head.layer.name;
    let dz = dy;
    if (addend && rectify && !this.#rectified.has(group)) {
      // Both summands need it.
      dz = this.#making.rectify(dy, this.valueOf(end));
      this.#rectified.add(group);
    }
    pending.hold(dz);
    pending.release(dy);
    if (addend) this.#give([[addend, dz]]);
    this.#give(this.#gradientsOf(group, dz));
    pending.release(dz);
    gradients.add();
  }

  /** Emits the backward pass of a group's head. */
  #gradientsOf(group: Group, dy: Value): [SymbolicTensor, Value | undefined][] {
    const { pending } = this.#making;
    const { layer, inputs } = group.head;
    const wanted = inputs.map((x) => this.#learning.has(x));
    // ReLU's gradient costs less after a max pool, where there are fewer numbers, and is the same.
    const before = layer.fusion.commutesWithRelu ? this.#only(inputs[0]) : undefined;
    let dz = dy;
    if (before && endsInRelu(before)) {
      dz = this.#making.rectify(dy, this.valueOf(group.end));
      this.#rectified.add(before);
    }
    const takesMore = layer.fusion.absorbsGradient && wanted[0];
    const more = takesMore ? pending.take(inputs[0]) : undefined;
    const pass = this.#rectified.has(group) ? 'rectified' : 'backward';
    const to = new Place(this.#making, group, pass, { gradient: more ?? none });
    const found = layer.emitBackward(to, dz, this.#saved.get(group), ...wanted);
    if (more) pending.release(more);
    const all = Array.isArray(found) ? found : [found];
    return inputs.map((x, i) => [x, all[i] as Value | undefined]);
  }

  /** The group that makes a tensor, if nobody else reads it. */
  #only(x: SymbolicTensor): Group | undefined {
    const { nodes, outputs } = this.#making.task.graph;
    const readers = nodes.filter(({ inputs }) => inputs.includes(x));
    if (readers.length > 1 || outputs.includes(x)) return undefined;
    return this.#groups.find(({ end }) => end === x);
  }
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
