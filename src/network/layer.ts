// What a layer is: a name, weights it wants, and the ops it emits. It owns no buffers.

import { ShapeError, StateError, ValueError } from '../base/errors.js';
import {
  any,
  checkFlag,
  checkObject,
  checkOptions,
  forwarded,
  type Words,
} from '../base/options.js';
import { checkFits, type Shape, sameShape, show } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Emitter, Operand, Value } from '../program/emitter.js';
import type { ActivationName } from './activation.js';
import { fixWords } from './fixed.js';
import type { InitializerName } from './initializers.js';
import type { Regularizer } from './regularizer.js';
import type { Weight } from './weight.js';

/** A weight that a layer asks for. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerName;
  /** False for running statistics. */
  readonly trainable: boolean;
  /** Whether weight decay shrinks it: kernels are shrunk, biases and the like are not. */
  readonly decay?: boolean;
  /** What it costs by itself while it learns: see `regularizers`. */
  readonly regularizer?: Regularizer;
}

/** What a layer sees of the program being made, at its place in it. Values are [batch, ...shape]. */
export interface Lowering {
  readonly emitter: Emitter;
  /** Whether this is a training step: dropout drops, batch norm takes the batch's statistics. */
  readonly training: boolean;
  /** Whether a backward pass follows, so that what it needs must be kept: in training, and for `model.gradients`. */
  readonly hasBackward: boolean;
  /** What the layer does of its neighbours' work at this place; nothing where its `fusion` offers nothing. */
  readonly fused: Fused;
  /** A weight of the layer. */
  weight(layer: Layer, name: string): Value;
  /** Where the weight's gradient goes; it is overwritten. Of a weight that does not learn it goes nowhere. */
  gradient(layer: Layer, name: string): Value;
  /**
   * dy itself where nobody else reads it any more, else a new buffer: for gradients made in place. Once
   * that is written, dy may be gone.
   */
  into(dy: Value): Value;
  /**
   * Emits y = f(x), where y may be x, and returns the value that holds the result: another one where
   * backward will need x. `alpha` is that of leakyRelu and elu, where it is not their own.
   */
  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value;
  /** From dy, the gradient of the y that `activate` returned, the gradient of its x. */
  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): Value;
  /** Emits ops after the backward ones, once the loss is known to be finite. */
  afterwards(emit: () => void): void;
  /** The random state for dropout, and a stream of its own for each place in the network. */
  readonly randomState: Value;
  readonly stream: number;
}

/** What `Layer.fold` needs of it. */
export type WeightReader = Pick<Lowering, 'emitter' | 'weight'>;

/** What a layer multiplies by, and what it adds. */
export interface KernelAndBias {
  readonly kernel: Value;
  readonly bias: Operand;
}

/** Work of its neighbours that the layer does at one place: lowering decides which. */
export interface Fused {
  /** Forward, where it `absorbsNorm`: to be used instead of its own; a batch norm's work is in them. */
  readonly folded: KernelAndBias | undefined;
  /** Forward, where it `absorbsAdd`: what it adds to its output, before ReLU; `none` for nothing. */
  readonly residual: Operand;
  /** Forward, where it `absorbsRelu`: whether its output goes through ReLU. */
  readonly rectify: boolean;
  /** Backward, where it `absorbsGradient`: what it adds to its input's gradient; `none` for nothing. */
  readonly gradient: Operand;
}

/** Which work of its neighbours a layer can do, and what they need to know to do its work. */
export interface Fusion {
  /** It is ReLU and nothing else. */
  readonly isRelu?: boolean;
  /** It can do the work of a ReLU after it in its own passes, in both directions. */
  readonly absorbsRelu?: boolean;
  /** It is the sum of two inputs and nothing else. */
  readonly isAdd?: boolean;
  /** While it computes its output, it can add another tensor, before the ReLU after it. */
  readonly absorbsAdd?: boolean;
  /** It is linear in a kernel and bias, and these can do the work of an inference batch norm after it. */
  readonly absorbsNorm?: boolean;
  /** While it computes its input's gradient, it can add the gradients that other readers of that input have found. */
  readonly absorbsGradient?: boolean;
  /** Its output is what ReLU gives, and its backward begins with ReLU's. */
  readonly endsInRelu?: boolean;
  /** ReLU after it gives what ReLU before it gives. */
  readonly commutesWithRelu?: boolean;
}

/** What forward hands to backward. */
export interface Forward<Saved> {
  readonly y: Value;
  readonly saved: Saved;
}

/** Options that every layer takes. */
export interface LayerOptions {
  /** Unique in its model; by default the layer's type with a number. */
  name?: string;
}

/** Gradients of a layer's inputs: where there is one, it or nothing; else a list of such. */
export type Gradients = Value | undefined | readonly (Value | undefined)[];

/**
 * A tensor of a network that is being put together: what a layer makes of what it was applied to. It knows its shape,
 * its layer and their inputs, but has no numbers. Made by `input` and by a layer's `apply`.
 */
export class SymbolicTensor {
  /** Without the batch. */
  readonly shape: Shape;
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];

  /** @internal */
  constructor(shape: Shape, layer: Layer, inputs: readonly SymbolicTensor[]) {
    this.shape = Object.freeze([...shape]);
    this.layer = layer;
    this.inputs = Object.freeze([...inputs]);
  }

  /** The name of its layer. */
  get name(): string {
    return this.layer.name;
  }
}

/** A layer of a network. Made by the functions of `layers`. */
export abstract class Layer<Saved = unknown> {
  /** The function of `layers` that makes it, and the options it was made with. */
  readonly type: string;
  readonly options: Readonly<LayerOptions>;
  /** Where the options give none, it is the type; the first model with the layer adds a number. */
  name: string;
  /**
   * Whether training changes its weights, true by default. The backward work of layers that do not
   * learn, and of all below them if none there does, is not done; a batch norm then takes its running
   * statistics.
   */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(value: boolean) {
    this.#trainable = checkFlag(this.name, 'trainable', value);
  }

  #trainable = true;
  /** The weights it wants, once it was applied. */
  parameters: readonly ParameterSpec[] = [];
  readonly #outputs: SymbolicTensor[] = [];
  readonly #words: readonly string[];
  /** Its weights in each model that has memory for them, the newest last. */
  readonly #held: (readonly Weight[])[] = [];

  /** @param known the words of the layer's own options, or what each of them must be */
  constructor(type: string, options: LayerOptions, known: readonly string[] | Words) {
    this.type = type;
    const own = Array.isArray(known) ? forwarded(...known) : (known as Words);
    this.#words = Object.keys(own);
    this.options = { ...checkObject(`layers.${type}`, options, this.#words[0]) };
    checkOptions(this.title, this.options, { ...own, name: any });
    this.name = checkName(options.name ?? type);
  }

  /** What messages call it in the making. @internal */
  protected get title(): string {
    const { name } = this.options;
    return `layers.${this.type}${typeof name === 'string' ? ` '${name}'` : ''}`;
  }

  /** Whether it takes several inputs. */
  get merges(): boolean {
    return false;
  }

  /**
   * What the layer makes of symbolic tensors. Applied again, it works with the same weights.
   *
   * @param inputs a list for layers that merge several, such as `add` and `concat`
   * @throws {ShapeError} where the layer cannot take such inputs, or its weights have other sizes
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const xs = checkInputs(this, inputs);
    const shapes = xs.map(({ shape }) => shape);
    const output = new SymbolicTensor(checkFits(this.name, this.shapeFor(...shapes)), this, xs);
    const parameters = this.parametersFor(...shapes);
    for (const { name, shape } of parameters) checkFits(`${this.name}: its ${name}`, shape);
    if (this.#outputs.length > 0) checkShared(this, parameters, shapes);
    if (this.#outputs.length === 0) fixWords(this, this.#words);
    this.parameters = Object.freeze([...parameters]);
    this.#outputs.push(output);
    return output;
  }

  /**
   * What it makes, for models that end there: `new Model({ inputs, outputs: layer.output })`.
   *
   * @throws {ValueError} unless the layer was applied just once
   */
  get output(): SymbolicTensor {
    if (this.#outputs.length === 1) return this.#outputs[0];
    throw new ValueError(
      `the layer '${this.name}' was applied ${this.#outputs.length} times, so it has no single output: keep what apply returns`,
    );
  }

  /**
   * Its weights as they are in `model.weights`, of the newest model with it that has memory for them; none for a
   * layer that wants none.
   *
   * @throws {StateError} where no model has: the first use of a model takes it, `dispose` gives it back
   */
  get weights(): readonly Weight[] {
    const newest = this.#held.at(-1);
    if (newest) return newest;
    if (this.#outputs.length > 0 && this.parameters.length === 0) return [];
    throw new StateError(
      `${this.name}: its weights are nowhere: a model with it takes memory when it is first used, as by model.weights, and gives it back by dispose`,
    );
  }

  /** @internal Says what its weights are in a model that has memory; the function returned takes that back. */
  hold(weights: readonly Weight[]): () => void {
    this.#held.push(weights);
    return () => {
      const at = this.#held.indexOf(weights);
      if (at >= 0) this.#held.splice(at, 1);
    };
  }

  /** The output's shape for the inputs', all without the batch. */
  abstract shapeFor(...inputShapes: Shape[]): Shape;

  /** The weights for inputs of shapes that `shapeFor` has accepted. */
  protected parametersFor(..._inputShapes: Shape[]): readonly ParameterSpec[] {
    return [];
  }

  /** What lowering may use to let one layer do another's work. */
  get fusion(): Fusion {
    return {};
  }

  /** For a batch norm: the kernel and bias with which the layer before it does its work at inference. */
  fold?(to: WeightReader, weights: KernelAndBias): KernelAndBias;

  /** Emits y = f(x), or of several, and says what backward will need. */
  abstract emitForward(to: Lowering, ...x: Value[]): Forward<Saved>;

  /**
   * Emits the gradients: of the weights, and of each input that is `wanted`. dy may be overwritten where
   * `to.into(dy)` says so.
   */
  abstract emitBackward(to: Lowering, dy: Value, saved: Saved, ...wanted: boolean[]): Gradients;

  /** Multiplications with addition for one sample. */
  multiplyAdds(_inputShape: Shape, _outputShape: Shape): number {
    return 0;
  }

  /**
   * The window that one output sees and the way to the next one's, in pixels or parts of them, for the
   * receptive field; 1 and 1 where there is none.
   */
  window(_inputShape: Shape): {
    size: readonly [number, number];
    stride: readonly [number, number];
  } {
    return { size: [1, 1], stride: [1, 1] };
  }
}

/** @throws {ValueError} for a name with '/': weights are named layer/parameter */
function checkName(name: string): string {
  if (typeof name === 'string' && name && !name.includes('/')) return name;
  throw new ValueError(`a layer's name must be text without '/', not ${shown(name)}`);
}

/** @throws {ValueError} for what is no symbolic tensor {@link ShapeError} for too many or none */
function checkInputs(
  { name, merges }: Layer,
  inputs: SymbolicTensor | readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  const xs = Array.isArray(inputs) ? inputs : [inputs];
  for (const x of xs) {
    if (x instanceof SymbolicTensor) continue;
    const what = x === null ? 'null' : (x?.constructor?.name ?? typeof x);
    throw new ValueError(
      `${name}: apply takes what input() or another layer's apply returned, not ${what}`,
    );
  }
  if (merges ? xs.length < 2 : xs.length !== 1) {
    const expected = merges ? 'a list of at least two inputs' : 'one input';
    throw new ShapeError(`${name}: expected ${expected}, received ${xs.length}`);
  }
  return xs;
}

/** @throws {ShapeError} unless the weights that other inputs need are those that there are */
function checkShared(layer: Layer, wanted: readonly ParameterSpec[], shapes: Shape[]): void {
  wanted.forEach(({ name, shape }, i) => {
    const own = layer.parameters[i].shape;
    if (sameShape(own, shape)) return;
    throw new ShapeError(
      `${layer.name}: its ${name} is ${show(own)}, but ${shapes.map(show).join(' and ')} would need ${show(shape)}: use a layer of its own`,
    );
  });
}
