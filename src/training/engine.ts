// The engine: runs a model's programs on one batch at a time, and holds what `compile` fixed.

import { type Backend, isCurrent } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { NumericError, StateError } from '../base/errors.js';
import { naming } from '../base/naming.js';
import type { Lowered } from '../lowering/lower.js';
import type { Objective } from '../lowering/objective.js';
import type { Mode } from '../lowering/spec.js';
import type { WeightStore } from '../lowering/store.js';
import { Weights } from '../lowering/weights.js';
import type { Graph } from '../network/graph.js';
import { writeGathering, writeSettings } from '../operators/optimizer/optimizer.emit.js';
import { rateAt } from '../operators/optimizer/rate.js';
import type { Advice, Value } from '../program/emitter.js';
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

/** Runs a model, and holds all of its memory except for its weights' stores, which models may share. */
export class Engine {
  readonly network: Network;
  readonly weights: Weights;
  /** Optimizer steps taken, and whole epochs trained. */
  step = 0;
  epoch = 0;
  /** The factor of the learning rate, on top of its schedule. */
  learningRateFactor = 1;
  /** Whether the average of the weights is in their place. */
  averaged = false;
  /** Batches since the last step, if several make a step, and how many samples they had. */
  gathered = 0;
  gatheredSamples = 0;
  /** The last batch whose gradients have not been applied yet. */
  #computed: Batch | undefined;
  readonly #backend: Backend;
  readonly #programs: Programs;
  #objective: Objective | undefined;
  #outcome!: Outcome;
  /** For each goal, the share of the last batch's rows that count: 1 without ignored labels. */
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

  /** Sets what the model is trained for; the optimizer begins anew. */
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

  /** How ops are computed where that was measured. */
  get advice(): Advice | undefined {
    return this.#programs.advice;
  }

  set advice(advice: Advice | undefined) {
    this.#programs.advice = advice;
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

  /** @throws {ValueError} for numbers that are too large for float32: the step is not taken */
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

  /** How many of a batch's samples count. With several outputs all do: each output ignores labels of its own. */
  #counted({ size }: Batch): number {
    return this.#shares.length === 1 ? size * this.#shares[0] : size;
  }

  #prepare(mode: Mode, { size, samples }: Batch, part?: Part): Ready {
    return this.#programs.prepare(mode, size, samples, this.#objective, part);
  }

  /** Writes a batch's outputs, or those of a part, to its rows of `to`. @throws {NumericError} */
  predict(batch: Batch, to: readonly Tensor[], part?: Part): void {
    this.check(batch.samples.where);
    const prepared = this.#prepare('predict', batch, part);
    this.#fill(prepared, batch);
    this.#programs.run(prepared);
    this.#copy(prepared.lowered.outputs, batch, to);
  }

  /** Writes the gradients that a part wants to the batch's rows of `to`. @throws {NumericError} */
  differentiate(batch: Batch, to: readonly Tensor[], part: Part): void {
    this.check(batch.samples.where);
    const prepared = this.#prepare('gradients', batch, part);
    this.#fill(prepared, batch);
    fillTargets(this.#backend, prepared.lowered, batch, true);
    this.#programs.run(prepared);
    this.#copy(prepared.lowered.gradients, batch, to);
  }

  /** Copies a batch's values to its rows of `to`, which have those of all samples. */
  #copy(values: readonly (Value | undefined)[], batch: Batch, to: readonly Tensor[]): void {
    const { float32 } = this.#backend.memory.views;
    values.forEach((value, i) => {
      if (!value) return;
      const from = value.resolve() / 4;
      const row = value.size / batch.size;
      // Within the memory: a view of each would take longer than to copy a few numbers.
      float32.copyWithin(to[i].address / 4 + row * batch.first, from, from + value.size);
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
   * One optimizer step on a batch; if several batches make a step, the batch's part of it. Returns loss and metrics
   * from before the step. Allocates nothing, once a program for the batch size exists.
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

  /** The first half of `train`: leaves the mean gradient of the gathered batches in `weights`. Throws as `train`. */
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
    // The caller may have changed the gradients.
    this.#update(prepared, where);
  }

  /** Runs forward and backward: adds a batch's gradients to those of its step. */
  #gather(batch: Batch): Ready {
    const { where } = batch.samples;
    this.check(where);
    this.checkLearns(where);
    // The weights are trained, not their average.
    if (this.averaged) this.swapAverage();
    if (batch.size === 1) naming(where, () => checkStatistics(this.network.graph));
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
   * Takes the optimizer's step by the gathered gradients.
   *
   * @param unchecked the call to name in errors, if the gradients may have changed since they were found finite
   */
  #update({ program, lowered }: Ready, unchecked?: string): void {
    // A training on several machines would average the flat `weights.gradients` here, once a step: then the check for
    // finite numbers and clipping get the same mean on all machines.
    if (unchecked !== undefined && !this.weights.gradientsFinite()) {
      const name = this.weights.firstGradientNotFinite();
      this.#abandon();
      throw new NumericError(
        `${unchecked}: the gradient of '${name}' is not finite, so the step was not taken: it was changed since it was computed`,
      );
    }
    program.run(lowered.update, program.length);
    this.weights.changed();
    this.#abandon();
    this.step++;
  }

  /** Forgets the gathered gradients, so that a new step begins. */
  #abandon(): void {
    this.gathered = 0;
    this.gatheredSamples = 0;
    this.#computed = undefined;
  }

  /**
   * Calls `use` with the program for a batch: of a training step if the samples have targets, else of a prediction.
   * After a call of `ready`, `use` may run any of its ops. Each call of `ready`, and the end of `use`, restore all that
   * the ops have changed.
   *
   * @throws {StateError} after `dispose`, and for a training step where no layer learns
   * @throws {NumericError} for data that are not finite
   */
  rehearse<T>(batch: Batch, use: (program: Program, lowered: Lowered, ready: () => void) => T): T {
    const { where, y } = batch.samples;
    this.check(where);
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

  /** The error for numbers that are not finite, which names where they first occurred. */
  #explosion(prepared: Ready, batch: Batch, what: string): NumericError {
    // The batches gathered before it are dropped too.
    this.#abandon();
    // Numbers left over from earlier runs may not be finite: they must not be blamed.
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
