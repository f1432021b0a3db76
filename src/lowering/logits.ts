// Logits: what goes into the last activation of a model, a softmax or sigmoid, where the loss has that activation in
// itself. The loss is then computed from the logits, and its gradient is that of the logits. Gradients of the logits
// themselves can be wanted too.

import { ValueError } from '../base/errors.js';
import { type ActivationName, activations } from '../network/activation.js';
import type { Graph } from '../network/graph.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';
import { activationIn, type Loss } from '../operators/loss/loss.emit.js';
import type { Value } from '../program/emitter.js';
import { hasLoss, type ProgramSpec } from './spec.js';

/** Layers that make numbers from 0 to 1 of such numbers, and none of which has an inverse. */
const mixing =
  /dropout|pool|padding|upsampling|^(multiply|add|subtract|average|maximum|minimum|concat)$/i;
/** What to do where the loss has another activation in itself. */
const instead: Readonly<Record<string, string>> = {
  softmax: "use 'softmaxCrossEntropy'",
  sigmoid: "use 'binaryCrossEntropy'",
  hardSigmoid: 'take sigmoid',
};
/** Activations whose outputs are from 0 to 1. */
const probable = Object.keys(instead) as readonly ActivationName[];

/** The activation that a layer of this library ends in. */
function activationOf({ type, options }: Layer): ActivationName | undefined {
  const { activation } = options as { activation?: ActivationName };
  return activation ?? probable.find((name) => name === type);
}

/** The tensor whose numbers an output has under another name, if nothing else reads them in between; else the output. */
function sourceOf({ nodes, outputs }: Graph, output: SymbolicTensor): SymbolicTensor {
  let source = output;
  if (nodes.some(({ inputs }) => inputs.includes(output))) return output;
  while (source.layer.fusion.keepsNumbers) {
    const [before] = source.inputs;
    const readers = nodes.filter(({ inputs }) => inputs.includes(before));
    if (readers.length > 1 || outputs.includes(before)) return output;
    source = before;
  }
  return source;
}

/**
 * The layer that made a tensor's numbers from 0 to 1, if later layers only pass them on. A merge passes them on if all
 * its inputs are such; `multiply` if its first is: the others are masks, or gates of what may be any number.
 */
function squeezing({ layer, inputs }: SymbolicTensor): Layer | undefined {
  const activation = activationOf(layer);
  if (activation && probable.includes(activation)) return layer;
  const { type, fusion } = layer;
  const passesOn = fusion.keepsNumbers || mixing.test(type) || activations.includes(type);
  if (activation === undefined ? !passesOn : type !== 'activation') return undefined;
  const passed = type === 'multiply' ? inputs.slice(0, 1) : inputs;
  const found = passed.map(squeezing);
  return found.every((one) => one !== undefined) ? found[0] : undefined;
}

/** @throws {ValueError} where the loss takes logits, and the output has been through an activation that it cannot undo */
export function checkLogits(
  graph: Graph,
  output: SymbolicTensor,
  { type }: Loss,
  name: string,
): void {
  const own = activationIn(type);
  if (own === undefined) return;
  const source = sourceOf(graph, output);
  const rows = source.shape.at(-1) === output.shape.at(-1);
  if (activationOf(source.layer) === own && (own === 'sigmoid' || rows)) return;
  const end = squeezing(output);
  if (!end) return;
  const found = activationOf(end);
  throw new ValueError(
    `compile: the loss '${type}' of '${name}' takes logits, but '${end.name}' has applied ${found} to them, which it cannot undo${end === output.layer ? '' : ` through '${output.layer.name}'`}: leave the ${found} out, or ${found === own ? 'make it the last layer' : instead[found as string]}`,
  );
}

/** The logits of a program's outputs. */
export class Logits {
  readonly #spec: ProgramSpec;
  /** For each output the tensor whose activation may be part of the loss: see `sourceOf`. */
  readonly #sources: readonly SymbolicTensor[];
  /** The logits, by what the activation makes of them. */
  readonly #values = new Map<SymbolicTensor, Value>();
  /** The loss's gradients of logits whose activation is read by layers too: these have a gradient of their own. */
  readonly #gradients = new Map<SymbolicTensor, Value>();

  constructor(spec: ProgramSpec) {
    this.#spec = spec;
    this.#sources = spec.graph.outputs.map((y) => sourceOf(spec.graph, y));
  }

  /** Whether the loss of y has this activation in itself. */
  isOfLoss(y: SymbolicTensor, name: ActivationName): boolean {
    return this.#activationOf(y) === name;
  }

  #activationOf(y: SymbolicTensor): ActivationName | undefined {
    const { objective, wanted } = this.#spec;
    const index = this.#sources.indexOf(y);
    if (wanted?.of === 'logits' && index >= 0)
      return probable.find((name) => name === activationOf(y.layer));
    const goal = objective?.goals[index];
    return goal && hasLoss(this.#spec) ? activationIn(goal.loss.type) : undefined;
  }

  /** Notes the logits from which the activation makes y. */
  set(y: SymbolicTensor, x: Value): void {
    this.#values.set(y, x);
  }

  /** What the loss of an output is computed from: the logits and their activation, or else the output's value. */
  of(y: SymbolicTensor, value: Value): { x: Value; activation: ActivationName | undefined } {
    const source = this.#sources[this.#spec.graph.outputs.indexOf(y)];
    const x = this.#values.get(source);
    if (!x) return { x: value, activation: undefined };
    return { x: source === y ? x : value, activation: this.#activationOf(source) };
  }

  /** Whether the loss is computed without a tensor: an output's activation, or what only renames its numbers after that. */
  skips(x: SymbolicTensor): boolean {
    return this.#spec.graph.outputs.some((output, i) => {
      const source = this.#sources[i];
      if (!this.#values.has(source)) return false;
      let y = output;
      while (y !== source && y !== x) [y] = y.inputs;
      return y === x;
    });
  }

  /** Whether layers read y; those that only give an output's numbers another shape do not count. */
  isRead(y: SymbolicTensor): boolean {
    const { nodes, outputs } = this.#spec.graph;
    const isOwn = outputs.includes(y) || !this.#sources.includes(y);
    return isOwn && nodes.some(({ inputs }) => inputs.includes(y));
  }

  /** Keeps the gradient of the logits until that of their activation's readers is there; false where there are none. */
  keep(y: SymbolicTensor, gradient: Value): boolean {
    if (!this.#values.has(y) || !this.isRead(y)) return false;
    this.#gradients.set(y, gradient);
    return true;
  }

  /** The gradient of the logits that was kept: the readers' is to be added to it. */
  kept(y: SymbolicTensor): Value | undefined {
    return this.#gradients.get(y);
  }
}
