// Lowering: from a chain of layers to the list of ops that predicts, evaluates or trains.

import {
  type ActivationName,
  activationBackward,
  activationForward,
  slopeFromInput,
} from '../emit/activation.js';
import { Emitter, none, type Value } from '../emit/emitter.js';
import type { Forward, KernelAndBias, Layer, Lowering } from '../layers/layer.js';
import type { Shape } from '../shape.js';
import { emitGoal, emitStep, type Objective, type TargetForm } from './objective.js';
import type { Weights } from './weights.js';

/** What a program is for. */
export type Mode = 'predict' | 'evaluate' | 'train';

/** A network for one batch size, as ops. */
export interface Lowered {
  readonly emitter: Emitter;
  readonly input: Value;
  readonly output: Value;
  /** Only where there is a loss. */
  readonly target: Value | undefined;
  readonly loss: Value | undefined;
  /** In the order of the objective's metrics. */
  readonly metrics: readonly Value[];
  /** How many ops come before backward, and before the update. */
  readonly forward: number;
  readonly backward: number;
}

/** What to lower. */
export interface Task {
  readonly layers: readonly Layer[];
  readonly weights: Weights;
  readonly inputShape: Shape;
  readonly batch: number;
  readonly mode: Mode;
  readonly form: TargetForm;
  /** Needed to evaluate and to train. */
  readonly objective: Objective | undefined;
}

class ChainLowering implements Lowering {
  readonly emitter: Emitter;
  readonly training: boolean;
  /** What goes into the network's final softmax, where the loss wants that. */
  logits: Value | undefined;
  readonly #task: Task;
  readonly #later: (() => void)[] = [];
  /** By their outputs, the inputs of activations whose slope the output does not tell. */
  readonly #inputs = new Map<Value, Value>();
  /** Set while the last layer is emitted, in either direction, where the loss has a softmax of its own. */
  tapsLogits = false;
  /** Set while a layer is emitted that does the work of the ReLU, or batch norm, behind it. */
  rectify = false;
  norm: Layer | undefined;
  /** Layers that emit nothing, because others do their work. */
  readonly absorbed = new Set<Layer>();
  /** Set while a layer's backward is emitted whose own ReLU has been seen to. */
  rectified = false;

  constructor(task: Task) {
    this.#task = task;
    this.training = task.mode === 'train';
    this.emitter = new Emitter(!this.training);
  }

  weight(layer: Layer, name: string): Value {
    return this.#task.weights.value(layer, name);
  }

  kernelAndBias(layer: Layer): KernelAndBias {
    const useBias = layer.parameters.some(({ name }) => name === 'bias');
    const own: KernelAndBias = {
      kernel: this.weight(layer, 'kernel'),
      bias: useBias ? this.weight(layer, 'bias') : none,
    };
    return this.norm?.fold?.(this, own) ?? own;
  }

  gradient(layer: Layer, name: string): Value {
    return this.#task.weights.gradient(layer, name);
  }

  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value {
    if (name === 'linear') return x;
    if (name === 'softmax' && this.tapsLogits) {
      this.logits = x;
      return x;
    }
    const keepsInput = this.training && slopeFromInput(name);
    const result = keepsInput && y.root === x.root ? this.emitter.value(y.shape) : y;
    if (keepsInput) this.#inputs.set(result, x);
    activationForward(this.emitter, name, result, x, alpha);
    return result;
  }

  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): void {
    if (name === 'linear' || (name === 'softmax' && this.tapsLogits)) return;
    if (name === 'relu' && this.rectified) return;
    activationBackward(this.emitter, name, dy, dy, this.#inputs.get(y) ?? y, alpha);
  }

  afterwards(emit: () => void): void {
    const { layer } = this.emitter;
    this.#later.push(() => {
      this.emitter.layer = layer;
      emit();
    });
  }

  finish(): void {
    for (const emit of this.#later) emit();
  }

  get randomState(): Value {
    return this.#task.weights.randomState;
  }

  stream(layer: Layer): number {
    return this.#task.layers.indexOf(layer);
  }
}

/** Makes the ops of a task. @throws what layers throw for shapes that they cannot take */
export function lower(task: Task): Lowered {
  const to = new ChainLowering(task);
  const { emitter } = to;
  const input = emitter.input([task.batch, ...task.inputShape]);
  const passes = forward(task, to, input);
  const output = passes.at(-1)?.y ?? input;
  if (task.mode === 'predict') {
    emitter.output(output);
    const nothing = { target: undefined, loss: undefined, metrics: [] };
    const end = emitter.ops.length;
    return { emitter, input, output, ...nothing, forward: end, backward: end };
  }
  const goal = emitGoal(emitter, task.objective as Objective, to.logits ?? output, task.form);
  const forwardEnd = emitter.ops.length;
  if (task.mode === 'train') backward(task, to, passes, goal.dx);
  const backwardEnd = emitter.ops.length;
  if (task.mode === 'train') {
    emitStep(emitter, task.objective as Objective, task.weights);
    to.finish();
  }
  const { target, loss, metrics } = goal;
  return {
    emitter,
    input,
    output,
    target,
    loss,
    metrics,
    forward: forwardEnd,
    backward: backwardEnd,
  };
}

/** Whether a layer's softmax is left to the loss: the last layer's, where the loss has one. */
function tapsLogits({ layers, mode, objective }: Task, index: number): boolean {
  return (
    index === layers.length - 1 &&
    mode !== 'predict' &&
    objective?.loss.type === 'softmaxCrossEntropy'
  );
}

/** How many layers behind a layer it does the work of: they emit nothing, in either direction. */
function absorbed({ layers, mode }: Task, index: number): number {
  const [own, next, last] = layers.slice(index, index + 3);
  if (mode !== 'train' && own.fusion.absorbsNorm && next?.fold) return last?.fusion.isRelu ? 2 : 1;
  return own.fusion.absorbsRelu && next?.fusion.isRelu ? 1 : 0;
}

function forward(task: Task, to: ChainLowering, input: Value): Forward<unknown>[] {
  const { layers } = task;
  const passes: Forward<unknown>[] = [];
  while (passes.length < layers.length) {
    const index = passes.length;
    const count = absorbed(task, index);
    const others = layers.slice(index + 1, index + 1 + count);
    to.tapsLogits = tapsLogits(task, index);
    to.norm = others.find((layer) => layer.fold);
    to.rectify = others.some((layer) => layer.fusion.isRelu);
    to.emitter.layer = layers[index].name;
    const pass = layers[index].emitForward(to, passes.at(-1)?.y ?? input);
    passes.push(pass);
    for (const layer of others) {
      to.absorbed.add(layer);
      passes.push({ y: pass.y, saved: undefined });
    }
  }
  return passes;
}

function backward(
  task: Task,
  to: ChainLowering,
  passes: readonly Forward<unknown>[],
  gradient: Value,
): void {
  const { layers } = task;
  // Nothing below the first layer that has weights needs a gradient.
  const lowest = layers.findIndex((layer) => layer.parameters.length > 0);
  let dy: Value | undefined = gradient;
  for (let index = layers.length - 1; index >= Math.max(0, lowest) && dy; index--) {
    if (to.absorbed.has(layers[index])) continue;
    to.tapsLogits = tapsLogits(task, index);
    to.emitter.layer = layers[index].name;
    // ReLU's gradient costs less behind a max pool, where there are fewer numbers, and is the same.
    const early = layers[index].fusion.commutesWithRelu && layers[index - 1]?.fusion.endsInRelu;
    if (early && index > lowest) to.activateBackward('relu', dy, passes[index].y);
    dy = layers[index].emitBackward(to, dy, passes[index].saved, index > lowest);
    to.rectified = Boolean(early);
  }
}
