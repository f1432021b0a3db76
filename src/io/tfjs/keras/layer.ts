// A layer of a Keras network while it is being read: its configuration, and the layers that it becomes.

import { FormatError } from '../../../base/errors.js';
import { about } from '../../../base/naming.js';
import { show } from '../../../base/shape.js';
import { shown } from '../../../base/shown.js';
import type { Layer, ParameterSpec, SymbolicTensor } from '../../../network/layer.js';
import type { Builder, Make } from '../../importing/builder.js';
import { Config, type Json } from '../json.js';
import type { NamedWeights } from './named.js';

/** Who wrote a file: some layers compute other things in other libraries. */
export type Writer = 'tfjs' | 'keras2' | 'keras3';

/** What all layers of a file share. */
export interface KerasFile {
  readonly writer: Writer;
  readonly builder: Builder;
  readonly weights: NamedWeights;
  /** The names of layers so far, each with the last number that was put after it. */
  readonly names: Map<string, number>;
}

/** Computes a layer's output. It may be called several times: the layer is shared then. */
export type Call = (...xs: SymbolicTensor[]) => SymbolicTensor;

/** Reads a layer's configuration. @throws {FormatError} for one that there is not here */
export type Translation = (layer: KerasLayer) => Call;

/** Our names of weights, each with Keras's words for it, in Keras's order. */
export type WeightWords = Readonly<Record<string, readonly string[]>>;

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

  /**
   * Applies a layer with this one's name: the same layer at each call, where it has weights.
   *
   * @param words its weights
   * @param end what is put after the name, where a layer becomes several with weights
   */
  apply(
    make: Make,
    xs: SymbolicTensor | readonly SymbolicTensor[],
    words: WeightWords = {},
    end = '',
  ): SymbolicTensor {
    const known = this.#made.get(end);
    if (known) return known.apply(xs);
    const layer = make(this.#nameWith(end));
    const y = layer.apply(xs);
    this.#fill(layer, words);
    layer.trainable = this.config.flag('trainable', true);
    // Others may depend on the input's shape: they are made anew.
    if (layer.parameters.length > 0) this.#made.set(end, layer);
    return y;
  }

  /** Its own name where no other layer has it; else that with the names of the models around it, or a number. */
  #nameWith(end: string): string {
    const { names } = this.file;
    const plain = (path: readonly string[]) => `${path.join('.').replaceAll('/', '.')}${end}`;
    const short = plain(this.path.slice(-1));
    const first = names.has(short) ? plain(this.path) : short;
    // The last number of each name: a layer may be called a thousand times.
    let number = names.get(first) ?? -1;
    let name = first;
    while (names.has(name)) name = `${first}_${++number}`;
    names.set(first, number);
    names.set(name, 0);
    return name;
  }

  #fill(layer: Layer, words: WeightWords): void {
    const { weights, builder } = this.file;
    for (const [i, [name, own]] of Object.entries(words).entries()) {
      const constant = weights.find(this.path, [...own, String(i)]);
      if (!constant)
        throw new FormatError(`its weight ${shown(own[0])} is missing in the file's weights`);
      const { shape } = layer.parameters.find((one) => one.name === name) as ParameterSpec;
      about(`its weight ${shown(own[0])}`, () => {
        if (constant.size === shape.reduce((product, side) => product * side, 1)) return;
        throw new FormatError(
          `the file has ${show(constant.shape)}, but the layer needs ${show(shape)}`,
        );
      });
      const { data } = constant;
      builder.fillings.push({ layer, name, fill: (to) => to.set(data as ArrayLike<number>) });
    }
  }
}
