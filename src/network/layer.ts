// What a layer is: a name, the weights that it needs, and the ops that it emits. It owns no buffers.

import { ShapeError, StateError, ValueError } from '../base/errors.js';
import { about, naming } from '../base/naming.js';
import {
  any,
  checkObject,
  checkOptions,
  checkValue,
  flag,
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

/** A weight that a layer needs. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerName;
  /** False for running statistics. */
  readonly trainable: boolean;
  /** Whether weight decay shrinks it: kernels are shrunk, biases and the like are not. */
  readonly decay?: boolean;
  /** Its penalty in the loss while it learns: see `regularizers`. */
  readonly regularizer?: Regularizer;
}

/** What a layer sees of the program being made, at its place in it. Values are [batch, ...shape]. */
export interface Lowering {
  readonly emitter: Emitter;
  /** Whether this is a training step: dropout drops, batch norm takes the batch's statistics. */
  readonly training: boolean;
  /** Whether a backward pass follows, and needs values of the forward pass: in training, and for `model.gradients`. */
  readonly hasBackward: boolean;
  /** The work of its neighbours that the layer does here; none if its `fusion` offers none. */
  readonly fused: Fused;
  /** A weight of the layer. */
  weight(layer: Layer, name: string): Value;
  /** The buffer for the weight's gradient, which is overwritten. For a weight that does not learn, nothing reads it. */
  gradient(layer: Layer, name: string): Value;
  /**
   * dy itself if nothing else reads it, otherwise a new buffer: for gradients that are computed in place. After it is
   * written, dy may be overwritten.
   */
  into(dy: Value): Value;
  /**
   * Emits y = f(x), where y may be x, and returns the value with the result: a new one if backward will need x. `alpha`
   * is for leakyRelu and elu, if it is not their default.
   */
  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value;
  /** Returns dx, from dy, the gradient of the y that `activate` returned. */
  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): Value;
  /** Emits ops after the backward ones, once the loss is known to be finite. */
  afterwards(emit: () => void): void;
  /** The random state for dropout, and the number of a stream that no other place in the network has. */
  readonly randomState: Value;
  readonly stream: number;
}

/** The part of `Lowering` that `Layer.fold` needs. */
export type WeightReader = Pick<Lowering, 'emitter' | 'weight'>;

/** The kernel that a layer multiplies by, and the bias that it adds. */
export interface KernelAndBias {
  readonly kernel: Value;
  readonly bias: Operand;
}

/** The work of its neighbours that a layer does at one place. Lowering decides it. */
export interface Fused {
  /** Forward, if it `absorbsNorm`: use these instead of its own kernel and bias; a batch norm is folded into them. */
  readonly folded: KernelAndBias | undefined;
  /** Forward, if it `absorbsAdd`: the tensor to add to its output, before ReLU; `none` if there is none. */
  readonly residual: Operand;
  /** Forward, if it `absorbsRelu`: whether to apply ReLU to its output. */
  readonly rectify: boolean;
  /** Backward, if it `absorbsGradient`: the tensor to add to its input's gradient; `none` if there is none. */
  readonly gradient: Operand;
}

/** Which work of its neighbours a layer can do, and whether they can do its work. */
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
  /** While it computes its input's gradient, it can add the gradients of that input's other readers. */
  readonly absorbsGradient?: boolean;
  /** Its last step is ReLU: its output has no negative numbers, and its backward begins with ReLU's. */
  readonly endsInRelu?: boolean;
  /** Its output has its input's numbers, in the same order. */
  readonly keepsNumbers?: boolean;
  /** ReLU after it gives the same as ReLU before it. */
  readonly commutesWithRelu?: boolean;
}

/** What forward hands to backward. */
export interface Forward<Saved> {
  readonly y: Value;
  readonly saved: Saved;
}

/** Options that every layer takes. */
export interface LayerOptions {
  /** Different from all other names in its model; by default the layer's type, with a number if needed. */
  name?: string;
}

/** The gradients of a layer's inputs: undefined for one that is not wanted; a list for several inputs. */
export type Gradients = Value | undefined | readonly (Value | undefined)[];

/**
 * A tensor of a network that is being built: the output of a layer for some inputs. It has a shape, a layer and the
 * layer's inputs, but no numbers. Made by `input` and by a layer's `apply`.
 */
export class SymbolicTensor {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static readonly name: string = 'SymbolicTensor';
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
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static readonly name: string = 'Layer';
  /** The name of the function of `layers` that makes it. */
  readonly type: string;
  /** The options that it was made with. */
  readonly options: Readonly<LayerOptions>;
  /** If the options have no name, it is the type; the first model with the layer adds a number if needed, and fixes it. */
  readonly name: string;
  /**
   * Whether training changes its weights: true by default. A batch norm that does not learn uses its running
   * statistics. The backward pass leaves out the weights of layers that do not learn, and ends where no layer before
   * learns.
   */
  get trainable(): boolean {
    return this.#trainable;
  }

  set trainable(value: boolean) {
    naming(this.name, () => checkValue('trainable', value, flag));
    this.#trainable = value;
  }

  #trainable = true;
  /** The weights that it needs; none before it is applied. */
  parameters: readonly ParameterSpec[] = [];
  readonly #outputs: SymbolicTensor[] = [];
  readonly #words: readonly string[];
  /** Its weights in each model that has memory for them; the newest model is last. */
  readonly #held: (readonly Weight[])[] = [];

  /** @param known the words of the layer's own options, or what each of them must be */
  constructor(type: string, options: LayerOptions, known: readonly string[] | Words) {
    this.type = type;
    const own = Array.isArray(known) ? forwarded(...known) : (known as Words);
    this.#words = Object.keys(own);
    const given = Object.entries(checkObject(`layers.${type}`, options, this.#words[0]));
    this.options = Object.fromEntries(given.map(([word, value]) => [word, ownList(value)]));
    checkOptions(this.title, this.options, { ...own, name: any });
    this.name = checkName(options.name ?? type);
  }

  /** The name that messages use while it is made. @internal */
  protected get title(): string {
    const { name } = this.options;
    return `layers.${this.type}${typeof name === 'string' ? ` '${name}'` : ''}`;
  }

  /** Whether it takes several inputs. */
  get merges(): boolean {
    return false;
  }

  /**
   * Applies the layer to symbolic tensors. Applied again, it uses the same weights.
   *
   * @param inputs a list for layers that merge several, such as `add` and `concat`
   * @throws {ShapeError} if the layer cannot take these inputs, or its weights have other sizes
   */
  apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    return naming(this.name, () => this.#apply(inputs));
  }

  #apply(inputs: SymbolicTensor | readonly SymbolicTensor[]): SymbolicTensor {
    const xs = checkInputs(this, inputs);
    const shapes = xs.map(({ shape }) => shape);
    const output = new SymbolicTensor(checkFits(this.shapeFor(...shapes)), this, xs);
    const parameters = this.parametersFor(...shapes);
    for (const { name, shape } of parameters) about(`its ${name}`, () => checkFits(shape));
    if (this.#outputs.length > 0) checkShared(this, parameters, shapes);
    if (this.#outputs.length === 0) {
      Object.freeze(this.options);
      fixWords(this, this.#words);
    }
    this.parameters = Object.freeze([...parameters]);
    this.#outputs.push(output);
    return output;
  }

  /**
   * Its output, for a model that ends there: `new Model({ inputs, outputs: layer.output })`.
   *
   * @throws {ValueError} unless the layer was applied exactly once
   */
  get output(): SymbolicTensor {
    if (this.#outputs.length === 1) return this.#outputs[0];
    throw new ValueError(
      `the layer '${this.name}' was applied ${this.#outputs.length} times, so it has no single output: keep what apply returns`,
    );
  }

  /**
   * Its weights, as in `model.weights`, of the newest model that has the layer and memory for its weights. Empty for a
   * layer without weights.
   *
   * @throws {StateError} if no model has memory for them: a model's first use takes it, `dispose` frees it
   */
  get weights(): readonly Weight[] {
    const newest = this.#held.at(-1);
    if (newest) return newest;
    if (this.#outputs.length > 0 && this.parameters.length === 0) return [];
    throw new StateError(
      `${this.name}: it has no weights: a model with it makes them at its first use, as by model.weights, and ends them by dispose`,
    );
  }

  /** @internal Adds its weights in a model that has memory for them. Returns a function that removes them again. */
  hold(weights: readonly Weight[]): () => void {
    this.#held.push(weights);
    return () => {
      const at = this.#held.indexOf(weights);
      if (at >= 0) this.#held.splice(at, 1);
    };
  }

  /** The output's shape for shapes of inputs, all without the batch. `apply` puts the layer's name before its errors. */
  abstract shapeFor(...inputShapes: Shape[]): Shape;

  /** The weights that it needs for inputs whose shapes `shapeFor` has accepted. */
  protected parametersFor(..._inputShapes: Shape[]): readonly ParameterSpec[] {
    return [];
  }

  /** Which work lowering may move from one layer to another. */
  get fusion(): Fusion {
    return {};
  }

  /** Only batch norm has it: the kernel and bias with which the layer before it does batch norm's work at inference. */
  fold?(to: WeightReader, weights: KernelAndBias): KernelAndBias;

  /** Emits y = f(x), or y = f(x₁, x₂ …), and returns what backward will need. */
  abstract emitForward(to: Lowering, ...x: Value[]): Forward<Saved>;

  /**
   * Emits the gradients of the weights, and of each input that is `wanted`. dy may only be overwritten if `to.into(dy)`
   * returns it.
   */
  abstract emitBackward(to: Lowering, dy: Value, saved: Saved, ...wanted: boolean[]): Gradients;

  /** Multiplications for one sample, each with an addition. */
  multiplyAdds(_inputShape: Shape, _outputShape: Shape): number {
    return 0;
  }

  /**
   * The size of the window that one output sees, and the distance to the next window, in pixels or fractions of them:
   * for the receptive field. 1 and 1 for a layer without windows.
   */
  window(_inputShape: Shape): {
    size: readonly [number, number];
    stride: readonly [number, number];
  } {
    return { size: [1, 1], stride: [1, 1] };
  }
}

/** A copy of lists in an option: what is saved must be what the layer was made with, whoever changes the list later. */
const ownList = (value: unknown, depth = 2): unknown =>
  Array.isArray(value) && depth > 0
    ? Object.freeze(value.map((one) => ownList(one, depth - 1)))
    : value;

/** The shape of a layer's output. @throws what `shapeFor` throws, after the layer's name */
export const outputShapeOf = (layer: Layer, ...inputShapes: Shape[]): Shape =>
  naming(layer.name, () => layer.shapeFor(...inputShapes));

/** @throws {ValueError} for a name with '/', because weights are named layer/parameter */
function checkName(name: string): string {
  if (typeof name === 'string' && name && !name.includes('/')) return name;
  throw new ValueError(`a layer's name must be text without '/', not ${shown(name)}`);
}

/** @throws {ValueError} for anything but symbolic tensors @throws {ShapeError} for too many or none */
function checkInputs(
  { merges }: Layer,
  inputs: SymbolicTensor | readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  const xs = Array.isArray(inputs) ? inputs : [inputs];
  for (const x of xs) {
    if (x instanceof SymbolicTensor) continue;
    const what = x === null ? 'null' : (x?.constructor?.name ?? typeof x);
    throw new ValueError(`apply takes what input() or another layer's apply returned, not ${what}`);
  }
  if (merges ? xs.length < 2 : xs.length !== 1) {
    const expected = merges ? 'a list of at least two inputs' : 'one input';
    throw new ShapeError(`expected ${expected}, received ${xs.length}`);
  }
  return xs;
}

/** @throws {ShapeError} if other inputs need other weights than the layer already has */
function checkShared(layer: Layer, wanted: readonly ParameterSpec[], shapes: Shape[]): void {
  wanted.forEach(({ name, shape }, i) => {
    const own = layer.parameters[i].shape;
    if (sameShape(own, shape)) return;
    throw new ShapeError(
      `its ${name} is ${show(own)}, but ${shapes.map(show).join(' and ')} would need ${show(shape)}: use a layer of its own`,
    );
  });
}
