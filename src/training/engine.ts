// The engine: programs by batch size and purpose, the memory they share, and one step of training.

import { type Backend, isCurrent } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { NumericError, StateError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import { type Lowered, lower, type Mode, type Task } from '../lowering/lower.js';
import type { Objective, Report } from '../lowering/objective.js';
import type { WeightStore } from '../lowering/store.js';
import { Weights } from '../lowering/weights.js';
import type { Graph } from '../network/graph.js';
import { writeSettings } from '../operators/optimizer/optimizer.emit.js';
import type { Value } from '../program/emitter.js';
import { FormStore } from '../program/forms.js';
import { Arena, buildProgram, type Plan, place, planMemory } from '../program/plan.js';
import type { Tensor } from '../tensor/tensor.js';
import { firstNotFinite } from './blame.js';
import type { InputSource, RowSource, Samples } from './source.js';

/** A network, as far as the engine needs it. */
export interface Network {
  readonly name: string;
  readonly graph: Graph;
  /** Where its layers' weights live. */
  readonly stores: readonly WeightStore[];
  readonly seed: number;
}

/** A lowered network with its plan; the program is made anew whenever the arena has moved. */
interface Prepared {
  readonly mode: Mode;
  readonly batch: number;
  /** See `keyOf`. */
  readonly key: string;
  readonly lowered: Lowered;
  readonly plan: Plan;
  program: Program | undefined;
}

type Ready = Prepared & { program: Program };

function unload(prepared: Prepared): void {
  prepared.program?.dispose();
  prepared.program = undefined;
}

/** What a program depends on besides its purpose and the batch: the targets' forms, and whether rows have weights. */
type Given = Pick<Task, 'forms' | 'weighted'>;

const nothing: Given = { forms: [], weighted: false };

const givenOf = ({ y, weights }: Samples): Given => ({
  forms: y.map(({ form }) => form),
  weighted: weights.length > 0,
});

const keyOf = ({ forms, weighted }: Given): string =>
  `${forms.join()}${weighted ? ', weighted' : ''}`;

/** Programs kept: enough for training, evaluation and prediction, each with a last, smaller batch. */
const KEPT = 8;

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
  /** Batches since the last step whose gradients are added up. */
  gathered = 0;
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #forms: FormStore;
  /** The one used last first. */
  readonly #prepared: Prepared[] = [];
  /** That of the weights, for which programs were made. */
  #arrangement = 0;
  #objective: Objective | undefined;
  #disposed = false;

  constructor(backend: Backend, network: Network) {
    this.network = network;
    this.#backend = backend;
    const { stores, graph, seed } = network;
    this.weights = new Weights(backend, stores, graph.layers, seed);
    this.#arena = new Arena(backend, `the model '${network.name}'`);
    this.#forms = new FormStore(backend);
  }

  get objective(): Objective | undefined {
    return this.#objective;
  }

  /** Sets what is trained for; the optimizer begins anew. */
  set objective(objective: Objective | undefined) {
    this.#forget();
    this.weights.clearState();
    this.#objective = objective;
    this.step = 0;
    this.epoch = 0;
    this.learningRateFactor = 1;
    this.gathered = 0;
    this.averaged = false;
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
    throw new StateError(
      `${this.network.name}.${where}: nothing to train: no layer has weights and is trainable`,
    );
  }

  /** The program for a purpose and batch size; the arena is then its alone. @throws {OutOfMemoryError} */
  #prepare(mode: Mode, batch: number, given = nothing): Ready {
    this.weights.arrange();
    if (this.weights.arrangement !== this.#arrangement) this.#forget();
    this.#arrangement = this.weights.arrangement;
    const prepared = this.#find(mode, batch, keyOf(given)) ?? this.#lower(mode, batch, given);
    if (prepared !== this.#prepared[0]) {
      this.#prepared.unshift(prepared);
      for (const old of this.#prepared.splice(KEPT)) unload(old);
    }
    if (prepared.plan.bytes > this.#arena.bytes) {
      for (const one of this.#prepared) unload(one);
      this.#arena.reserve(prepared.plan.bytes);
    }
    if (!prepared.program) {
      place(prepared.plan, this.#arena.address);
      prepared.program = buildProgram(this.#backend, prepared.lowered.emitter.ops);
    }
    return prepared as Ready;
  }

  /** Takes a program that was made before to the front. */
  #find(mode: Mode, batch: number, key: string): Prepared | undefined {
    for (let i = 0; i < this.#prepared.length; i++) {
      const one = this.#prepared[i];
      if (one.mode !== mode || one.batch !== batch || one.key !== key) continue;
      this.#prepared.copyWithin(1, 0, i);
      this.#prepared[0] = one;
      return one;
    }
    return undefined;
  }

  #lower(mode: Mode, batch: number, given: Given): Prepared {
    const { graph } = this.network;
    const { weights, objective } = this;
    const lowered = lower({ graph, weights, objective, batch, mode, ...given });
    for (const one of lowered.emitter.forms) this.#forms.place(one);
    const plan = planMemory(lowered.emitter);
    return { mode, batch, key: keyOf(given), lowered, plan, program: undefined };
  }

  /** Runs a whole program, once the forms that it needs are those of today's weights. */
  #run({ program, lowered }: Ready): void {
    const { forms } = lowered.emitter;
    const version = forms.length > 0 ? this.weights.version() : 0;
    for (const form of forms) this.#forms.refresh(form, version);
    program.run();
  }

  #forget(): void {
    for (const prepared of this.#prepared.splice(0)) unload(prepared);
  }

  /** Copies samples order[first …] (or first …) into a program's inputs. @throws {NumericError} */
  #fill(
    where: string,
    { lowered, batch }: Ready,
    sources: readonly InputSource[],
    order: Int32Array | null,
    first: number,
  ): void {
    const { memory, exports } = this.#backend;
    const { float32 } = memory.views;
    sources.forEach((source, i) => {
      const address = lowered.inputs[i].resolve();
      const size = sizeOf(this.network.graph.inputs[i].shape);
      for (let row = 0; row < batch; row++) {
        source.copy(order ? order[first + row] : first + row, float32, address / 4 + row * size);
      }
      if (exports.allFinite(address, batch * size)) return;
      const bad = float32
        .subarray(address / 4, address / 4 + batch * size)
        .findIndex((v) => !Number.isFinite(v));
      const row = Math.floor(bad / size);
      throw new NumericError(
        `${this.network.name}.${where}: ${source.name} contains ${float32[address / 4 + bad]} in sample ${order ? order[first + row] : first + row} (element ${bad % size}): clean the data first`,
      );
    });
  }

  #fillTargets(
    { lowered, batch }: Ready,
    { y, weights }: Samples,
    order: Int32Array | null,
    first: number,
  ): void {
    const { float32, int32 } = this.#backend.memory.views;
    lowered.goals.forEach(({ target, weights: rows }, i) => {
      const fill = (source: RowSource, to: Float32Array | Int32Array, value: Value): void => {
        const at = value.resolve() / 4;
        for (let row = 0; row < batch; row++) {
          source.copy(order ? order[first + row] : first + row, to, at + row * source.size);
        }
      };
      fill(y[i], y[i].form === 'labels' ? int32 : float32, target);
      if (rows) fill(weights[i], float32, rows);
    });
  }

  /** Makes a training program ready for the next step. */
  #begin(
    where: string,
    prepared: Ready,
    samples: Samples,
    order: Int32Array | null,
    first: number,
  ): void {
    this.#fill(where, prepared, samples.x, order, first);
    this.#fillTargets(prepared, samples, order, first);
    const { optimizer, accumulation } = this.#objective as Objective;
    const { settings, randomState } = this.weights;
    const { float32, int32 } = this.#backend.memory.views;
    int32[randomState.resolve() / 4 + 2] = this.step * accumulation + this.gathered;
    const rate = this.learningRateFactor;
    writeSettings(optimizer, this.step, float32, settings.resolve() / 4, rate);
  }

  /** Copies losses and metrics to a report, and counts classes. */
  #report({ lowered: { goals } }: Ready, { results, confusions }: Report): void {
    const { float32, int32 } = this.#backend.memory.views;
    const read = (value: Value): number => float32[value.resolve() / 4];
    let at = 0;
    results[at++] = goals.reduce((sum, { loss, weight }) => sum + weight * read(loss), 0);
    if (goals.length > 1) for (const { loss } of goals) results[at++] = read(loss);
    for (const { metrics } of goals) for (const metric of metrics) results[at++] = read(metric);
    const integers = (value: Value): Int32Array =>
      int32.subarray(value.resolve() / 4, value.resolve() / 4 + value.size);
    goals.forEach(({ classes }, i) => {
      if (classes) confusions[i]?.add(integers(classes.right), integers(classes.predicted));
    });
  }

  /** Writes the outputs of samples first … first+batch−1 to their places in `to`. */
  predict(x: readonly InputSource[], first: number, batch: number, to: readonly Tensor[]): void {
    this.check('predict');
    const prepared = this.#prepare('predict', batch);
    this.#fill('predict', prepared, x, null, first);
    this.#run(prepared);
    const { float32 } = this.#backend.memory.views;
    prepared.lowered.outputs.forEach((value, i) => {
      const from = value.resolve() / 4;
      to[i].numbers.set(float32.subarray(from, from + value.size), (value.size / batch) * first);
    });
  }

  /** Loss and metrics of samples first … first+batch−1 go to `report`. */
  evaluate(where: string, samples: Samples, first: number, batch: number, report: Report): void {
    this.check(where);
    const prepared = this.#prepare('evaluate', batch, givenOf(samples));
    this.#fill(where, prepared, samples.x, null, first);
    this.#fillTargets(prepared, samples, null, first);
    this.#run(prepared);
    this.#report(prepared, report);
  }

  /**
   * One optimizer step on samples order[first …]; loss and metrics go to `report`. Nothing is
   * allocated once a batch size is known.
   *
   * @throws {StateError} where no layer learns
   * @throws {NumericError} for data, a loss or gradients that are not finite: the weights are then as
   *   before
   */
  train(
    where: string,
    samples: Samples,
    order: Int32Array | null,
    first: number,
    batch: number,
    report: Report,
  ): void {
    this.check(where);
    this.checkLearns(where);
    // What is trained are the weights, not their average.
    if (this.averaged) this.swapAverage();
    const prepared = this.#prepare('train', batch, givenOf(samples));
    const { program, lowered } = prepared;
    const begin = (): void => this.#begin(where, prepared, samples, order, first);
    begin();
    program.run(0, lowered.forward);
    this.#report(prepared, report);
    const [loss] = report.results;
    if (!Number.isFinite(loss))
      throw this.#explosion(where, `the loss is ${loss}`, prepared, begin);
    if (lowered.accumulates && this.gathered === 0) this.weights.clearGradients();
    program.run(lowered.forward, lowered.backward);
    if (!this.weights.gradientsFinite())
      throw this.#explosion(where, 'some gradients are not finite', prepared, begin);
    program.run(lowered.backward, lowered.update);
    this.weights.changed();
    const { accumulation } = this.#objective as Objective;
    this.gathered = (this.gathered + 1) % accumulation;
    if (this.gathered > 0) return;
    program.run(lowered.update, program.length);
    this.step++;
  }

  /**
   * Lends the program for the first `batch` samples, of a training step where there are targets, else
   * of a prediction. `use` may run its ops at will, once `ready` was called; all that they change is
   * put back each time it is called, and at the end.
   *
   * @throws {StateError} for a training step where no layer learns
   * @throws {NumericError} for data that are not finite
   */
  rehearse<T>(
    samples: Samples,
    batch: number,
    use: (program: Program, lowered: Lowered, ready: () => void) => T,
  ): T {
    const { x, y } = samples;
    const mode = y.length > 0 ? 'train' : 'predict';
    if (mode === 'train') this.checkLearns('profile');
    const prepared = this.#prepare(mode, batch, givenOf(samples));
    const { program, lowered } = prepared;
    if (mode === 'predict') {
      this.#fill('profile', prepared, x, null, 0);
      this.#run(prepared);
      return use(program, lowered, () => this.#fill('profile', prepared, x, null, 0));
    }
    const restore = this.weights.keep();
    const ready = (): void => {
      restore();
      this.#begin('profile', prepared, samples, null, 0);
    };
    try {
      return use(program, lowered, ready);
    } finally {
      restore();
    }
  }

  /** What to throw for numbers that are not finite, naming where they first were. */
  #explosion(
    where: string,
    what: string,
    { program, lowered, plan }: Ready,
    begin: () => void,
  ): NumericError {
    // What was gathered with it is of no use.
    this.gathered = 0;
    const { float32 } = this.#backend.memory.views;
    // Garbage must not be blamed for what it is.
    float32.fill(0, this.#arena.address / 4, (this.#arena.address + plan.bytes) / 4);
    begin();
    const source = firstNotFinite(this.#backend, this.weights.list, program, lowered);
    return new NumericError(
      `${this.network.name}.${where}: ${what} at step ${this.step + 1}, so the step was not taken; first ${source}: lower the learning rate, scale the inputs, or go back to a checkpoint`,
    );
  }

  /** See `Model.swapAverage`. @throws {StateError} */
  swapAverage(): void {
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
    this.#forget();
    this.#arena.dispose();
    this.#forms.dispose();
    this.weights.dispose();
  }
}
