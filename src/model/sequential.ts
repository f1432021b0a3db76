/// <reference lib="esnext.disposable" preserve="true" />
// Sequential: layers one after another, and all that can be done with them.

import { backend } from '../../bindings/backend.js';
import { checkLoss, type Loss } from '../emit/loss.js';
import { checkMetric, type Metric, type MetricName } from '../emit/metric.js';
import { checkOptimizer, type Optimizer } from '../emit/optimizer.js';
import { ShapeError, StateError, ValueError } from '../errors.js';
import { Layer } from '../layers/layer.js';
import { checkOptions } from '../options.js';
import { keyOf } from '../random.js';
import { checkInteger, checkShape, type Shape, sizeOf } from '../shape.js';
import { Tensor } from '../tensor.js';
import { Engine, type Network } from './engine.js';
import { type Profile, type ProfileOptions, profile } from './profile.js';
import { saveModel } from './save.js';
import { type Data, inputSource } from './source.js';
import { type SummaryRow, summarize, table } from './summary.js';
import {
  type FitOptions,
  type History,
  type Logs,
  measure,
  objectiveOf,
  samplesOf,
  Trainer,
  trainStep,
} from './train.js';
import type { Weight } from './weights.js';

/** Options of a model. */
export interface SequentialOptions {
  /** One sample's shape, such as [height, width, channels]. */
  inputShape: Shape;
  /** What all randomness comes from: initial weights, shuffling, dropout. 0 by default. */
  seed?: number;
  /** For messages: 'sequential' by default. */
  name?: string;
}

/** What training makes better. */
export interface CompileOptions {
  optimizer: Optimizer;
  loss: Loss['type'] | Loss;
  /** Reported beside the loss: 'accuracy' and other names, or what `metrics` makes. */
  metrics?: readonly (MetricName | Metric)[];
}

/** Layers one after another. */
export class Sequential {
  readonly layers: readonly Layer[];
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly seed: number;
  readonly name: string;
  #engine: Engine | undefined;
  #disposed = false;
  #training = false;
  /** Calls of `evaluate` under way. */
  #evaluations = 0;

  /**
   * Names and builds the layers; memory is taken when the weights are first needed.
   *
   * @throws {ShapeError} for a layer that cannot take the output of the one before
   * @throws {ValueError} for two layers of one name, or a layer of another model
   */
  constructor(layers: readonly Layer[], options: SequentialOptions) {
    const {
      inputShape,
      seed = 0,
      name = 'sequential',
    } = checkOptions('new Sequential', options, ['inputShape', 'seed', 'name']);
    this.inputShape = checkShape(`${name}: inputShape`, inputShape, 1);
    keyOf(seed);
    this.seed = seed;
    this.name = name;
    if (!Array.isArray(layers)) throw new ValueError(`${name}: the layers must be a list`);
    this.layers = [...layers];
    layers.forEach(checkLayer);
    if (layers.length === 0) throw new ValueError(`${name}: a model needs at least one layer`);
    if (new Set(layers).size < layers.length) {
      throw new ValueError(`${name}: the same layer stands there twice: make one for each place`);
    }
    nameLayers(layers);
    // All shapes first: layers that do not fit together stay free for another try.
    this.outputShape = layers.reduce((shape, layer) => layer.shapeFor(shape), this.inputShape);
    if (this.outputShape.length === 0 || sizeOf(this.outputShape) === 0) {
      throw new ShapeError(`${name}: the last layer must have outputs`);
    }
    layers.reduce((shape, layer) => layer.build(shape), this.inputShape);
  }

  /** @internal The engine, made when it is first needed. */
  engine(where: string): Engine {
    if (this.#disposed)
      throw new StateError(`${where}: the model '${this.name}' was used after dispose`);
    this.#engine ??= new Engine(backend(), this as Network);
    this.#engine.check(where);
    return this.#engine;
  }

  /** The weights in layer order. Running statistics are there too, not trainable. */
  get weights(): readonly Weight[] {
    return this.engine('weights').weights.list;
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
    const {
      optimizer,
      loss,
      metrics = [],
    } = checkOptions('compile', options, ['optimizer', 'loss', 'metrics']);
    if (!Array.isArray(metrics))
      throw new ValueError("compile: metrics must be a list, such as ['accuracy']");
    const objective = {
      optimizer: checkOptimizer(optimizer),
      loss: checkLoss(loss),
      metrics: metrics.map(checkMetric),
    };
    this.engine('compile').objective = objective;
  }

  /**
   * Trains for some epochs. What was trained before counts on: `fit` twice for one epoch is `fit`
   * once for two.
   *
   * @param x samples [n, ...inputShape]
   * @param y class indices [n], or [n, ...outputShape]
   * @throws {StateError} before `compile`, after `dispose`, or while another `fit` runs
   * @throws {ShapeError} {@link ValueError} for data that do not fit the model
   * @throws {NumericError} for data or a loss that are not finite; the weights keep the last good step
   * @throws the signal's reason once it is aborted
   */
  async fit(x: Data, y: Data, options: FitOptions = {}): Promise<History> {
    if (this.#training) throw new StateError(`fit: the model '${this.name}' is already training`);
    const trainer = new Trainer(this.engine('fit'), x, y, options);
    this.#training = true;
    try {
      return await trainer.run(this);
    } finally {
      this.#training = false;
    }
  }

  /** One optimizer step on all samples given; loss and metrics, taken before it. Throws as `fit`. */
  trainOnBatch(x: Data, y: Data): Logs {
    const engine = this.engine('trainOnBatch');
    return trainStep(engine, samplesOf('trainOnBatch', engine, x, y));
  }

  /** Loss and metrics over all samples. Throws as `fit`. */
  async evaluate(
    x: Data,
    y: Data,
    options: { batchSize?: number; signal?: AbortSignal } = {},
  ): Promise<Logs> {
    const { batchSize = 32, signal } = checkOptions('evaluate', options, ['batchSize', 'signal']);
    const engine = this.engine('evaluate');
    objectiveOf('evaluate', engine);
    checkInteger('evaluate', 'batchSize', batchSize);
    const samples = samplesOf('evaluate', engine, x, y);
    this.#evaluations++;
    try {
      const { count } = samples;
      return (await measure('evaluate', engine, samples, 0, count, batchSize, signal)).logs();
    } finally {
      this.#evaluations--;
    }
  }

  /**
   * The outputs for samples [n, ...inputShape]: a new tensor [n, ...outputShape].
   *
   * @throws {ShapeError} {@link NumericError} for data that do not fit, or are not finite
   */
  predict(x: Data, options: { batchSize?: number } = {}): Tensor {
    const { batchSize = 32 } = checkOptions('predict', options, ['batchSize']);
    const engine = this.engine('predict');
    checkInteger('predict', 'batchSize', batchSize);
    const source = inputSource(`${this.name}.predict`, x, this.inputShape);
    const size = sizeOf(this.outputShape);
    const y = Tensor.create([source.count, ...this.outputShape]);
    try {
      for (let first = 0; first < source.count; first += batchSize) {
        const batch = Math.min(batchSize, source.count - first);
        engine.predict(source, first, batch, y, first * size);
      }
    } catch (error) {
      y.dispose();
      throw error;
    }
    return y;
  }

  /** The layers in numbers, for one sample; also printed as a table, unless `print` is null. */
  summary(print: ((text: string) => void) | null = console.log): SummaryRow[] {
    const rows = summarize(this.layers, this.inputShape);
    print?.(table(`${this.name}: input ${this.inputShape.join(' × ')}`, rows));
    return rows;
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
  profile(x: Data, options: ProfileOptions = {}): Profile {
    return profile(this.engine('profile'), x, options);
  }

  /** All of it as a safetensors file: layers, weights, and where the training stands. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return saveModel(this.engine('toBytes'));
  }

  /** Gives all memory back; the weights' tensors go with it. Harmless when called twice. */
  dispose(): void {
    this.#disposed = true;
    this.#engine?.dispose();
    this.#engine = undefined;
  }

  /** Lets `using model = …` dispose at the end of the block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @throws {ValueError} for what is no layer, such as a function of `layers` that was not called */
function checkLayer(layer: Layer, index: number): void {
  if (layer instanceof Layer) return;
  const hint = typeof layer === 'function' ? ': call it, as in layers.flatten()' : '';
  throw new ValueError(
    `Sequential: element ${index} of the list is a ${typeof layer}, not a layer${hint}`,
  );
}

/** Gives nameless layers their type as name, numbered from the second on. */
function nameLayers(layers: readonly Layer[]): void {
  const taken = new Set<string>();
  for (const layer of layers) {
    if (layer.built) {
      throw new ValueError(`the layer '${layer.name}' already belongs to a model: make a new one`);
    }
    if (layer.name && taken.has(layer.name)) {
      throw new ValueError(
        `two layers are called '${layer.name}': names must be unique in a model`,
      );
    }
    if (layer.name) taken.add(layer.name);
  }
  for (const layer of layers) {
    if (layer.name) continue;
    let name = layer.type;
    for (let number = 1; taken.has(name); number++) name = `${layer.type}_${number}`;
    layer.name = name;
    taken.add(name);
  }
}
