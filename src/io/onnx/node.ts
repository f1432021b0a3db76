// A node as its operator's translation sees it: inputs that are values, and attributes by name and type.

import { FormatError } from '../../base/errors.js';
import type { Builder } from '../importing/builder.js';
import { Activation, Constant, integers, shapeText, type Value } from '../importing/value.js';
import type { AttributeProto, NodeProto } from './proto.js';
import { constantOf, type ExternalFiles } from './tensors.js';

/** Thrown where layers would have to compute of a constant: the network then has its result. See read.ts. */
export class OfConstant extends FormatError {}

/** A node that is being translated. */
export class Node {
  readonly proto: NodeProto;
  /** The version of ONNX's operators that the file uses. */
  readonly opset: number;
  readonly builder: Builder;
  /** Undefined for what is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly #files: ExternalFiles;
  readonly #read: ReadonlySet<string>;

  /** @param read the names of values that somebody reads */
  constructor(
    proto: NodeProto,
    opset: number,
    builder: Builder,
    inputs: readonly (Value | undefined)[],
    files: ExternalFiles,
    read: ReadonlySet<string>,
  ) {
    this.proto = proto;
    this.opset = opset;
    this.builder = builder;
    this.inputs = inputs;
    this.#files = files;
    this.#read = read;
  }

  /** The same node with other inputs: for operators that are made of others. */
  with(inputs: readonly (Value | undefined)[], builder = this.builder): Node {
    return new Node(this.proto, this.opset, builder, inputs, this.#files, this.#read);
  }

  get op(): string {
    return this.proto.op;
  }

  #attribute(name: string): AttributeProto | undefined {
    return this.proto.attributes.get(name);
  }

  has(name: string): boolean {
    return this.#attribute(name) !== undefined;
  }

  int(name: string, otherwise = 0): number {
    return this.#attribute(name)?.int ?? otherwise;
  }

  float(name: string, otherwise = 0): number {
    return this.#attribute(name)?.float ?? otherwise;
  }

  text(name: string, otherwise = ''): string {
    return this.#attribute(name)?.text ?? otherwise;
  }

  ints(name: string): number[] | undefined {
    return this.#attribute(name)?.ints;
  }

  /** A constant in an attribute. */
  constant(name: string): Constant | undefined {
    const attribute = this.#attribute(name);
    if (attribute?.tensor) return constantOf(attribute.tensor, this.#files);
    return undefined;
  }

  floats(name: string): number[] | undefined {
    return this.#attribute(name)?.floats;
  }

  /** @throws {FormatError} where it is left out */
  input(index: number): Value {
    return this.inputs[index] ?? this.fail(`its input ${index} is missing`);
  }

  /** The first input, which layers compute. @throws {OfConstant} where nothing depends on the network's inputs */
  activation(): Activation {
    const value = this.input(0);
    if (value instanceof Activation) return value;
    throw new OfConstant(`its input 0 is a constant, which it cannot be${this.#reads()}`);
  }

  /** An input that must be known when the network is built: undefined where it is left out. */
  known(index: number): Constant | undefined {
    const value = this.inputs[index];
    if (value === undefined || value instanceof Constant) return value;
    return this.fail(
      `its input ${index} is computed from the network's inputs, but must be known when the network is built: give what it depends on as a constant, readOnnx(bytes, { constants: { name: tensor } })`,
    );
  }

  /** Whole numbers from an input that must be known, or from an attribute of older versions. */
  integers(index: number, attribute?: string): number[] | undefined {
    const own = attribute === undefined ? undefined : this.ints(attribute);
    const value = this.known(index);
    if (!value) return own;
    return (
      integers(value) ??
      this.fail(`its input ${index} depends on the size of the batch, which is open`)
    );
  }

  /** An axis of an array of this rank, counted from 0. @throws {FormatError} for one that there is not */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    if (Number.isInteger(axis) && axis >= 0 && axis < Math.max(1, rank)) return axis;
    return this.fail(`its axis is ${value}, but there are ${rank} dimensions`);
  }

  axes(values: readonly number[], rank: number): number[] {
    return values.map((value) => this.axis(value, rank));
  }

  /** How many outputs it has. */
  get outputs(): number {
    return this.proto.outputs.length;
  }

  /** Whether somebody reads an output. */
  isRead(output: number): boolean {
    return this.#read.has(this.proto.outputs[output] ?? '');
  }

  /** @throws {FormatError} with what the node reads and its attributes */
  fail(what: string): never {
    throw new FormatError(`${what}${this.#reads()}`);
  }

  #reads(): string {
    const shapes = this.inputs.map((value) => (value ? shapeText(value) : 'none')).join(', ');
    return ` (it reads ${shapes || 'nothing'}${attributesText(this.proto)})`;
  }
}

/** How a node is called in messages. */
export function titleOf({ op, domain, name, outputs }: NodeProto): string {
  const type = domain ? `${domain}.${op}` : op;
  return `${type} '${name || outputs[0]}'`;
}

/** `; axis: 1, mode: linear`: nothing where there are none. */
export function attributesText({ attributes }: NodeProto): string {
  const list = [...attributes.values()].map((one) => {
    const value =
      one.ints.length > 0
        ? `[${one.ints.slice(0, 8).join(', ')}]`
        : one.floats.length > 0
          ? `[${one.floats.slice(0, 8).join(', ')}]`
          : one.texts.length > 0
            ? one.texts.slice(0, 4).join(' ')
            : one.tensor
              ? 'an array'
              : one.text || one.int || Number(one.float.toPrecision(6));
    return `${one.name}: ${value}`;
  });
  return list.length > 0 ? `; ${list.join(', ')}` : '';
}
