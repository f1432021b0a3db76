// What a layer is: a name, weights it wants, and the ops it emits. It owns no buffers.

import type { ActivationName } from '../emit/activation.js';
import type { Emitter, Operand, Value } from '../emit/emitter.js';
import { ValueError } from '../errors.js';
import type { InitializerName } from '../initializers.js';
import { checkOptions } from '../options.js';
import type { Shape } from '../shape.js';

/** A weight that a layer asks for. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: InitializerName;
  /** Running statistics are not. */
  readonly trainable: boolean;
}

/** What a layer sees of the program being made. Values are [batch, ...shape]. */
export interface Lowering {
  readonly emitter: Emitter;
  /** Whether this is a training step: dropout drops, batch norm takes the batch's statistics. */
  readonly training: boolean;
  /** Whether a layer that `absorbsRelu` shall do so now. */
  readonly rectify: boolean;
  /** A layer's kernel and bias; where it `absorbsNorm` and shall do so now, folded ones. */
  kernelAndBias(layer: Layer): KernelAndBias;
  /** A weight of the layer. */
  weight(layer: Layer, name: string): Value;
  /** Where the weight's gradient goes; it is overwritten. */
  gradient(layer: Layer, name: string): Value;
  /**
   * Emits y = f(x), where y may be x, and returns the value that holds the result: another one where
   * backward will need x. `alpha` is that of leakyRelu and elu, where it is not their own.
   */
  activate(name: ActivationName, y: Value, x: Value, alpha?: number): Value;
  /** Turns dy, the gradient of the y that `activate` returned, into the gradient of its x, in place. */
  activateBackward(name: ActivationName, dy: Value, y: Value, alpha?: number): void;
  /** Emits ops behind the backward ones, once the loss is known to be finite. */
  afterwards(emit: () => void): void;
  /** The random state for dropout, and a stream of its own for a layer. */
  readonly randomState: Value;
  stream(layer: Layer): number;
}

/** What a layer multiplies by, and what it adds. */
export interface KernelAndBias {
  readonly kernel: Value;
  readonly bias: Operand;
}

/** What a layer can do of its neighbours' work, and they of its. */
export interface Fusion {
  /** It is ReLU and nothing else. */
  readonly isRelu?: boolean;
  /** It can do the work of a ReLU behind it in its own passes, in both directions. */
  readonly absorbsRelu?: boolean;
  /** It is linear in a kernel and bias, and these can do the work of an inference batch norm behind it. */
  readonly absorbsNorm?: boolean;
  /** Its output is what ReLU gives, and its backward begins with ReLU's. */
  readonly endsInRelu?: boolean;
  /** ReLU behind it gives what ReLU before it gives. */
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

/** A layer of a network. Made by the functions of `layers`. */
export abstract class Layer<Saved = unknown> {
  /** The function of `layers` that makes it, and the options it was made with. */
  readonly type: string;
  readonly options: Readonly<LayerOptions>;
  /** Set by the model where the options give none. */
  name: string;
  /** The weights it wants, once built. */
  parameters: readonly ParameterSpec[] = [];
  #built = false;

  /** @param known the words of the layer's own options */
  constructor(type: string, options: LayerOptions, known: readonly string[]) {
    this.type = type;
    this.options = { ...checkOptions(`layers.${type}`, options, [...known, 'name']) };
    this.name = checkName(options.name ?? '');
  }

  /** Whether a model already uses it: a layer belongs to one. */
  get built(): boolean {
    return this.#built;
  }

  /**
   * Fixes the layer's weights for inputs of the given shape, without the batch, and returns its
   * output's shape.
   *
   * @throws {ShapeError} where the layer cannot take such inputs
   */
  build(inputShape: Shape): Shape {
    const outputShape = this.shapeFor(inputShape);
    this.parameters = this.parametersFor(inputShape);
    this.#built = true;
    return outputShape;
  }

  /** The output's shape for an input's, both without the batch. */
  abstract shapeFor(inputShape: Shape): Shape;

  /** The weights for inputs of a shape that `shapeFor` has accepted. */
  protected parametersFor(_inputShape: Shape): readonly ParameterSpec[] {
    return [];
  }

  /** What lowering may use to let one layer do another's work. */
  get fusion(): Fusion {
    return {};
  }

  /** For a batch norm: the kernel and bias with which the layer before it does its work at inference. */
  fold?(to: Lowering, weights: KernelAndBias): KernelAndBias;

  /** Emits y = f(x), and says what backward will need. */
  abstract emitForward(to: Lowering, x: Value): Forward<Saved>;

  /**
   * Emits the gradients: of the weights, and of x where `wanted`. dy is this layer's to overwrite.
   *
   * @returns the gradient of x, or undefined where it is not wanted
   */
  abstract emitBackward(to: Lowering, dy: Value, saved: Saved, wanted: boolean): Value | undefined;

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

/** @throws {ValueError} for a name that weights' names could not be told apart with */
function checkName(name: string): string {
  if (typeof name === 'string' && !name.includes('/')) return name;
  throw new ValueError(`a layer's name must be text without '/', not ${JSON.stringify(name)}`);
}
