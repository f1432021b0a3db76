/// <reference lib="esnext.disposable" preserve="true" />
// Model: a graph of layers, and all that can be done with it.

import { backend } from '../../bindings/backend.js';
import { DISPOSE } from '../base/dispose.js';
import { ShapeError, StateError, ValueError } from '../base/errors.js';
import {
  abortSignal,
  any,
  callableOrNull,
  checkOptions,
  forwarded,
  text,
  whole,
} from '../base/options.js';
import { keyOf } from '../base/random.js';
import type { Shape } from '../base/shape.js';
import { shown } from '../base/shown.js';
import type { Normalization, NormalizeOptions } from '../data/normalize.js';
import { claim, disclaim, isFresh, type WeightStore } from '../lowering/store.js';
import { applyGraph, type Graph, graphOf } from '../network/graph.js';
import type { Layer, SymbolicTensor } from '../network/layer.js';
import type { Weight } from '../network/weight.js';
import { Tensor } from '../tensor/tensor.js';
import { type CompileOptions, checkObjective } from '../training/compile.js';
import type { Dataset } from '../training/datasetfeed.js';
import { Engine } from '../training/engine.js';
import { type Logs, Means } from '../training/means.js';
import { measure } from '../training/measure.js';
import type { Outcome } from '../training/outcome.js';
import { type Batch, wholeOf } from '../training/samples.js';
import type { SampleWeight, WeightOptions } from '../training/sampleweights.js';
import {
  datasetSession,
  type FitDatasetOptions,
  type FitOptions,
  fitSession,
  type Session,
} from '../training/session.js';
import { type DataSet, Intake } from '../training/source.js';
import { type History, train } from '../training/train.js';
import { checkLabels, checkPreprocessing, classesOf } from './about.js';
import { activations, type ByName, type Names } from './activations.js';
import { assign, copiesOf } from './assign.js';
import type { Answer, ClassifyOptions, Picture } from './classify.js';
import type { GradientsOptions } from './gradients.js';
import { classifying, differentiating } from './later.js';
import { type MemoryNeed, memoryNeed } from './outline.js';
import { type Profile, type ProfileOptions, profile } from './profile.js';
import { saveModel } from './save.js';
import { type SummaryRow, summarize, table } from './summary.js';

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

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Samples at a time: 32 by default. */
  batchSize?: number;
  /** How much each sample counts: see `WeightOptions`. */
  sampleWeight?: SampleWeight;
  /** Aborts between two batches. */
  signal?: AbortSignal;
}

/** Options of `predict`. */
export interface PredictOptions {
  /** Samples at a time: 32 by default. */
  batchSize?: number;
  /** Where it is aborted, nothing is predicted. In a worker that is until the prediction begins. */
  signal?: AbortSignal;
}

/** What `predict` returns: a tensor, or a list where the model's outputs are one. */
export type Prediction<O extends Tensors> = O extends SymbolicTensor ? Tensor : Tensor[];

/** What a model holds. */
interface Resources {
  stores: readonly WeightStore[];
  engine: Engine | undefined;
  given: boolean;
}

function giveBack(resources: Resources): void {
  if (resources.given) return;
  resources.given = true;
  resources.engine?.dispose();
  for (const store of resources.stores) store.release();
}

/** A model that was forgotten gives its memory back when it is collected: a net, not a plan. */
const net = new FinalizationRegistry(giveBack);

/** Moves a model's output on: for `Sequential`. @throws {StateError} once it has weights */
export let grow: (
  model: Model,
  where: string,
  output: (last: SymbolicTensor) => SymbolicTensor,
) => void;

/**
 * Layers from inputs to outputs: any graph without cycles. Layers that are of another model too share
 * their weights with it.
 */
export class Model<O extends Tensors = SymbolicTensor> {
  readonly seed: number;
  readonly name: string;
  #graph: Graph;
  readonly #isList: boolean;
  readonly #resources: Resources;
  #disposed = false;
  #training = false;
  #labels: readonly string[] | undefined;
  #preprocessing: Normalization | undefined;
  /** Calls of `evaluate` and `gradients` under way. */
  #evaluations = 0;

  /**
   * Names the layers that have no name; memory is taken when the weights are first needed.
   *
   * @throws {ValueError} for a graph with a cycle, an output that depends on other inputs, an input that
   *   no output depends on, and two layers or inputs of one name
   */
  constructor(options: ModelOptions<O>) {
    const known = { inputs: any, outputs: any, seed: any, name: text };
    const { inputs, outputs, seed = 0, name = 'model' } = checkOptions('new Model', options, known);
    keyOf(seed);
    this.seed = seed;
    this.name = name;
    this.#isList = Array.isArray(outputs);
    const list = (tensors: Tensors) => (Array.isArray(tensors) ? [...tensors] : [tensors]);
    this.#graph = graphOf(name, list(inputs), list(outputs), isFresh);
    // A Sequential may begin without: `add` brings them.
    if (this.layers.length === 0 && new.target === Model)
      throw new ValueError(`${name}: a model needs at least one layer`);
    this.#resources = { stores: claim(this.layers, seed), engine: undefined, given: false };
    net.register(this, this.#resources, this);
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

  static {
    grow = (model, where, output) => {
      const { inputs, outputs } = model.#graph;
      const { stores, engine } = model.#resources;
      if (engine || model.#disposed) {
        throw new StateError(
          `${where}: the model '${model.name}' has weights already: add all layers before it is compiled or used`,
        );
      }
      const next = output(outputs[0]);
      // Together, so that the weights are those of a model that was made at once.
      disclaim(stores);
      model.#graph = graphOf(model.name, [...inputs], [next], isFresh);
      model.#resources.stores = claim(model.layers, model.seed);
    };
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
    const { scale = null, ...rest } = this.#preprocessing ?? {};
    return this.#preprocessing && (scale === null ? rest : { ...rest, scale });
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

  /** @internal The engine, made when it is first needed. */
  engine(where: string): Engine {
    if (this.#disposed)
      throw new StateError(`${where}: the model '${this.name}' was used after dispose`);
    const { name, seed } = this;
    if (this.layers.length === 0)
      throw new StateError(
        `${where}: the model '${name}' has no layers yet: model.add(layer) adds one`,
      );
    const { stores } = this.#resources;
    this.#resources.engine ??= new Engine(backend(), { name, graph: this.#graph, stores, seed });
    this.#resources.engine.check(where);
    return this.#resources.engine;
  }

  /** Epochs and optimizer steps taken since `compile`, in the files that the model came from included. */
  get epoch(): number {
    return this.engine('epoch').epoch;
  }

  get step(): number {
    return this.engine('step').step;
  }

  /** What the next step's learning rate is, with all that schedules and callbacks have done to it; undefined before `compile`. */
  get learningRate(): number | undefined {
    return this.engine('learningRate').learningRate;
  }

  /** Whether the average of the weights is in their place: see `swapAverage`. */
  get averaged(): boolean {
    return this.engine('averaged').averaged;
  }

  /** Whether all its layers learn. Setting it sets `trainable` of each of them, as in Keras. */
  get trainable(): boolean {
    return this.layers.every(({ trainable }) => trainable);
  }

  set trainable(value: boolean) {
    for (const layer of this.layers) layer.trainable = value;
  }

  /** The weights in layer order. Running statistics are there too, not trainable. */
  get weights(): readonly Weight[] {
    return this.engine('weights').weights.list;
  }

  /** Copies of all weights by their names in `weights`: tensors of the caller's. */
  getWeights(): Record<string, Tensor> {
    return copiesOf(this.engine('getWeights').weights);
  }

  /**
   * Copies tensors to all weights, by the names and with the shapes of `weights`; the optimizer's state stays.
   *
   * @throws {ValueError} which lists the names that are missing, that are of no weight, and whose shape is another
   * @throws {NumericError} for numbers that are not finite; after any error all weights are as before
   */
  setWeights(record: Readonly<Record<string, Tensor>>): void {
    assign(`${this.name}.setWeights`, this.engine('setWeights').weights, record);
  }

  /**
   * Says what `fit` is to do. Called again, the optimizer begins anew; the weights stay.
   *
   * @throws {ValueError} for an optimizer, loss or metric that there is not
   * @throws {StateError} while `fit` runs, and after `dispose`
   */
  compile(options: CompileOptions): void {
    if (this.#training || this.#evaluations > 0) {
      const what = this.#training ? 'training' : 'being evaluated';
      throw new StateError(`compile: the model '${this.name}' is ${what}: await that first`);
    }
    const objective = checkObjective(options, this.#graph);
    this.engine('compile').objective = objective;
  }

  /**
   * Trains for some epochs. What was trained before counts on: `fit` twice for one epoch is `fit`
   * once for two.
   *
   * @param x samples [n, ...inputShape]; for several inputs a list, or a record by their names
   * @param y class indices [n], or [n, ...outputShape]; for several outputs a list, a record, or the same for all
   * @throws {StateError} before `compile`, after `dispose`, while another `fit` runs, or where no layer learns
   * @throws {ShapeError} {@link ValueError} for data that do not fit the model
   * @throws {NumericError} for data or a loss that are not finite; the weights keep the last good step
   * @throws the signal's reason once it is aborted
   */
  async fit(x: DataSet, y: DataSet, options: FitOptions = {}): Promise<History> {
    return this.#train('fit', (engine) => fitSession(engine, x, y, options));
  }

  /**
   * Trains on batches that come one after another, from a generator, a stream, the network: they are
   * pulled ahead while the ones before are trained on.
   *
   * @param dataset gives [x, y] or [x, y, sampleWeight] for each step; for several epochs a function that
   *   makes such, or something that can be iterated again
   * @throws as `fit`, and what the data set throws
   */
  async fitDataset(dataset: Dataset, options: FitDatasetOptions = {}): Promise<History> {
    return this.#train('fitDataset', (engine) => datasetSession(engine, dataset, options));
  }

  async #train(where: string, sessionOf: (engine: Engine) => Promise<Session>): Promise<History> {
    if (this.#training)
      throw new StateError(`${where}: the model '${this.name}' is already training`);
    const engine = this.engine(where);
    this.#training = true;
    try {
      return await train(engine, await sessionOf(engine), this);
    } finally {
      this.#training = false;
    }
  }

  /**
   * Exchanges the weights with their moving average, which `averageDecay` of an optimizer keeps; called
   * again, back. Training goes on with the weights themselves, and exchanges them back first.
   *
   * @throws {StateError} where no average is kept
   */
  swapAverage(): void {
    this.engine('swapAverage').swapAverage();
  }

  /**
   * One optimizer step on all samples given; loss and metrics, taken before it: `computeGradients`, then
   * `applyGradients`. Compiled with `gradientAccumulation`, only so many calls together make a step. Throws as
   * `fit`.
   */
  trainOnBatch(x: DataSet, y: DataSet, options: WeightOptions = {}): Logs {
    return this.#onBatch('trainOnBatch', x, y, options, (engine, batch) => engine.train(batch));
  }

  /**
   * The first half of a training step: loss and metrics, and in `weights[i].gradient` the gradients of the
   * loss, which may be looked at and changed before `applyGradients`. Running statistics follow the batch.
   * Called again before that, it begins anew; compiled with `gradientAccumulation`, the gradients become the
   * mean over the samples of all calls since the last step.
   *
   * @throws as `fit`
   */
  computeGradients(x: DataSet, y: DataSet, options: WeightOptions = {}): Logs {
    return this.#onBatch('computeGradients', x, y, options, (engine, batch) =>
      engine.computeGradients(batch),
    );
  }

  /**
   * The second half: clips the gradients where the optimizer is to, and takes its step by them.
   *
   * @throws {StateError} without gradients of `computeGradients` that no step has used yet
   * @throws {NumericError} for gradients that are not finite; weights and optimizer stay as they were
   */
  applyGradients(): void {
    this.engine('applyGradients').applyGradients(`${this.name}.applyGradients`);
  }

  #onBatch(
    call: string,
    x: DataSet,
    y: DataSet,
    options: WeightOptions,
    run: (engine: Engine, batch: Batch) => Outcome,
  ): Logs {
    const engine = this.engine(call);
    checkOptions(call, options, forwarded('sampleWeight', 'classWeight'));
    const intake = new Intake(engine, call);
    const samples = intake.samples(x, y, options);
    const means = new Means(intake.objective, this.#graph);
    means.add(run(engine, wholeOf(samples)));
    return means.logs();
  }

  /** Loss and metrics over all samples, which may have weights. Throws as `fit`. */
  async evaluate(x: DataSet, y: DataSet, options: EvaluateOptions = {}): Promise<Logs> {
    const words = { batchSize: whole(1), sampleWeight: any, signal: abortSignal };
    const { batchSize = 32, sampleWeight, signal } = checkOptions('evaluate', options, words);
    const engine = this.engine('evaluate');
    const intake = new Intake(engine, 'evaluate');
    const samples = intake.samples(x, y, { sampleWeight });
    this.#evaluations++;
    try {
      const all = { samples, from: 0, to: samples.count, batchSize };
      return (await measure(engine, intake, all, signal)).logs();
    } finally {
      this.#evaluations--;
    }
  }

  /**
   * The outputs for samples [n, ...inputShape]: a new tensor [n, ...outputShape]; a list of such for a
   * model whose outputs are a list.
   *
   * @throws {ShapeError} {@link NumericError} for data that do not fit, or are not finite
   * @throws the signal's reason where it is aborted
   */
  predict(x: DataSet, options: PredictOptions = {}): Prediction<O> {
    const words = { batchSize: whole(1), signal: abortSignal };
    const { batchSize = 32, signal } = checkOptions('predict', options, words);
    const engine = this.engine('predict');
    const samples = new Intake(engine, 'predict').inputs(x);
    const { count } = samples;
    const results: Tensor[] = [];
    try {
      for (const { shape } of this.outputs) results.push(Tensor.create([count, ...shape]));
      for (let first = 0; first < count; first += batchSize) {
        signal?.throwIfAborted();
        const size = Math.min(batchSize, count - first);
        engine.predict({ samples, order: null, first, size }, results);
      }
    } catch (error) {
      for (const y of results) y.dispose();
      throw error;
    }
    return (this.#isList ? results : results[0]) as Prediction<O>;
  }

  /** The outputs for all samples given, in one batch; else as `predict`. */
  predictOnBatch(x: DataSet): Prediction<O> {
    const { count } = new Intake(this.engine('predictOnBatch'), 'predictOnBatch').inputs(x);
    return this.predict(x, { batchSize: count });
  }

  /**
   * What is in a picture. It is cut to the model's ratio of sides, resampled to its size, brought to its
   * channels and normalized by `preprocessing`; without that, numbers are taken as they are. Where the model ends
   * in logits, probabilities are their softmax; of a single output those of classes 0 and 1.
   *
   * @returns the most probable classes of the first output, most probable first
   * @throws {ShapeError} for a model that takes no pictures or tells no classes, and for other channels
   * @throws {ValueError} for what is no picture
   */
  async classify(picture: Picture, options: ClassifyOptions = {}): Promise<Answer[]> {
    const where = `${this.name}.classify`;
    const [output] = this.outputs;
    classesOf(where, output);
    const { inputFor, answersOf } = await classifying.get(where);
    const x = inputFor(where, picture, this.inputShape, this.#preprocessing);
    const results = [this.predict(x)].flat() as Tensor[];
    try {
      return answersOf(where, output, results[0].numbers, this.#labels, options);
    } finally {
      for (const y of results) y.dispose();
    }
  }

  /**
   * What layers make of samples, in inference mode: new tensors [n, ...outputShape of the layer].
   *
   * @param layers a layer's name, for its tensor; or a list of names, for a record of tensors by name
   * @throws {ValueError} for a name that there is not, or of a layer that has several places in the model
   * @throws as `predict`
   */
  activations<const N extends Names>(
    x: DataSet,
    layers: N,
    options: { batchSize?: number } = {},
  ): ByName<N> {
    return activations(this.engine('activations'), x, layers, options);
  }

  /**
   * Gradients for inputs, and for what layers make, of the loss or of outputs, in inference mode: dropout drops
   * nothing, batch norm takes its running statistics. Each sample is by itself: row i is the gradient of sample
   * i's own loss (that of the mean loss of n samples is a n-th of it), or of its outputs, times `output`. Weights
   * and optimizer stay as they are.
   *
   * @param options.wanted 'input' or a layer's name, for its tensor [n, ...shape]; or a list of names, for a
   *   record of tensors by name. Where nothing depends on it, it is 0
   * @throws {ValueError} for a name that there is not, a layer that has several places in the model, an index that
   *   the output does not have, and for an output whose activation the loss has in itself
   * @throws {StateError} with `y`, before `compile`
   * @throws as `predict`, and the signal's reason once it is aborted
   */
  async gradients<const N extends Names>(
    x: DataSet,
    options: GradientsOptions<N>,
  ): Promise<ByName<N>> {
    const engine = this.engine('gradients');
    this.#evaluations++;
    try {
      const { gradients } = await differentiating.get(`${this.name}.gradients`);
      return await gradients(engine, x, options);
    } finally {
      this.#evaluations--;
    }
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
    const { print = console.log, batchSize } = checkOptions('summary', options, {
      batchSize: whole(1),
      print: callableOrNull,
    });
    const rows = summarize(this.#graph);
    const inputs = this.inputs.map(({ shape }) => shape.join(' × ')).join(', ');
    print?.(table(`${this.name}: input ${inputs}`, rows, this.memory({ batchSize })));
    return rows;
  }

  /** The bytes that training and prediction need, told before anything is allocated. */
  memory(options: { batchSize?: number } = {}): MemoryNeed {
    const { batchSize = 32 } = checkOptions('memory', options, { batchSize: whole(1) });
    return memoryNeed(this.#graph, batchSize, this.#resources.engine?.objective);
  }

  /**
   * Times each op of a prediction for x or, with `y`, of a training step, and compares it with the
   * machine's peaks, which are measured the first time; prints a table. Takes about a second; weights,
   * optimizer and all else stay as they are.
   *
   * @param x the samples of one batch [n, ...inputShape]
   * @returns time, speed and share of each op in the order in which they run, and of all together
   * @throws as `predict`; with `y` as `trainOnBatch`, but for a loss that is not finite
   */
  profile(x: DataSet, options: ProfileOptions = {}): Profile {
    return profile(this.engine('profile'), x, options);
  }

  /** All of it as a safetensors file: layers, weights, and where the training stands. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { labels, preprocessing } = this;
    return saveModel(this.engine('toBytes'), this.#isList, { labels, preprocessing });
  }

  /** Gives all memory back; the weights' tensors go with it, unless other models share them. Harmless when called twice. */
  dispose(): void {
    this.#disposed = true;
    net.unregister(this);
    giveBack(this.#resources);
  }

  /** Lets `using model = …` dispose at the end of the block. */
  [DISPOSE](): void {
    this.dispose();
  }
}
