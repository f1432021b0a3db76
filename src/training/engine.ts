// The engine: what a model was compiled for, and one batch at a time through its programs.

import { type Backend, isCurrent } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { NumericError, StateError } from '../base/errors.js';
import type { Lowered } from '../lowering/lower.js';
import type { Objective } from '../lowering/objective.js';
import type { Mode } from '../lowering/spec.js';
import type { WeightStore } from '../lowering/store.js';
import { Weights } from '../lowering/weights.js';
import type { Graph } from '../network/graph.js';
import { writeGathering, writeSettings } from '../operators/optimizer/optimizer.emit.js';
import { rateAt } from '../operators/optimizer/rate.js';
import type { Value } from '../program/emitter.js';
import type { Tensor } from '../tensor/tensor.js';
import { firstNotFinite } from './blame.js';
import { fillInputs, fillTargets } from './fill.js';
import { type Outcome, outcomeFor, readOutcome } from './outcome.js';
import { type Part, Programs, type Ready } from './programs.js';
import type { Batch } from './samples.js';
import { checkStatistics } from './statistics.js';

/** A network, as far as the engine needs it. */
export interface Network {
  readonly name: string;
  readonly graph: Graph;
  /** Where its layers' weights live. */
  readonly stores: readonly WeightStore[];
  readonly seed: number;
}

/** What runs a model. Holds all of its memory. */
export class Engine {
  readonly network: Network;
  readonly weights: Weights;
  /** Optimizer steps taken, and whole epochs. */
  step = 0;
  epoch = 0;
  /** What the learning rate is multiplied by. */
  learningRateFactor = 1;
  /** Whether the average of the weights is in their place. */
  averaged = false;
  /** Batches since the last step, where several make one, and their samples. */
  gathered = 0;
  gatheredSamples = 0;
  /** The last batch whose gradients wait to be applied. */
  #computed: Batch | undefined;
  readonly #backend: Backend;
  readonly #programs: Programs;
  #objective: Objective | undefined;
  #outcome!: Outcome;
  /** For each goal the share of the last batch's rows that counts. */
  #shares: readonly number[] = [];
  #disposed = false;

  constructor(backend: Backend, network: Network) {
    this.network = network;
    this.#backend = backend;
    const { name, stores, graph, seed } = network;
    this.weights = new Weights(backend, stores, graph.layers, seed);
    this.#programs = new Programs(backend, name, graph, this.weights);
  }

  get objective(): Objective | undefined {
    return this.#objective;
  }

  /** Sets what is trained for; the optimizer begins anew. */
  set objective(objective: Objective) {
    this.#programs.forget();
    this.weights.clearState();
    this.#objective = objective;
    this.#outcome = outcomeFor(objective);
    this.step = 0;
    this.epoch = 0;
    this.learningRateFactor = 1;
    this.averaged = false;
    this.#abandon();
  }

  /** The rate of the next step; undefined before `compile`. */
  get learningRate(): number | undefined {
    const rate = this.#objective?.optimizer.learningRate;
    return rate === undefined ? undefined : rateAt(rate, this.step) * this.learningRateFactor;
  }

  /** @throws {StateError} after `dispose` */
  check(where: string): void {
    if (this.#disposed || !isCurrent(this.#backend)) {
      throw new StateError(`${where}: the model '${this.network.name}' was used after dispose`);
    }
  }

  /** @throws {StateError} where no layer learns */
  checkLearns(where: string): void {
    if (this.weights.list.some(({ trainable }) => trainable)) return;
    throw new StateError(`${where}: nothing to train: no layer has weights and is trainable`);
  }

  /** Copies a batch's samples to where a program reads them. @throws {NumericError} */
  #fill({ lowered }: Ready, batch: Batch): void {
    fillInputs(this.#backend, this.network.graph, lowered, batch);
  }

  #fillTargets({ lowered }: Ready, batch: Batch): void {
    this.#shares = fillTargets(this.#backend, lowered, batch);
  }

  /** Makes a training program ready for the next step. */
  #begin(prepared: Ready, batch: Batch): void {
    this.#fill(prepared, batch);
    this.#fillTargets(prepared, batch);
    const { accumulation } = this.#objective as Objective;
    const { settings, randomState } = this.weights;
    const { float32, int32 } = this.#backend.memory.views;
    int32[randomState.resolve() / 4 + 2] = this.step * accumulation + this.gathered;
    writeGathering(this.gatheredSamples, this.#counted(batch), float32, settings.resolve() / 4);
    this.#writeSettings();
  }

  #writeSettings(): void {
    const { optimizer } = this.#objective as Objective;
    const at = this.weights.settings.resolve() / 4;
    writeSettings(
      optimizer,
      this.step,
      this.#backend.memory.views.float32,
      at,
      this.learningRateFactor,
    );
  }

  #read({ lowered }: Ready, { size }: Batch): Outcome {
    readOutcome(this.#backend, lowered, this.#outcome, size, this.#shares);
    return this.#outcome;
  }

  /** Samples of a batch, but those whose labels are ignored, where that can be said. */
  #counted({ size }: Batch): number {
    return this.#shares.length === 1 ? size * this.#shares[0] : size;
  }

  #prepare(mode: Mode, { size, samples }: Batch, part?: Part): Ready {
    return this.#programs.prepare(mode, size, samples, this.#objective, part);
  }

  /** Writes a batch's outputs, or a part's, to their places in `to`. @throws {NumericError} */
  predict(batch: Batch, to: readonly Tensor[], part?: Part): void {
    this.check(batch.samples.where);
    const prepared = this.#prepare('predict', batch, part);
    this.#fill(prepared, batch);
    this.#programs.run(prepared);
    this.#copy(prepared.lowered.outputs, batch, to);
  }

  /** Writes the gradients that a part wants of a batch to their places in `to`. @throws {NumericError} */
  differentiate(batch: Batch, to: readonly Tensor[], part: Part): void {
    this.check(batch.samples.where);
    const prepared = this.#prepare('gradients', batch, part);
    this.#fill(prepared, batch);
    this.#fillTargets(prepared, batch);
    this.#programs.run(prepared);
    this.#copy(prepared.lowered.gradients, batch, to);
  }

  /** Copies a batch's values to their places among those of all samples. */
  #copy(values: readonly (Value | undefined)[], batch: Batch, to: readonly Tensor[]): void {
    const { float32 } = this.#backend.memory.views;
    values.forEach((value, i) => {
      if (!value) return;
      const from = value.resolve() / 4;
      const row = value.size / batch.size;
      to[i].numbers.set(float32.subarray(from, from + value.size), row * batch.first);
    });
  }

  /** Loss and metrics of a batch. @throws {NumericError} for data that are not finite */
  evaluate(batch: Batch): Outcome {
    this.check(batch.samples.where);
    const prepared = this.#prepare('evaluate', batch);
    this.#fill(prepared, batch);
    this.#fillTargets(prepared, batch);
    this.#programs.run(prepared);
    return this.#read(prepared, batch);
  }

  /**
   * One optimizer step on a batch, or its part of one where several make a step; loss and metrics, taken before
   * it. Nothing is kept once a batch size is known.
   *
   * @throws {StateError} where no layer learns
   * @throws {NumericError} for data, a loss or gradients that are not finite: the weights are then as
   *   before
   */
  train(batch: Batch): Outcome {
    const prepared = this.#gather(batch);
    const { accumulation } = this.#objective as Objective;
    if (accumulation === 1 || this.gathered >= accumulation) this.#update(prepared);
    return this.#outcome;
  }

  /** The first half of `train`: leaves the mean gradient of what was gathered in `weights`. Throws as it. */
  computeGradients(batch: Batch): Outcome {
    this.#gather(batch);
    return this.#outcome;
  }

  /**
   * The second half: the optimizer's step by the gradients that are in `weights`.
   *
   * @throws {StateError} where none were computed since the last step
   * @throws {NumericError} for gradients that are not finite: the weights are then as before
   */
  applyGradients(where: string): void {
    this.check(where);
    if (!this.#computed) {
      throw new StateError(
        `${where}: there are no gradients to apply: call computeGradients first, before each step`,
      );
    }
    this.checkLearns(where);
    if (this.averaged) this.swapAverage();
    const prepared = this.#prepare('train', this.#computed);
    this.#writeSettings();
    // Whoever asked for them may have changed them.
    this.#update(prepared, where);
  }

  /** Forward and backward: takes a batch's gradients into those of its step. */
  #gather(batch: Batch): Ready {
    const { where } = batch.samples;
    this.check(where);
    this.checkLearns(where);
    // What is trained are the weights, not their average.
    if (this.averaged) this.swapAverage();
    if (batch.size === 1) checkStatistics(where, this.network.graph);
    const prepared = this.#prepare('train', batch);
    const { program, lowered } = prepared;
    this.#begin(prepared, batch);
    program.run(0, lowered.forward);
    const [loss] = this.#read(prepared, batch).values;
    if (!Number.isFinite(loss)) throw this.#explosion(prepared, batch, `the loss is ${loss}`);
    if (lowered.accumulates && this.gathered === 0) this.weights.clearGradients();
    program.run(lowered.forward, lowered.backward);
    if (!this.weights.gradientsFinite())
      throw this.#explosion(prepared, batch, 'some gradients are not finite');
    program.run(lowered.backward, lowered.update);
    this.weights.changed();
    this.#computed = batch;
    if (!lowered.accumulates) return prepared;
    this.gathered++;
    this.gatheredSamples += this.#counted(batch);
    return prepared;
  }

  /**
   * Takes the optimizer's step by the gradients that were gathered.
   *
   * @param unchecked the call that may have changed them since they were computed and found finite
   */
  #update({ program, lowered }: Ready, unchecked?: string): void {
    // Between the halves: a training on several machines averages the flat `weights.gradients` here, once a step,
    // so that the check for finite numbers and clipping see the mean, the same on all of them.
    if (unchecked !== undefined && !this.weights.gradientsFinite()) {
      const name = this.weights.firstGradientNotFinite();
      this.#abandon();
      throw new NumericError(
        `${unchecked}: the gradient of '${name}' is not finite, so the step was not taken: it was finite when it was computed, and was changed since`,
      );
    }
    program.run(lowered.update, program.length);
    this.weights.changed();
    this.#abandon();
    this.step++;
  }

  /** Begins a step anew. */
  #abandon(): void {
    this.gathered = 0;
    this.gatheredSamples = 0;
    this.#computed = undefined;
  }

  /**
   * Lends the program for a batch, of a training step where there are targets, else of a prediction. `use`
   * may run its ops at will, once `ready` was called; all that they change is put back each time it is
   * called, and at the end.
   *
   * @throws {StateError} for a training step where no layer learns
   * @throws {NumericError} for data that are not finite
   */
  rehearse<T>(batch: Batch, use: (program: Program, lowered: Lowered, ready: () => void) => T): T {
    const { where, y } = batch.samples;
    const mode = y.length > 0 ? 'train' : 'predict';
    if (mode === 'train') this.checkLearns(where);
    const prepared = this.#prepare(mode, batch);
    const { program, lowered } = prepared;
    if (mode === 'predict') {
      this.#fill(prepared, batch);
      this.#programs.run(prepared);
      return use(program, lowered, () => this.#fill(prepared, batch));
    }
    const restore = this.weights.keep();
    const ready = (): void => {
      restore();
      this.#begin(prepared, batch);
    };
    try {
      return use(program, lowered, ready);
    } finally {
      restore();
    }
  }

  /** What to throw for numbers that are not finite, naming where they first were. */
  #explosion(prepared: Ready, batch: Batch, what: string): NumericError {
    // What was gathered with it is of no use.
    this.#abandon();
    // Garbage must not be blamed for what it is.
    this.#programs.clear(prepared);
    this.#begin(prepared, batch);
    const { program, lowered } = prepared;
    const source = firstNotFinite(this.#backend, this.weights.list, program, lowered);
    return new NumericError(
      `${batch.samples.where}: ${what} at step ${this.step + 1}, so the step was not taken; first ${source}: lower the learning rate, scale the inputs, or go back to a checkpoint`,
    );
  }

  /** See `Model.swapAverage`. @throws {StateError} */
  swapAverage(): void {
    this.check('swapAverage');
    if (this.#objective?.optimizer.averageDecay === undefined) {
      throw new StateError(
        `swapAverage: the model '${this.network.name}' has no average of its weights: compile with an optimizer's averageDecay`,
      );
    }
    // Before the first step both are the same.
    if (this.step === 0) return;
    this.weights.swap('average');
    this.averaged = !this.averaged;
  }

  /** Gives all memory back. Harmless when called twice. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#programs.dispose();
    this.weights.dispose();
  }
}
