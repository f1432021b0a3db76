// A layer of a Keras network while it is being read: its configuration, and the layers that it becomes.

import { FormatError } from '../../../base/errors.js';
import { show, sizeOf } from '../../../base/shape.js';
import { shown } from '../../../base/shown.js';
import type { Layer, ParameterSpec, SymbolicTensor } from '../../../network/layer.js';
import { type Builder, filled, type Make } from '../../importing/builder.js';
import { Constant } from '../../importing/value.js';
import { Config, type Json } from '../json.js';
import type { NamedWeights } from './named.js';

/** Who wrote a file: some layers compute other things in other libraries. */
export type Writer = 'tfjs' | 'keras2' | 'keras3';

/** What all layers of a file share. */
export interface KerasFile {
  readonly writer: Writer;
  readonly builder: Builder;
  readonly weights: NamedWeights;
}

/** Computes a layer's output. It may be called several times: the layer is shared then. */
export type Call = (...xs: SymbolicTensor[]) => SymbolicTensor;

/** Reads a layer's configuration. @throws {FormatError} for one that there is not here */
export type Translation = (layer: KerasLayer) => Call;

/** Our names of weights, each with Keras's words for it, in Keras's order; or with the numbers themselves. */
export type WeightWords = Readonly<Record<string, readonly string[] | Constant>>;

/** A layer of the file. */
export class KerasLayer {
  readonly type: string;
  readonly config: Config;
  readonly file: KerasFile;
  /** Its name, after those of the models that it lies in. */
  readonly path: readonly string[];
  readonly #made = new Map<string, Layer>();

  constructor(type: string, config: Json, file: KerasFile, path: readonly string[]) {
    this.type = type;
    this.config = new Config(config);
    this.file = file;
    this.path = path;
  }

  /** For messages. */
  get title(): string {
    return `${this.type} ${shown(this.path.join('/'))}`;
  }

  /** Another layer that does a part of this one's work, such as an activation. */
  part(type: string, config: Json): KerasLayer {
    const path = [...this.path.slice(0, -1), `${this.path.at(-1)}_${type.toLowerCase()}`];
    return new KerasLayer(type, config, this.file, path);
  }

  /** This layer in other words. */
  as(type: string, config: Json): KerasLayer {
    return new KerasLayer(type, config, this.file, this.path);
  }

  /**
   * Applies a layer with this one's name: the same layer at each call, where it has weights.
   *
   * @param end what is put after the name, where a layer becomes several with weights
   * @throws {FormatError} where the file lacks a weight, or has one of another size
   */
  apply(
    make: Make,
    xs: SymbolicTensor | readonly SymbolicTensor[],
    words: WeightWords = {},
    end = '',
  ): SymbolicTensor {
    const known = this.#made.get(end);
    if (known) return known.apply(xs);
    const { builder } = this.file;
    const weights = Object.entries(words).map(([name, own], i) => ({
      name,
      constant: own instanceof Constant ? own : this.#weight(own, i),
    }));
    builder.call(this.#nameWith(end));
    const sources = weights.map(({ name, constant }) => [name, filled(constant)]);
    const learns = this.config.flag('trainable', true);
    const y = builder.apply(make, xs, Object.fromEntries(sources), { learns });
    const { layer } = y;
    for (const { name, constant } of weights) checkSize(layer, name, constant);
    // Others may depend on the input's shape: they are made anew.
    if (layer.parameters.length > 0) this.#made.set(end, layer);
    return y;
  }

  /** Its own name where no other layer has it; else that with the names of the models around it. */
  #nameWith(end: string): string {
    const plain = (path: readonly string[]) => `${path.join('.').replaceAll('/', '.')}${end}`;
    const short = plain(this.path.slice(-1));
    return this.file.builder.layers.has(short) ? plain(this.path) : short;
  }

  /** @param index its place among the layer's weights, which is its name in Keras 3 */
  #weight(words: readonly string[], index: number): Constant {
    const found = this.file.weights.find(this.path, [...words, String(index)]);
    if (found) return found;
    throw new FormatError(`its weight ${shown(words[0])} is missing in the file's weights`);
  }
}

/** Holds the file's numbers against the layer before there is memory for them. @throws {FormatError} */
function checkSize({ parameters }: Layer, name: string, constant: Constant): void {
  const { shape } = parameters.find((one) => one.name === name) as ParameterSpec;
  if (constant.size === sizeOf(shape)) return;
  throw new FormatError(
    `its weight ${shown(name)}: the file has ${show(constant.shape)}, but the layer needs ${show(shape)}`,
  );
}
