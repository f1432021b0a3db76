// Where a loss has the last activation in itself: an output's softmax or sigmoid is then not computed for
// it, and the loss's gradient is that of what goes into the activation.

import type { ActivationName } from '../network/activation.js';
import type { SymbolicTensor } from '../network/layer.js';
import { tapOf } from '../operators/loss/loss.emit.js';
import type { Value } from '../program/emitter.js';
import { sourceOf } from './tap.js';
import { hasLoss, type Task } from './task.js';

/** The outputs' activations that the losses have taken over. */
export class Taps {
  readonly #task: Task;
  /** What each output is another name of: its activation may be part of the loss. */
  readonly #sources: readonly SymbolicTensor[];
  /** What the loss is taken of, by the output. */
  readonly #logits = new Map<SymbolicTensor, Value>();
  /** The loss's gradients of those, where layers read the output too and have another for it. */
  readonly #gradients = new Map<SymbolicTensor, Value>();

  constructor(task: Task) {
    this.#task = task;
    this.#sources = task.graph.outputs.map((y) => sourceOf(task.graph, y));
  }

  /** Whether the activation is an output's that the loss has in itself. */
  takes(y: SymbolicTensor, name: ActivationName): boolean {
    const tap = this.#tapOf(y);
    return tap !== undefined && tap === name;
  }

  #tapOf(y: SymbolicTensor): ActivationName | undefined {
    const aim = this.#task.objective?.goals[this.#sources.indexOf(y)];
    return aim && hasLoss(this.#task) ? tapOf(aim.loss.type) : undefined;
  }

  /** Notes what goes into the activation of an output that the loss takes. */
  set(y: SymbolicTensor, x: Value): void {
    this.#logits.set(y, x);
  }

  /** What the loss of an output is taken of, and the activation that it has taken over. */
  judged(y: SymbolicTensor, value: Value): { x: Value; tap: ActivationName | undefined } {
    const source = this.#sources[this.#task.graph.outputs.indexOf(y)];
    const x = this.#logits.get(source);
    if (!x) return { x: value, tap: undefined };
    return { x: source === y ? x : value, tap: this.#tapOf(source) };
  }

  /** Whether the loss goes past a tensor: past an output's activation, and layers after it that only rename its numbers. */
  skips(x: SymbolicTensor): boolean {
    return this.#task.graph.outputs.some((output, i) => {
      const source = this.#sources[i];
      if (!this.#logits.has(source)) return false;
      let y = output;
      while (y !== source && y !== x) [y] = y.inputs;
      return y === x;
    });
  }

  /** Whether layers read what the activation makes; those that only rename the numbers of an output do not count. */
  isRead(y: SymbolicTensor): boolean {
    const { nodes, outputs } = this.#task.graph;
    const isOwn = outputs.includes(y) || !this.#sources.includes(y);
    return isOwn && nodes.some(({ inputs }) => inputs.includes(y));
  }

  /** Keeps the loss's gradient where the output has another one, of its readers; false where it has none. */
  keep(y: SymbolicTensor, gradient: Value): boolean {
    if (!this.#logits.has(y) || !this.isRead(y)) return false;
    this.#gradients.set(y, gradient);
    return true;
  }

  /** What was kept: the readers' gradient, once it is that of the activation's input, is added to it. */
  kept(y: SymbolicTensor): Value | undefined {
    return this.#gradients.get(y);
  }
}
