/// <reference lib="esnext.disposable" preserve="true" />
// Model: an architecture, and all that can be done with it: training, prediction, files.

import { DISPOSE } from '../base/dispose.js';
import { StateError, ValueError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import { oneOf, optionsOf } from '../base/options.js';
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
import { foreign } from './foreign.js';
import type { FoundGradients, GradientsOptions } from './gradients.js';
import { classifying, differentiating, tuning } from './later.js';
import { type PredictOptions, predict } from './predict.js';
import { type Profile, type ProfileOptions, profile } from './profile.js';
import { saveModel } from './save.js';
import type { TuneOptions, Tuning } from './tune.js';

/** What `predict` returns: a tensor, or a list of tensors if the model's outputs are a list. */
export type Prediction<O extends Tensors> = O extends SymbolicTensor ? Tensor : Tensor[];

/** Layers from inputs to outputs: any graph without cycles. Models that have a layer in common share its weights. */
export class Model<O extends Tensors = SymbolicTensor> extends Architecture<O> {
  /** @internal Messages call it so, whatever a minifier calls the class. */
  static override readonly name: string = 'Model';
  readonly #isList: boolean;
  /** What it does that leaves room for nothing else, in words. */
  #busy: 'training' | 'being tuned' | undefined;
  /** Calls of `evaluate` and `gradients` under way. */
  #evaluations = 0;

  /**
   * Names the layers that have no name. Takes memory only when the weights are first needed.
   *
   * @throws {ValueError} for a graph with a cycle, an output that depends on other inputs, an input that no output
   *   depends on, and two layers or inputs with the same name
   */
  constructor(options: ModelOptions<O>) {
    super(options);
    // A Sequential may begin without layers: `add` adds them.
    if (this.layers.length === 0 && new.target === Model)
      throw new ValueError(`${this.name}: a model needs at least one layer`);
    this.#isList = Array.isArray(options.outputs);
  }

  /** @internal The engine, made when it is first needed. @throws {StateError} after `dispose` */
  engine(where: string): Engine {
    return this.resources.engine(where);
  }

  /** Epochs trained since `compile`, those before the model was saved included. */
  get epoch(): number {
    return this.engine('epoch').epoch;
  }

  /** Optimizer steps taken since `compile`, those before the model was saved included. */
  get step(): number {
    return this.engine('step').step;
  }

  /** The learning rate of the next step, after schedule and callbacks; undefined before `compile`. */
  get learningRate(): number | undefined {
    return this.engine('learningRate').learningRate;
  }

  /** Whether the weights are exchanged with their average: see `swapAverage`. */
  get averaged(): boolean {
    return this.engine('averaged').averaged;
  }

  /** The weights in layer order, with running statistics, which are not trainable. */
  get weights(): readonly Weight[] {
    return this.engine('weights').weights.list;
  }

  /** Copies of all weights, by their names in `weights`: tensors that are yours to dispose of. */
  getWeights(): Record<string, Tensor> {
    return copiesOf(this.engine('getWeights').weights);
  }

  /**
   * Copies tensors to all weights, by the names and with the shapes of `weights`. The optimizer's state stays.
   *
   * @param options.from the library whose weights they are, by its names and in its arrangement: of PyTorch a
   *   `state_dict`. Layers get the weights of the module with their name; layers of other names, the weights of the
   *   module at the same place among those with the same shapes. Takes what is in 'wasmgrad/io'
   * @throws {ValueError} which lists missing names, unknown names, and tensors of another shape
   * @throws {NumericError} for numbers that are not finite; after any error all weights are as before
   * @throws {EngineError} with `from`, if nothing of 'wasmgrad/io' was imported
   */
  setWeights(
    record: Readonly<Record<string, Tensor>>,
    options: { from?: 'pytorch' | 'keras' } = {},
  ): void {
    const engine = this.engine('setWeights');
    naming(`${this.name}.setWeights`, () => {
      const { from } = optionsOf(options, { from: oneOf('pytorch', 'keras') });
      if (from) foreign.assign(engine, record, from);
      else assign(engine.weights, record);
    });
  }

  /**
   * Sets optimizer, losses and metrics of the training. A second call resets the optimizer; the weights stay.
   *
   * @throws {ValueError} for an unknown optimizer, loss or metric
   * @throws {StateError} while `fit` or `tune` runs, and after `dispose`
   */
  compile(options: CompileOptions): void {
    this.#checkIdle('compile');
    const objective = checkObjective(options, this.resources.network.graph);
    this.engine('compile').objective = objective;
  }

  /** @throws {StateError} while programs must stay as they are */
  #checkIdle(where: string): void {
    const what = this.#busy ?? (this.#evaluations > 0 ? 'being evaluated' : undefined);
    if (what)
      throw new StateError(`${where}: the model '${this.name}' is ${what}: await that first`);
  }

  /**
   * Trains for some epochs, and goes on where the training before stopped: calling it twice for one epoch is the same
   * as once for two.
   *
   * @param x samples [n, ...inputShape]; for several inputs a list, or a record by their names
   * @param y class indices [n], or [n, ...outputShape]; for several outputs a list, a record, or the same for all
   * @throws {StateError} before `compile`, after `dispose`, while another `fit` or `tune` runs, and if no layer learns
   * @throws {ShapeError} {@link ValueError} for data that do not fit the model
   * @throws {NumericError} for data or a loss that are not finite; the weights keep the last good step
   * @throws the signal's reason once it is aborted
   */
  async fit(x: DataSet, y: DataSet, options: FitOptions = {}): Promise<History> {
    return this.#train('fit', (engine) => fitSession(engine, x, y, options));
  }

  /**
   * Trains on batches that come one after another: from a generator, a stream, the network. The next ones are pulled
   * while the engine trains.
   *
   * @param dataset gives [x, y] or [x, y, sampleWeight] for each step; for several epochs a function that returns it
   *   for each, or something that can be iterated again
   * @throws as `fit`, and what the data set throws
   */
  async fitDataset(dataset: Dataset, options: FitDatasetOptions = {}): Promise<History> {
    return this.#train('fitDataset', (engine) => datasetSession(engine, dataset, options));
  }

  async #train(where: string, sessionOf: (engine: Engine) => Promise<Session>): Promise<History> {
    return this.#occupy(where, 'training', async (engine) =>
      train(engine, await sessionOf(engine), this),
    );
  }

  /** Runs work during which the model can do nothing else that takes several batches. @throws {StateError} */
  async #occupy<T>(
    where: string,
    as: 'training' | 'being tuned',
    work: (engine: Engine) => Promise<T>,
  ): Promise<T> {
    if (this.#busy)
      throw new StateError(`${where}: the model '${this.name}' is already ${this.#busy}`);
    const engine = this.engine(where);
    this.#busy = as;
    try {
      return await work(engine);
    } finally {
      this.#busy = undefined;
    }
  }

  /**
   * Exchanges the weights with their moving average, which an optimizer's `averageDecay` keeps; a second call exchanges
   * them back. Training always goes on with the weights themselves: it exchanges them back first.
   *
   * @throws {StateError} if no average is kept
   */
  swapAverage(): void {
    this.engine('swapAverage').swapAverage();
  }

  /**
   * One optimizer step on all samples given: `computeGradients`, then `applyGradients`. Returns loss and metrics from
   * before the step. If compiled with `gradientAccumulation`, so many calls together make a step. Throws as `fit`.
   */
  trainOnBatch(x: DataSet, y: DataSet, options: WeightOptions = {}): Logs {
    const engine = this.engine('trainOnBatch');
    return onBatch(engine, 'trainOnBatch', [x, y], options, (batch) => engine.train(batch));
  }

  /**
   * The first half of a training step: returns loss and metrics, and leaves the gradients of the loss in
   * `weights[i].gradient`, where you may read and change them before `applyGradients`. Updates running statistics.
   *
   * A second call before `applyGradients` replaces the gradients. If compiled with `gradientAccumulation`, they become
   * the mean over the samples of all calls since the last step.
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
   * The second half of a training step: clips the gradients if the optimizer has such an option, and takes its step.
   *
   * @throws {StateError} unless `computeGradients` was called since the last step
   * @throws {NumericError} for gradients that are not finite; weights and optimizer stay as they were
   */
  applyGradients(): void {
    this.engine('applyGradients').applyGradients(`${this.name}.applyGradients`);
  }

  /** Loss and metrics over all samples. Throws as `fit`. */
  async evaluate(x: DataSet, y: DataSet, options: EvaluateOptions = {}): Promise<Logs> {
    return this.#reading('evaluate', (engine) => evaluate(engine, x, y, options));
  }

  /** Runs work that lets other code run between its batches; `compile` throws in the meantime. */
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
   * The outputs for samples [n, ...inputShape]: a new tensor [n, ...outputShape], or a list of tensors if the model's
   * outputs are a list.
   *
   * @throws {ShapeError} {@link NumericError} for data that do not fit, or are not finite
   * @throws the signal's reason if it is aborted
   */
  predict(x: DataSet, options: PredictOptions = {}): Prediction<O> {
    const results = predict(this.engine('predict'), x, options);
    return (this.#isList ? results : results[0]) as Prediction<O>;
  }

  /** As `predict`, with all samples in one batch. */
  predictOnBatch(x: DataSet): Prediction<O> {
    const { count } = new Intake(this.engine('predictOnBatch'), 'predictOnBatch').inputs(x);
    return this.predict(x, { batchSize: count });
  }

  /**
   * Classifies a picture: a tensor [height, width, channels], the path or address of an image file, its bytes, a Blob,
   * ImageData, or what a page can draw. It is cut to the input's ratio of height and width, resampled to its size,
   * brought to its channels, and normalized, as the model's `preprocessing` says. If the model ends in logits,
   * probabilities are their softmax. A single output gives the probabilities of classes 0 and 1.
   *
   * @returns the most probable classes of the first output, most probable first
   * @throws {ShapeError} for a model without pictures as input or classes as output, and for channels that do not fit
   * @throws as `io.readImage`
   */
  async classify(picture: Picture, options: ClassifyOptions = {}): Promise<Answer[]> {
    const where = `${this.name}.classify`;
    naming(where, () => classesOf(this.outputs[0]));
    const { classify } = await classifying.get(where);
    return classify(this, picture, options);
  }

  /**
   * The outputs of layers for samples, in inference mode: new tensors [n, ...outputShape of the layer].
   *
   * @param layers a layer's name, for a tensor; or a list of names, for a record of tensors by name
   * @throws {ValueError} for an unknown name, or a layer that has several places in the model
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
   * Gradients of the loss, or of outputs, with respect to inputs and outputs of layers. In inference mode: dropout
   * drops nothing, batch norm uses its running statistics. Row i is the gradient of sample i's own loss (the gradient
   * of the mean loss of n samples is an n-th of it), or of sample i's outputs, weighted by `output`. Weights and
   * optimizer stay as they are.
   *
   * @param options.wanted 'input' or a layer's name, for a tensor [n, ...shape]; or a list of names, for a record of
   *   tensors by name. A gradient is 0 if nothing depends on the tensor. With `values: true` { gradients, values }
   * @throws {ValueError} for an unknown name, a layer that has several places in the model, an index that the output
   *   does not have, and the output of an activation that is part of the loss
   * @throws {StateError} with `y`, before `compile`
   * @throws as `predict`, and the signal's reason once it is aborted
   */
  async gradients<const N extends Names, const V extends boolean = false>(
    x: DataSet,
    options: GradientsOptions<N, V>,
  ): Promise<FoundGradients<N, V>> {
    return this.#reading('gradients', async (engine) => {
      const { gradients } = await differentiating.get(`${this.name}.gradients`);
      return gradients(engine, x, options);
    });
  }

  /**
   * Times each op of a prediction for x or, with `y`, of a training step, compares it with the machine's peaks, and
   * prints a table. The first call measures the peaks. Takes about a second. Weights, optimizer and all else stay as
   * they are.
   *
   * @param x the samples of one batch [n, ...inputShape]
   * @returns time, speed and share of each op in the order in which they run, and of all together
   * @throws as `predict`; with `y` as `trainOnBatch`, except that a loss that is not finite is no error
   */
  profile(x: DataSet, options: ProfileOptions = {}): Profile {
    return profile(this.engine('profile'), x, options);
  }

  /**
   * Times the algorithms of each convolution whose `algorithm` is 'auto' on this machine, for batches like x, and
   * prints a table. From then on the model computes each pass by the fastest one: predictions and, if it is compiled,
   * training steps, of any batch size. 'auto' alone goes by shapes, so that strict builds give the same bits on all
   * machines; a tuned model's results differ in rounding from machine to machine, and may from one `tune` to the next.
   *
   * The choice is kept with this model until it is disposed of or tuned again. It is not saved in files, and models
   * that share layers do not share it: it belongs to this machine, and to the threads of `init`.
   *
   * @param x samples [n, ...inputShape], of which only their number counts
   * @returns what was chosen for each layer and pass, and what it gains
   * @throws {ShapeError} {@link NumericError} for data that do not fit, or are not finite
   * @throws {StateError} while `fit`, `evaluate` or another `tune` runs, and after `dispose`
   * @throws the signal's reason once it is aborted; after any error the model computes as before
   */
  async tune(x: DataSet, options: TuneOptions = {}): Promise<Tuning> {
    this.#checkIdle('tune');
    return this.#occupy('tune', 'being tuned', async (engine) => {
      const { tune } = await tuning.get(`${this.name}.tune`);
      return tune(engine, x, options);
    });
  }

  /** The model as the bytes of a safetensors file: layers, weights, and the state of the training. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const { labels, preprocessing } = this;
    return saveModel(this.engine('toBytes'), this.#isList, { labels, preprocessing });
  }

  /**
   * Frees all memory. The tensors of its weights end too, unless other models share them. A second call does nothing.
   */
  dispose(): void {
    this.resources.dispose();
  }

  /** `using model = …` calls this at the end of the block. */
  [DISPOSE](): void {
    this.dispose();
  }
}

// What Keras and TF.js set on a model would be ignored here.
for (const word of ['optimizer', 'loss', 'metrics', 'stopTraining', 'stop_training']) {
  Object.defineProperty(Model.prototype, word, {
    set(this: Model) {
      throw new StateError(
        `${this.name}: ${word} cannot be set: compile sets optimizer, loss and metrics; callbacks end a training by stop() of what onTrainBegin gets`,
      );
    },
  });
}
