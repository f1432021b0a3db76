// A model's architecture: its layers from inputs to outputs, labels and preprocessing, summary. Takes no linear memory.

import { ShapeError, StateError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { any, anySeed, checkOptions, nearest, text, whole } from '../base/options.js';
import type { Shape } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { applyGraph, type Graph } from '../network/graph.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';
import {
  checkLabels,
  checkPreprocessing,
  optionsOf,
  type Preprocessing,
  type PreprocessingOptions,
} from './about.js';
import { type MemoryNeed, memoryNeed } from './outline.js';
import { Resources } from './resources.js';
import { type SummaryRow, summary } from './summary.js';

/** One symbolic tensor, or a list of them. */
export type Tensors = SymbolicTensor | readonly SymbolicTensor[];

/** Options of a model. */
export interface ModelOptions<O extends Tensors = Tensors> {
  /** Tensors that `input` returned, or tensors inside a graph, at which the model then begins. */
  inputs: Tensors;
  /** Tensors that layers returned. */
  outputs: O;
  /** The seed of all random numbers: initial weights, shuffling, dropout. 0 by default. */
  seed?: number;
  /** For messages: 'model' by default. */
  name?: string;
}

/** The part of a model that needs no engine. */
export class Architecture<O extends Tensors> {
  declare readonly seed: number;
  declare readonly name: string;
  readonly #isList: boolean;
  readonly #resources: Resources;
  #labels: readonly string[] | undefined;
  #preprocessing: Preprocessing | undefined;

  constructor(options: ModelOptions<O>) {
    const known = { inputs: any, outputs: any, seed: anySeed, name: text };
    const { inputs, outputs, seed = 0, name = 'model' } = checkOptions('new Model', options, known);
    // Not writable, in plain JavaScript either.
    for (const [word, value] of Object.entries({ seed, name }))
      Object.defineProperty(this, word, { value, enumerable: true });
    this.#isList = Array.isArray(outputs);
    const list = (tensors: Tensors) => (Array.isArray(tensors) ? [...tensors] : [tensors]);
    this.#resources = new Resources(name, seed, list(inputs), list(outputs));
    this.#resources.belongTo(this);
  }

  /** @internal Its network and engine. */
  get resources(): Resources {
    return this.#resources;
  }

  get #graph(): Graph {
    return this.#resources.network.graph;
  }

  get inputs(): readonly SymbolicTensor[] {
    return this.#graph.inputs;
  }

  get outputs(): readonly SymbolicTensor[] {
    return this.#graph.outputs;
  }

  /** The names of the inputs in records of data: those of their layers; equal names are numbered. */
  get inputNames(): readonly string[] {
    return this.#graph.inputNames;
  }

  /** The names of the outputs in records of targets, losses and metrics, and in logs: as `inputNames`. */
  get outputNames(): readonly string[] {
    return this.#graph.outputNames;
  }

  /** The layers, in the order in which they compute. */
  get layers(): readonly Layer[] {
    return this.#graph.layers;
  }

  /** The first input's shape, of one sample. */
  get inputShape(): Shape {
    return this.inputs[0].shape;
  }

  /** The first output's shape, of one sample. */
  get outputShape(): Shape {
    return this.outputs[0].shape;
  }

  /**
   * Names of the first output's classes, which `classify` answers with; saved in the model's file. Setting them throws
   * a ValueError unless there is one for each class, and a StateError before there are layers.
   */
  get labels(): readonly string[] | undefined {
    return this.#labels;
  }

  set labels(labels: readonly string[] | undefined) {
    if (labels && this.layers.length === 0)
      throw new StateError(`${this.name}.labels: the model has no layers yet: add them first`);
    this.#labels =
      labels && naming(`${this.name}.labels`, () => checkLabels(labels, this.outputs[0]));
  }

  /**
   * How pictures become the model's input: `resize`, and the options of `data.normalize` for its pixels; `classify`
   * applies them. Saved in the model's file. Setting options that make no sense throws a ValueError.
   */
  get preprocessing(): PreprocessingOptions | undefined {
    return this.#preprocessing && optionsOf(this.#preprocessing);
  }

  set preprocessing(options: PreprocessingOptions | undefined) {
    this.#preprocessing =
      options &&
      naming(`${this.name}.preprocessing`, () => checkPreprocessing(options, this.inputShape));
  }

  /**
   * Applies the model to symbolic tensors, like a layer: the new network has the same layers with the same weights.
   * Nothing is copied.
   *
   * @param inputs a symbolic tensor for each input of the model: a list if there are several
   * @returns as many outputs as `predict` returns
   * @throws {ShapeError} for another number of inputs, or shapes that do not fit the layers' weights
   */
  apply(inputs: Tensors): O {
    const xs = [inputs].flat() as readonly SymbolicTensor[];
    if (xs.length !== this.inputs.length) {
      throw new ShapeError(
        `${this.name}: the model has ${this.inputs.length} inputs, but apply received ${xs.length}`,
      );
    }
    const made = applyGraph(this.#graph, xs);
    return (this.#isList ? made : made[0]) as unknown as O;
  }

  /** The layer with this name. @throws {ValueError} for an unknown name */
  getLayer(name: string): Layer {
    const found = this.layers.find((layer) => layer.name === name);
    if (found) return found;
    const known = this.layers.map((layer) => layer.name);
    throw new ValueError(
      `${this.name}: there is no layer ${shown(name)}${nearest(name, known)}; there are ${known.join(', ')}`,
    );
  }

  /** Whether all its layers learn. Setting it sets `trainable` of all layers, as in Keras. */
  get trainable(): boolean {
    return this.layers.every(({ trainable }) => trainable);
  }

  set trainable(value: boolean) {
    for (const layer of this.layers) layer.trainable = value;
  }

  /**
   * Sizes and costs of the layers, for one sample. Also prints them as a table, with the memory for a batch. Allocates
   * nothing.
   *
   * @param options.batchSize the batch that the memory is worked out for: 32 by default
   * @param options.print receives the table: console.log by default, null for none
   */
  summary(
    options: { batchSize?: number; print?: ((text: string) => void) | null } = {},
  ): SummaryRow[] {
    return summary(this.#resources, options);
  }

  /** The bytes that training and prediction will need. Allocates nothing. */
  memory(options: { batchSize?: number } = {}): MemoryNeed {
    const { batchSize = 32 } = checkOptions('memory', options, { batchSize: whole(1) });
    return memoryNeed(this.#graph, batchSize, this.#resources);
  }
}
