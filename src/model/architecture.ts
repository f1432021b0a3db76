// A model's architecture: its layers from inputs to outputs, and what is said of them. None of this takes memory.

import { ShapeError, ValueError } from '../base/errors.js';
import { any, checkOptions, text, whole } from '../base/options.js';
import { keyOf } from '../base/random.js';
import type { Shape } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Normalization, NormalizeOptions } from '../data/normalize.js';
import { applyGraph, type Graph } from '../network/graph.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';
import { checkLabels, checkPreprocessing, optionsOf } from './about.js';
import { type MemoryNeed, memoryNeed } from './outline.js';
import { Resources } from './resources.js';
import { type SummaryRow, summary } from './summary.js';

/** One symbolic tensor, or a list of them. */
export type Tensors = SymbolicTensor | readonly SymbolicTensor[];

/** A model from inputs to outputs. */
export interface ModelOptions<O extends Tensors = Tensors> {
  /** What `input` made, or tensors inside a graph: the model then begins there. */
  inputs: Tensors;
  /** What layers made of them. */
  outputs: O;
  /** What all randomness comes from: initial weights, shuffling, dropout. 0 by default. */
  seed?: number;
  /** For messages: 'model' by default. */
  name?: string;
}

/** Layers from inputs to outputs, and what is said of them: what every model has. */
export class Architecture<O extends Tensors> {
  readonly seed: number;
  readonly name: string;
  readonly #isList: boolean;
  readonly #resources: Resources;
  #labels: readonly string[] | undefined;
  #preprocessing: Normalization | undefined;

  constructor(options: ModelOptions<O>) {
    const known = { inputs: any, outputs: any, seed: any, name: text };
    const { inputs, outputs, seed = 0, name = 'model' } = checkOptions('new Model', options, known);
    keyOf(seed);
    this.seed = seed;
    this.name = name;
    this.#isList = Array.isArray(outputs);
    const list = (tensors: Tensors) => (Array.isArray(tensors) ? [...tensors] : [tensors]);
    this.#resources = new Resources(name, seed, list(inputs), list(outputs));
    this.#resources.belongTo(this);
  }

  /** @internal What it holds. */
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

  /** What records of data go by: as the layers, numbered from the second of a name on. */
  get inputNames(): readonly string[] {
    return this.#graph.inputNames;
  }

  /** What records of targets, losses and metrics go by, and logs: as `inputNames`. */
  get outputNames(): readonly string[] {
    return this.#graph.outputNames;
  }

  /** In the order in which they compute. */
  get layers(): readonly Layer[] {
    return this.#graph.layers;
  }

  /** One sample's shape, of the first input. */
  get inputShape(): Shape {
    return this.inputs[0].shape;
  }

  /** One sample's shape, of the first output. */
  get outputShape(): Shape {
    return this.outputs[0].shape;
  }

  /**
   * Names of the classes, which `classify` answers with; kept in the model's file. Setting them throws a
   * ValueError unless there is one for each class of the first output.
   */
  get labels(): readonly string[] | undefined {
    return this.#labels;
  }

  set labels(labels: readonly string[] | undefined) {
    this.#labels = labels && checkLabels(`${this.name}.labels`, labels, this.outputs[0]);
  }

  /**
   * What is done to pixels before the model sees them, as `data.normalize` takes it; `classify` does so. Kept in
   * the model's file. Setting what makes no sense throws a ValueError.
   */
  get preprocessing(): NormalizeOptions | undefined {
    return this.#preprocessing && optionsOf(this.#preprocessing);
  }

  set preprocessing(options: NormalizeOptions | undefined) {
    this.#preprocessing =
      options && checkPreprocessing(`${this.name}.preprocessing`, options, this.inputShape);
  }

  /**
   * What the model makes of symbolic tensors, as a layer does: its layers again, with the same weights, in a network
   * that holds this one. Nothing is copied.
   *
   * @param inputs one for each input of the model: a list where there are several
   * @returns as many outputs as `predict` gives
   * @throws {ShapeError} for more or fewer, or of shapes that the layers' weights are not made for
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

  /** The layer of a name. @throws {ValueError} where there is none */
  getLayer(name: string): Layer {
    const found = this.layers.find((layer) => layer.name === name);
    if (found) return found;
    const known = this.layers.map((layer) => layer.name).join(', ');
    throw new ValueError(`${this.name}: there is no layer ${shown(name)}; there are ${known}`);
  }

  /** Whether all its layers learn. Setting it sets `trainable` of each of them, as in Keras. */
  get trainable(): boolean {
    return this.layers.every(({ trainable }) => trainable);
  }

  set trainable(value: boolean) {
    for (const layer of this.layers) layer.trainable = value;
  }

  /**
   * The layers in numbers, for one sample; also printed as a table, with the memory for a batch. Nothing
   * is allocated.
   *
   * @param options.batchSize what the memory is told for: 32 by default
   * @param options.print what prints: console.log by default, null for none
   */
  summary(
    options: { batchSize?: number; print?: ((text: string) => void) | null } = {},
  ): SummaryRow[] {
    return summary(this.#resources.network, this.#resources.objective, options);
  }

  /** The bytes that training and prediction need, told before anything is allocated. */
  memory(options: { batchSize?: number } = {}): MemoryNeed {
    const { batchSize = 32 } = checkOptions('memory', options, { batchSize: whole(1) });
    return memoryNeed(this.#graph, batchSize, this.#resources.objective);
  }
}
