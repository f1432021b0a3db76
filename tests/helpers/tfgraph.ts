// Graph models in the making, as TensorFlow's converter writes them, and what TF.js computes of them.

import * as converter from '@tensorflow/tfjs-converter';
import { type Shape, sizeOf } from '../../src/base/shape.js';
import type { TfjsArtifacts } from '../../src/io/index.js';
import { numbers } from './random.js';
import { tf } from './tfjs.js';

type Attribute = number | boolean | string | readonly number[] | readonly string[];

/** A node's name, which is also its first output. */
export type Ref = string;

const listed = (value: readonly unknown[]) =>
  typeof value[0] === 'string'
    ? { list: { s: value.map((text) => btoa(String(text))) } }
    : { list: { i: value.map(String) } };

function attributeOf(value: Attribute): object {
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'number')
    return Number.isInteger(value) ? { i: String(value) } : { f: value };
  if (typeof value === 'string')
    return value.startsWith('DT_') ? { type: value } : { s: btoa(value) };
  return listed(value);
}

/** A graph, node by node. */
export class GraphBuilder {
  readonly nodes: object[] = [];
  readonly specs: { name: string; shape: number[]; dtype: string }[] = [];
  readonly #parts: Uint8Array[] = [];
  #count = 0;
  #seed = 1;

  node(op: string, inputs: readonly Ref[], attributes: Record<string, Attribute> = {}): Ref {
    const name = `net/${op}_${this.#count++}`;
    const attr = Object.fromEntries(
      Object.entries(attributes).map(([word, value]) => [word, attributeOf(value)]),
    );
    this.nodes.push({ name, op, input: inputs, attr: { T: { type: 'DT_FLOAT' }, ...attr } });
    return name;
  }

  /** @param shape the whole one, −1 where it is open */
  input(name: string, shape: Shape): Ref {
    const dim = shape.map((size) => ({ size: String(size) }));
    this.nodes.push({
      name,
      op: 'Placeholder',
      attr: { shape: { shape: { dim } }, dtype: { type: 'DT_FLOAT' } },
    });
    return name;
  }

  #add(dtype: string, shape: Shape, data: Float32Array | Int32Array): Ref {
    const name = `net/Const_${this.#count++}`;
    const type = dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32';
    const attr = { dtype: { type }, value: { tensor: { dtype: type, tensorShape: {} } } };
    this.nodes.push({ name, op: 'Const', attr });
    this.specs.push({ name, shape: [...shape], dtype });
    this.#parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return name;
  }

  /** Weights with numbers from a seed: in [−½, ½), or near 1. */
  weight(shape: Shape, isPositive = false): Ref {
    const drawn = numbers(sizeOf(shape), this.#seed++);
    return this.#add(
      'float32',
      shape,
      drawn.map((x) => (isPositive ? 1 : 0) + x / 2),
    );
  }

  float(value: number): Ref {
    return this.#add('float32', [], Float32Array.of(value));
  }

  ints(...values: readonly number[]): Ref {
    return this.#add('int32', [values.length], Int32Array.from(values));
  }

  int(value: number): Ref {
    return this.#add('int32', [], Int32Array.of(value));
  }

  /** Rows of whole numbers, such as paddings. */
  rows(...values: readonly (readonly number[])[]): Ref {
    return this.#add('int32', [values.length, values[0].length], Int32Array.from(values.flat()));
  }

  artifacts(inputs: readonly Ref[], outputs: readonly Ref[]): TfjsArtifacts {
    const ends = (refs: readonly Ref[]) =>
      Object.fromEntries(
        refs.map((name) => [
          name,
          { name: name.includes(':') ? name : `${name}:0`, dtype: 'DT_FLOAT' },
        ]),
      );
    const bytes = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return {
      format: 'graph-model',
      modelTopology: { node: this.nodes, library: {}, versions: { producer: 1087 } },
      weightSpecs: this.specs,
      weightData: bytes.buffer,
      signature: { inputs: ends(inputs), outputs: ends(outputs) },
    };
  }
}

/** The graph in TF.js. */
export const graphModelOf = (artifacts: TfjsArtifacts) =>
  converter.loadGraphModelSync(tf.io.fromMemorySync(artifacts as tf.io.ModelArtifacts));
