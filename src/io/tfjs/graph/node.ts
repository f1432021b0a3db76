// A node of TensorFlow as its translation sees it. Most operators become ONNX's, whose translations into layers there
// are already: only the order of axes, and the words, are others.

import { FormatError } from '../../../base/errors.js';
import type { Builder } from '../../importing/builder.js';
import { reshapedConstant, transposedConstant } from '../../importing/constants.js';
import {
  Activation,
  Constant,
  integers,
  type Side,
  shapeText,
  type Value,
} from '../../importing/value.js';
import { Node } from '../../onnx/node.js';
import { translations } from '../../onnx/operators/index.js';
import { type AttributeProto, attributeOf } from '../../onnx/proto.js';
import type { Attributes, GraphNode } from './proto.js';

/** The version of ONNX's operators that these become. */
const OPSET = 21;

/** Attributes of ONNX's operators. */
type OnnxAttributes = Readonly<Record<string, number | string | readonly number[] | undefined>>;

/** A node that is being translated. */
export class TfNode {
  readonly op: string;
  readonly attributes: Attributes;
  readonly builder: Builder;
  readonly inputs: readonly Value[];
  readonly #proto: GraphNode;

  constructor(proto: GraphNode, builder: Builder, inputs: readonly Value[]) {
    this.op = proto.op;
    this.attributes = proto.attributes;
    this.builder = builder;
    this.inputs = inputs;
    this.#proto = proto;
  }

  /** @throws {FormatError} where it is missing */
  input(index: number): Value {
    return this.inputs.at(index) ?? this.fail(`its input ${index} is missing`);
  }

  /** An input that must be known when the network is built. */
  constant(index: number): Constant {
    const value = this.input(index);
    if (value instanceof Constant) return value;
    return this.fail(dependsText(index));
  }

  /** Whole numbers of an input that must be known. */
  integers(index: number): number[] {
    return (
      integers(this.constant(index)) ??
      this.fail(`its input ${index} depends on the size of the batch, which is open`)
    );
  }

  /** What one of ONNX's operators makes of values. */
  onnxAll(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: OnnxAttributes = {},
    outputs = 1,
  ): readonly Value[] {
    const list = Object.entries(attributes).flatMap(([name, value]) =>
      value === undefined ? [] : ([[name, attribute(name, value)]] as const),
    );
    const proto = {
      ...{ op, domain: '', name: this.#proto.name },
      inputs: inputs.map(() => ''),
      outputs: Array.from({ length: outputs }, (_, i) => `${this.#proto.name}:${i}`),
      attributes: new Map(list),
    };
    const made = translations[op](
      new InnerNode(proto, OPSET, this.builder, inputs, noFiles, new Set(proto.outputs)),
    );
    return Array.isArray(made) ? made : [made as Value];
  }

  /** What one of ONNX's operators makes of values, if that is one value. */
  onnx(op: string, inputs: readonly (Value | undefined)[], attributes?: OnnxAttributes): Value {
    return this.onnxAll(op, inputs, attributes)[0];
  }

  /** @throws {FormatError} with what the node reads */
  fail(what: string): never {
    const shapes = this.inputs.map(shapeText).join(', ');
    throw new FormatError(`${what} (it reads ${shapes || 'nothing'})`);
  }
}

/** A node of ONNX that is a part of one of TensorFlow's. */
class InnerNode extends Node {
  override known(index: number): Constant | undefined {
    const value = this.inputs[index];
    return value instanceof Activation ? this.fail(dependsText(index)) : value;
  }
}

/** What is said of an input that must be known when the network is built. */
const dependsText = (index: number): string =>
  `its input ${index} depends on the network's inputs, which it cannot here`;

/** The files of ONNX's constants: of these here there are none. */
const noFiles = (): never => {
  throw new Error('constants have no files');
};

function attribute(name: string, value: number | string | readonly number[]): AttributeProto {
  if (typeof value === 'string') return attributeOf(name, { text: value });
  if (typeof value === 'number') return attributeOf(name, { float: value, int: value });
  return attributeOf(name, { ints: [...value] });
}

/** A value with its axes in another order: of what layers compute that is bookkeeping, and no number moves. */
export function permuted<V extends Value>(value: V, order: readonly number[]): V {
  if (value instanceof Constant) return transposedConstant(value, order) as V;
  const { tensor, axes, stored } = value as Activation;
  return new Activation(
    tensor,
    order.map((axis) => axes[axis]),
    stored,
  ) as Value as V;
}

/** [batch, ...sides, channels] as ONNX has it: [batch, channels, ...sides]. */
export const channelsFirst = <V extends Value>(x: V): V => {
  const { length } = x.shape;
  return permuted(x, [0, length - 1, ...Array.from({ length: length - 2 }, (_, i) => i + 1)]);
};

/** [batch, channels, ...sides] as TensorFlow has it. */
export const channelsLast = <V extends Value>(x: V): V => {
  const { length } = x.shape;
  return permuted(x, [0, ...Array.from({ length: length - 2 }, (_, i) => i + 2), 1]);
};

/** A row of numbers that may follow the batch. */
export const row = (data: readonly Side[]): Constant => new Constant([data.length], 'int', data);

/** A single number in place of a row of one. */
export const asScalar = (constant: Constant): Constant => reshapedConstant(constant, []);
