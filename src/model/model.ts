/// <reference lib="esnext.disposable" preserve="true" />
// Model: an architecture, and all that can be done with it: training, prediction, files.

import { DISPOSE } from '../base/dispose.js';
import { StateError, ValueError } from '../base/errors.js';
import type { SymbolicTensor } from '../network/layer.js';
import type { Weight } from '../network/weight.js';
import type { Tensor } from '../tensor/tensor.js';
import { type CompileOptions, checkObjective } from '../training/compile.js';
import type { Dataset } from '../training/datasetfeed.js';
import type { Engine } from '../training/engine.js';
import type { Logs } from '../training/means.js';
import { type EvaluateOptions, evaluate } from '../training/measure.js';
import { onBatch } from '../training/onbatch.js';
import type { WeightOptions } from '../training/sampleweights.js';
import {
  datasetSession,
  type FitDatasetOptions,
  type FitOptions,
  fitSession,
  type Session,
} from '../training/session.js';
import { type DataSet, Intake } from '../training/source.js';
import { type History, train } from '../training/train.js';
import { classesOf } from './about.js';
import { activations, type ByName, type Names } from './activations.js';
import { Architecture, type ModelOptions, type Tensors } from './architecture.js';
import { assign, copiesOf } from './assign.js';
import type { Answer, ClassifyOptions, Picture } from './classify.js';
import type { GradientsOptions } from './gradients.js';
import { classifying, differentiating } from './later.js';
import { type PredictOptions, predict } from './predict.js';
import { type Profile, type ProfileOptions, profile } from './profile.js';
import { saveModel } from './save.js';

/** What `predict` returns: a tensor, or a list where the model's outputs are one. */
export type Prediction<O extends Tensors> = O extends SymbolicTensor ? Tensor : Tensor[];

/**
 * Layers from inputs to outputs: any graph without cycles. Layers that are of another model too share
 * their weights with it.
 */
export class Model<O extends Tensors = SymbolicTensor> extends Architecture<O> {
  readonly #isList: boolean;
  #training = false;
  /** Calls of `evaluate` and `gradients` under way. */
  #evaluations = 0;

  /**
   * Names the layers that have no name; memory is taken when the weights are first needed.
   *
   * @throws {ValueError} for a graph with a cycle, an output that depends on other inputs, an input that
   *   no output depends on, and two layers or inputs of one name
   */
  constructor(options: ModelOptions<O>) {
    super(options);
    // A Sequential may begin without: `add` brings them.
    if (this.layers.length === 0 && new.target === Model)
      throw new ValueError(`${this.name}: a model needs at least one layer`);
    this.#isList = Array.isArray(options.outputs);
  }

  /** @internal The engine, made when it is first needed. */
  engine(where: string): Engine {
    return this.resources.engine(where);
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
    const objective = checkObjective(options, this.resources.network.graph);
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
    const engine = this.engine('trainOnBatch');
    return onBatch(engine, 'trainOnBatch', [x, y], options, (batch) => engine.train(batch));
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
    const engine = this.engine('computeGradients');
    return onBatch(engine, 'computeGradients', [x, y], options, (batch) =>
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

  /** Loss and metrics over all samples, which may have weights. Throws as `fit`. */
  async evaluate(x: DataSet, y: DataSet, options: EvaluateOptions = {}): Promise<Logs> {
    return this.#reading('evaluate', (engine) => evaluate(engine, x, y, options));
  }

  /** Work between whose batches others get their turn, but not `compile`. */
  async #reading<T>(where: string, work: (engine: Engine) => Promise<T>): Promise<T> {
    const engine = this.engine(where);
    this.#evaluations++;
    try {
      return await work(engine);
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
    const results = predict(this.engine('predict'), x, options);
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
    classesOf(where, this.outputs[0]);
    const { classify } = await classifying.get(where);
    return classify(where, this, picture, options);
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
    return this.#reading('gradients', async (engine) => {
      const { gradients } = await differentiating.get(`${this.name}.gradients`);
      return gradients(engine, x, options);
    });
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
    this.resources.dispose();
  }

  /** Lets `using model = …` dispose at the end of the block. */
  [DISPOSE](): void {
    this.dispose();
  }
}
