// Lowering: from a graph of layers to the list of ops that predicts, evaluates, trains, or finds gradients.
//
// Each stage takes what the one before makes: `fuse` makes groups; the forward pass makes values, and what backward
// needs; the goals make the gradients of the outputs; the backward pass makes the gradients of all that learns.

import { ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import type { Graph } from '../network/graph.js';
import { ownKernel } from '../network/kernel.js';
import type { SymbolicTensor } from '../network/layer.js';
import { type Emitter, none, type Value } from '../program/emitter.js';
import { prune } from '../program/prune.js';
import { recompute } from '../program/recompute.js';
import { endsInRelu, fuse, type Group } from './fuse.js';
import {
  type EmittedGoal,
  emitAccumulation,
  emitGoal,
  emitPenalties,
  emitStep,
  type Given,
  type Objective,
} from './objective.js';
import { Draft, Place } from './place.js';
import { accumulates, hasLoss, type ProgramSpec } from './spec.js';
import { emitPenaltyGradients } from './weightgradients.js';

/** A network for one batch size, as ops. */
export interface Lowered {
  readonly emitter: Emitter;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** For each output what else is filled: targets and rows' weights, or the factors of the outputs. */
  readonly given: readonly Given[];
  /** One for each output, where losses are reported. */
  readonly goals: readonly EmittedGoal[];
  /** Where there are losses: the sum of all these numbers is what regularizers add to them. */
  readonly penalties: readonly Value[];
  /** The wanted ones, undefined where no output depends on the tensor; then the tensors, where they are wanted too. */
  readonly gradients: readonly (Value | undefined)[];
  /** How many ops come before the backward pass, before what layers do after it, and before the optimizer's step. */
  readonly forward: number;
  readonly backward: number;
  readonly update: number;
  /** Whether backward ends with adding gradients up. */
  readonly accumulates: boolean;
}

/** Makes the ops of a program. @throws what layers throw for shapes that they cannot take */
export function lower(spec: ProgramSpec): Lowered {
  const { graph, mode, wanted } = spec;
  const draft = new Draft(spec);
  const { emitter } = draft;
  const passes = new Passes(draft);
  const inputs = graph.inputs.map((x) => passes.begin(x));
  for (const group of passes.groups) passes.forward(group);
  const outputs = graph.outputs.map((y) => passes.valueOf(y));
  const made = { emitter, inputs, outputs };
  if (mode === 'predict') {
    for (const y of outputs) emitter.output(y);
    return { ...made, ...whole(emitter) };
  }
  if (wanted) {
    const given = hasLoss(spec)
      ? goalsOf(draft, outputs)
      : outputs.map((y) => factorOf(emitter, y));
    const kept = wanted.values ? wanted.tensors : [];
    const values = kept.map((x) => emitter.output(passes.valueOf(x)));
    const gradients = passes.backward(given.map(({ dx }) => dx));
    prune(emitter);
    return { ...made, ...whole(emitter), given, gradients: [...gradients, ...values] };
  }
  const goals = goalsOf(draft, outputs);
  const penalties = emitPenalties(emitter, graph.layers, spec.weights);
  const sections = mode === 'train' ? emitTraining(draft, passes, goals) : {};
  return { ...made, ...whole(emitter), ...sections, given: goals, goals, penalties };
}

/** Where parts of a program begin. */
type Sections = Pick<Lowered, 'forward' | 'backward' | 'update' | 'accumulates'>;

/** What is lowered where there is a forward pass alone, without losses. */
function whole({ ops: { length } }: Emitter): Omit<Lowered, 'emitter' | 'inputs' | 'outputs'> {
  const sections = { forward: length, backward: length, update: length, accumulates: false };
  return { given: [], goals: [], penalties: [], gradients: [], ...sections };
}

/** Emits the losses of all outputs, and their metrics where somebody will read them. */
function goalsOf({ spec, emitter, logits }: Draft, outputs: readonly Value[]): EmittedGoal[] {
  const { graph, targets, weighted, wanted, batch } = spec;
  const { goals } = spec.objective as Objective;
  return graph.outputs.map((output, i) => {
    const goal = goals[i];
    // Wanted gradients are of the sum of losses, not of the mean: a sample's do not depend on the size of the batch.
    const own = wanted ? { ...goal, weight: goal.weight * batch, metrics: [] } : goal;
    const from = logits.of(output, outputs[i]);
    return emitGoal(emitter, own, { ...from, kind: targets[i], weighted });
  });
}

/** The factors of an output in the sum whose gradients are wanted: they are that sum's gradient for the output. */
function factorOf(emitter: Emitter, { shape }: Value): Given {
  const target = emitter.input(shape);
  return { target, weights: undefined, ignores: false, dx: target };
}

/** Emits what comes after the losses in a training step. */
function emitTraining(draft: Draft, passes: Passes, goals: readonly EmittedGoal[]): Sections {
  const { emitter, spec } = draft;
  const forward = emitter.ops.length;
  passes.backward(goals.map(({ dx }) => dx));
  emitPenaltyGradients(emitter, spec);
  if (accumulates(spec)) emitAccumulation(emitter, spec.weights);
  const backward = emitter.ops.length;
  draft.finish();
  const update = emitter.ops.length;
  emitStep(emitter, spec.objective as Objective, spec.weights);
  return { forward, backward, update, accumulates: accumulates(spec) };
}

/** The network's passes, forward and backward. */
class Passes {
  readonly groups: readonly Group[];
  readonly #draft: Draft;
  readonly #values = new Map<SymbolicTensor, Value>();
  /** What forward has kept for backward. */
  readonly #saved = new Map<Group, unknown>();
  /** The tensors whose gradients are needed. */
  readonly #needed: ReadonlySet<SymbolicTensor>;
  readonly #wanted: readonly SymbolicTensor[];
  /** The gradients of those that are wanted. */
  readonly #found = new Map<SymbolicTensor, Value>();
  /** Groups whose ReLU backward has done already, with the layer after it. */
  readonly #rectified = new Set<Group>();

  constructor(draft: Draft) {
    const { graph, wanted } = draft.spec;
    this.#draft = draft;
    this.#wanted = wanted?.tensors ?? [];
    this.#needed = neededTensors(graph, this.#wanted, draft.training);
    const hasBackward = ({ inputs }: SymbolicTensor): boolean =>
      draft.training || inputs.some((x) => this.#needed.has(x));
    this.groups = fuse(graph, hasBackward, this.#wanted);
  }

  /** The value of an input. */
  begin(x: SymbolicTensor): Value {
    const { emitter, spec } = this.#draft;
    const value = emitter.input([spec.batch, ...x.shape]);
    this.#values.set(x, value);
    return value;
  }

  valueOf(x: SymbolicTensor): Value {
    return this.#values.get(x) as Value;
  }

  /** Emits a group's forward pass. */
  forward(group: Group): void {
    const { head, end, norm, addend, rectify } = group;
    const { layer, inputs } = head;
    this.#draft.emitter.layer = layer.name;
    const folded = norm?.fold?.(this.#draft, ownKernel(this.#draft, layer));
    const residual = addend ? this.valueOf(addend) : none;
    const to = new Place(this.#draft, group, 'forward', { folded, residual, rectify });
    const values = inputs.map((x) => this.valueOf(x));
    const { y, saved } = naming(layer.name, () => layer.emitForward(to, ...values));
    this.#saved.set(group, saved);
    this.#values.set(end, y);
  }

  /** Emits the backward pass from the outputs' gradients; returns the gradients that are wanted. */
  backward(gradients: readonly Value[]): (Value | undefined)[] {
    const { emitter, logits, spec } = this.#draft;
    const { graph, objective } = spec;
    const start = emitter.ops.length;
    graph.outputs.forEach((y, i) => {
      if (!logits.keep(y, gradients[i])) this.#give([[y, gradients[i]]]);
    });
    for (const group of [...this.groups].reverse())
      if (this.#needed.has(group.end)) this.#backwardOf(group);
    for (const x of graph.inputs) this.#take(x);
    if (objective?.checkpointing) recompute(emitter, start);
    return this.#wanted.map((x) => this.#found.get(x));
  }

  /** A tensor's gradient, once it is complete; kept where it is wanted. */
  #take(x: SymbolicTensor): Value | undefined {
    const { pending, emitter, logits } = this.#draft;
    if (!this.#wanted.includes(x)) return pending.take(x);
    if (logits.skips(x))
      throw new ValueError(
        `gradients: the activation of '${x.name}' is not computed: ask for \`output\`, or a layer before it`,
      );
    const dx = pending.take(x);
    if (!dx) return undefined;
    // Held for good: it must not be overwritten.
    pending.hold(dx);
    this.#found.set(x, emitter.output(dx));
    return dx;
  }

  #give(gradients: readonly (readonly [SymbolicTensor, Value | undefined])[]): void {
    const wanted = gradients.filter(([x, dx]) => dx && this.#needed.has(x));
    this.#draft.pending.give(wanted as [SymbolicTensor, Value][]);
  }

  #backwardOf(group: Group): void {
    const { pending, gradients, emitter } = this.#draft;
    const { head, end, addend, rectify } = group;
    const dy = this.#take(end);
    if (!dy) return;
    emitter.layer = head.layer.name;
    let dz = dy;
    if (addend && rectify && !this.#rectified.has(group)) {
      // Both summands get it.
      dz = this.#draft.rectify(dy, this.valueOf(end));
      this.#rectified.add(group);
    }
    pending.hold(dz);
    pending.release(dy);
    if (addend) this.#give([[addend, dz]]);
    if (group.hasBackward) this.#give(this.#gradientsOf(group, dz));
    pending.release(dz);
    gradients.add();
  }

  /** Emits the backward pass of a group's head. */
  #gradientsOf(group: Group, dy: Value): [SymbolicTensor, Value | undefined][] {
    const { pending } = this.#draft;
    const { layer, inputs } = group.head;
    const wanted = inputs.map((x) => this.#needed.has(x));
    // ReLU's gradient costs less after a max pool, where there are fewer numbers, and is the same.
    const commutes = layer.fusion.commutesWithRelu && !this.#draft.spec.wanted?.relu;
    const before = commutes ? this.#only(inputs[0]) : undefined;
    let dz = dy;
    if (before && endsInRelu(before)) {
      dz = this.#draft.rectify(dy, this.valueOf(group.end));
      this.#rectified.add(before);
    }
    const takesMore = layer.fusion.absorbsGradient && wanted[0];
    const more = takesMore ? pending.take(inputs[0]) : undefined;
    const pass = this.#rectified.has(group) ? 'rectified' : 'backward';
    const to = new Place(this.#draft, group, pass, { gradient: more ?? none });
    const found = layer.emitBackward(to, dz, this.#saved.get(group), ...wanted);
    if (more) pending.release(more);
    const all = Array.isArray(found) ? found : [found];
    return inputs.map((x, i) => [x, all[i] as Value | undefined]);
  }

  /** The group that makes a tensor, if nobody else reads or wants it. */
  #only(x: SymbolicTensor): Group | undefined {
    const { nodes, outputs } = this.#draft.spec.graph;
    const readers = nodes.filter(({ inputs }) => inputs.includes(x));
    const isWanted = outputs.includes(x) || this.#wanted.includes(x);
    if (readers.length > 1 || isWanted) return undefined;
    return this.groups.find(({ end }) => end === x);
  }
}

/**
 * The tensors whose gradients are needed: wanted tensors, in training what layers make that learn, and all that is
 * made of those.
 */
function neededTensors(
  { nodes }: Graph,
  wanted: readonly SymbolicTensor[],
  training: boolean,
): ReadonlySet<SymbolicTensor> {
  const needed = new Set(wanted);
  for (const node of nodes) {
    const { layer, inputs } = node;
    const learns =
      training && layer.trainable && layer.parameters.some(({ trainable }) => trainable);
    if (learns || inputs.some((x) => needed.has(x))) needed.add(node);
  }
  return needed;
}
