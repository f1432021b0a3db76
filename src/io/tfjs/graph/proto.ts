// TensorFlow's GraphDef as model.json has it: nodes with their inputs and attributes.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/framework/graph.proto

import { FormatError } from '../../../base/errors.js';
import { about } from '../../../base/naming.js';
import { shown } from '../../../base/shown.js';
import { isList, isObject, type Json, listAt, objectAt, textAt } from '../json.js';

/** Attributes of a node, by type. */
export class Attributes {
  readonly json: Json;

  constructor(json: Json) {
    this.json = json;
  }

  #value(name: string): Json {
    const value = Object.hasOwn(this.json, name) ? this.json[name] : undefined;
    return isObject(value) ? value : {};
  }

  has(name: string): boolean {
    return Object.hasOwn(this.json, name);
  }

  int(name: string, otherwise = 0): number {
    const { i } = this.#value(name);
    return i === undefined ? otherwise : whole(name, i);
  }

  float(name: string, otherwise = 0): number {
    const { f } = this.#value(name);
    // JSON has no numbers that are not finite: protobuf writes them as text.
    return f === undefined ? otherwise : Number(f);
  }

  flag(name: string): boolean {
    return this.#value(name).b === true;
  }

  /** Undefined where there is no list. */
  ints(name: string): number[] | undefined {
    const { list } = this.#value(name);
    if (!isObject(list)) return undefined;
    return (isList(list.i) ? list.i : []).map((value) => whole(name, value));
  }

  text(name: string, otherwise = ''): string {
    const { s } = this.#value(name);
    return s === undefined ? otherwise : decoded(s);
  }

  texts(name: string): string[] {
    const { list } = this.#value(name);
    return isObject(list) && isList(list.s) ? list.s.map(decoded) : [];
  }

  /** A type, such as 'DT_FLOAT', or its number. */
  type(name: string): unknown {
    return this.#value(name).type;
  }

  /** A shape, where −1 is an open side; undefined where it is not known at all. */
  shape(name: string): number[] | undefined {
    return shapeOf(this.#value(name).shape);
  }

  /** This and others. */
  with(more: Json): Attributes {
    return new Attributes({ ...this.json, ...more });
  }
}

/** A shape, where −1 is an open side; undefined where it is not known at all. */
export function shapeOf(shape: unknown): number[] | undefined {
  if (!isObject(shape) || shape.unknownRank === true) return undefined;
  const dims = isList(shape.dim) ? shape.dim : [];
  return dims.map((dim) => whole('shape', isObject(dim) ? (dim.size ?? 0) : dim));
}

/** A whole number, which JSON has as text where it is of 64 bits. */
function whole(name: string, value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  if (Number.isSafeInteger(number)) return number as number;
  throw new FormatError(`its ${name} must be a whole number, not ${shown(value)}`);
}

/** Text in base64, or as a list of bytes. */
function decoded(value: unknown): string {
  if (isList(value)) return String.fromCharCode(...value.slice(0, 256).map(Number));
  try {
    return atob(textAt('an attribute', value));
  } catch {
    throw new FormatError(`an attribute is ${shown(value)}, which is no base64`);
  }
}

/** A node. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** The values that it reads: 'name' for the first output of a node, 'name:1' for the next. */
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/** The first output of a node is called as the node itself. */
export const plainRef = (ref: string): string => ref.replace(/:0$/, '');

/** The node that makes a value. */
export const makerOf = (ref: string): string => ref.replace(/:\d+$/, '');

/** Operators whose output is their input. */
const passing =
  /^(Identity|StopGradient|PreventGradient|Snapshot|CheckNumerics|EnsureShape|ReadVariableOp)$/;

/** The nodes by name, without those that do nothing: whoever reads these reads what they read. */
export class Graph {
  readonly nodes = new Map<string, GraphNode>();
  readonly #aliases = new Map<string, string>();

  constructor(topology: Json) {
    for (const given of listAt('node', topology.node)) {
      const json = objectAt('a node', given);
      const name = textAt("a node's name", json.name);
      about(`the node ${shown(name)}`, () => {
        const op = textAt('its op', json.op);
        const inputs = (isList(json.input) ? json.input : [])
          .map((ref) => plainRef(textAt('its input', ref)))
          // Inputs for the order alone.
          .filter((ref) => !ref.startsWith('^'));
        if (this.nodes.has(name) || this.#aliases.has(name))
          throw new FormatError('there are two nodes of this name');
        const attributes = new Attributes(isObject(json.attr) ? json.attr : {});
        if (passing.test(op) && inputs.length > 0) this.#aliases.set(name, inputs[0]);
        else this.nodes.set(name, { name, op, inputs, attributes });
      });
    }
  }

  /** The value that a name stands for. */
  resolved(ref: string): string {
    const seen = new Set<string>();
    let own = plainRef(ref);
    for (let next = this.#aliases.get(own); next !== undefined; next = this.#aliases.get(own)) {
      if (seen.has(own)) throw new FormatError(`the node ${shown(own)} depends on itself`);
      seen.add(own);
      own = next;
    }
    return own;
  }

  /** The nodes that outputs depend on, each after those that it reads. @throws {FormatError} for a cycle */
  sorted(outputs: readonly string[]): GraphNode[] {
    const done = new Set<string>();
    const open = new Set<string>();
    const found: GraphNode[] = [];
    const stack = outputs.map((ref) => makerOf(this.resolved(ref))).reverse();
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      const node = this.nodes.get(name);
      if (!node) throw new FormatError(`there is no node ${shown(name)}, which another one reads`);
      const inputs = node.inputs.map((ref) => this.resolved(ref));
      // A loop goes on there: no cycle, but an operator of which it is said that there is none.
      const missing =
        node.op === 'NextIteration' ? [] : inputs.map(makerOf).filter((own) => !done.has(own));
      if (done.has(name) || missing.length === 0) {
        stack.pop();
        if (!done.has(name)) found.push({ ...node, inputs });
        done.add(name);
        continue;
      }
      open.add(name);
      const closing = missing.find((own) => open.has(own));
      if (closing !== undefined)
        throw new FormatError(`the node ${shown(closing)} depends on itself`);
      stack.push(...missing.reverse());
    }
    return found;
  }
}
