// The engine: programs by batch size and purpose, the memory they share, and one step of training.

import { type Backend, isCurrent } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import type { Value } from '../emit/emitter.js';
import { writeSettings } from '../emit/optimizer.js';
import { NumericError, StateError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import { type Shape, sizeOf } from '../shape.js';
import type { Tensor } from '../tensor.js';
import { FormStore } from './forms.js';
import { type Lowered, lower, type Mode } from './lower.js';
import type { Objective, Report, TargetForm } from './objective.js';
import { Arena, buildProgram, type Plan, place, planMemory } from './plan.js';
import type { InputSource, TargetSource } from './source.js';
import { Weights } from './weights.js';

/** A network's structure, as far as the engine needs it. */
export interface Network {
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly seed: number;
}

/** A lowered network with its plan; the program is made anew whenever the arena has moved. */
interface Prepared {
  readonly mode: Mode;
  readonly batch: number;
  readonly form: TargetForm;
  readonly lowered: Lowered;
  readonly plan: Plan;
  program: Program | undefined;
}

type Ready = Prepared & { program: Program };

function unload(prepared: Prepared): void {
  prepared.program?.dispose();
  prepared.program = undefined;
}

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
  readonly #backend: Backend;
  readonly #arena: Arena;
  readonly #forms: FormStore;
  /** The one used last first. */
  readonly #prepared: Prepared[] = [];
  #objective: Objective | undefined;
  #disposed = false;

  constructor(backend: Backend, network: Network) {
    this.network = network;
    this.#backend = backend;
    this.weights = new Weights(backend, network.layers, network.seed);
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
  }

  /** @throws {StateError} after `dispose` */
  check(where: string): void {
    if (this.#disposed || !isCurrent(this.#backend)) {
      throw new StateError(`${where}: the model '${this.network.name}' was used after dispose`);
    }
  }

  /** The program for a purpose and batch size; the arena is then its alone. @throws {OutOfMemoryError} */
  #prepare(mode: Mode, batch: number, form: TargetForm): Ready {
    const prepared = this.#find(mode, batch, form) ?? this.#lower(mode, batch, form);
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
      prepared.program = buildProgram(this.#backend, prepared.lowered.emitter);
    }
    return prepared as Ready;
  }

  /** Takes a program that was made before to the front. */
  #find(mode: Mode, batch: number, form: TargetForm): Prepared | undefined {
    for (let i = 0; i < this.#prepared.length; i++) {
      const one = this.#prepared[i];
      if (one.mode !== mode || one.batch !== batch || one.form !== form) continue;
      this.#prepared.copyWithin(1, 0, i);
      this.#prepared[0] = one;
      return one;
    }
    return undefined;
  }

  #lower(mode: Mode, batch: number, form: TargetForm): Prepared {
    const { layers, inputShape } = this.network;
    const { weights, objective } = this;
    const lowered = lower({ layers, inputShape, weights, objective, batch, mode, form });
    for (const one of lowered.emitter.forms) this.#forms.place(one);
    return { mode, batch, form, lowered, plan: planMemory(lowered.emitter), program: undefined };
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

  /** Copies samples order[first …] (or first …) into a program's input. @throws {NumericError} */
  #fill(
    where: string,
    { lowered, batch }: Ready,
    x: InputSource,
    order: Int32Array | null,
    first: number,
  ): void {
    const { memory, exports } = this.#backend;
    const { float32 } = memory.views;
    const address = lowered.input.resolve();
    const size = sizeOf(this.network.inputShape);
    for (let row = 0; row < batch; row++) {
      x.copy(order ? order[first + row] : first + row, float32, address / 4 + row * size);
    }
    if (exports.allFinite(address, batch * size)) return;
    const bad = float32
      .subarray(address / 4, address / 4 + batch * size)
      .findIndex((v) => !Number.isFinite(v));
    const row = Math.floor(bad / size);
    throw new NumericError(
      `${this.network.name}.${where}: x contains ${float32[address / 4 + bad]} in sample ${order ? order[first + row] : first + row} (element ${bad % size}): clean the data first`,
    );
  }

  #fillTarget(
    { lowered, batch }: Ready,
    y: TargetSource,
    order: Int32Array | null,
    first: number,
  ): void {
    const { float32, int32 } = this.#backend.memory.views;
    const at = (lowered.target?.resolve() as number) / 4;
    const to = y.form === 'labels' ? int32 : float32;
    for (let row = 0; row < batch; row++) {
      y.copy(order ? order[first + row] : first + row, to, at + row * y.size);
    }
  }

  /** Makes a training program ready for the next step. */
  #begin(
    where: string,
    prepared: Ready,
    x: InputSource,
    y: TargetSource,
    order: Int32Array | null,
    first: number,
  ): void {
    this.#fill(where, prepared, x, order, first);
    this.#fillTarget(prepared, y, order, first);
    const { optimizer } = this.#objective as Objective;
    const { settings, randomState } = this.weights;
    const { float32, int32 } = this.#backend.memory.views;
    int32[randomState.resolve() / 4 + 2] = this.step;
    writeSettings(optimizer, this.step, float32, settings.resolve() / 4, this.learningRateFactor);
  }

  /** Copies the loss and the metrics to `results`, and counts classes. */
  #report({ lowered }: Ready, { results, confusion }: Report): void {
    const { float32, int32 } = this.#backend.memory.views;
    results[0] = float32[(lowered.loss?.resolve() as number) / 4];
    for (let i = 0; i < lowered.metrics.length; i++) {
      results[i + 1] = float32[lowered.metrics[i].resolve() / 4];
    }
    if (!lowered.classes) return;
    const numbers = (value: Value): Int32Array => {
      const at = value.resolve() / 4;
      return int32.subarray(at, at + value.size);
    };
    confusion?.add(numbers(lowered.classes.right), numbers(lowered.classes.predicted));
  }

  /** Writes the outputs of samples first … first+batch−1 to `to` at `at`. */
  predict(x: InputSource, first: number, batch: number, to: Tensor, at: number): void {
    const prepared = this.#prepare('predict', batch, 'labels');
    this.#fill('predict', prepared, x, null, first);
    this.#run(prepared);
    const from = prepared.lowered.output.resolve() / 4;
    const count = batch * sizeOf(this.network.outputShape);
    to.numbers.set(this.#backend.memory.views.float32.subarray(from, from + count), at);
  }

  /** Loss and metrics of samples first … first+batch−1 go to `report`. */
  evaluate(
    where: string,
    x: InputSource,
    y: TargetSource,
    first: number,
    batch: number,
    report: Report,
  ): void {
    const prepared = this.#prepare('evaluate', batch, y.form);
    this.#fill(where, prepared, x, null, first);
    this.#fillTarget(prepared, y, null, first);
    this.#run(prepared);
    this.#report(prepared, report);
  }

  /**
   * One optimizer step on samples order[first …]; loss and metrics go to `report`. Nothing is
   * allocated once a batch size is known.
   *
   * @throws {NumericError} for data, a loss or gradients that are not finite: the weights are then as
   *   before
   */
  train(
    where: string,
    x: InputSource,
    y: TargetSource,
    order: Int32Array | null,
    first: number,
    batch: number,
    report: Report,
  ): void {
    const prepared = this.#prepare('train', batch, y.form);
    const { program, lowered } = prepared;
    this.#begin(where, prepared, x, y, order, first);
    program.run(0, lowered.forward);
    this.#report(prepared, report);
    const [loss] = report.results;
    if (!Number.isFinite(loss)) throw this.#explosion(where, `the loss is ${loss}`);
    program.run(lowered.forward, lowered.backward);
    if (!this.weights.gradientsFinite())
      throw this.#explosion(where, 'some gradients are not finite');
    program.run(lowered.backward, program.length);
    this.weights.changed();
    this.step++;
  }

  /**
   * Lends the program for the first `batch` samples, of a training step where there are targets, else
   * of a prediction. `use` may run its ops at will, once `ready` was called; all that they change is
   * put back each time it is called, and at the end.
   *
   * @throws {NumericError} for data that are not finite
   */
  rehearse<T>(
    x: InputSource,
    y: TargetSource | undefined,
    batch: number,
    use: (program: Program, lowered: Lowered, ready: () => void) => T,
  ): T {
    const prepared = this.#prepare(y ? 'train' : 'predict', batch, y?.form ?? 'labels');
    const { program, lowered } = prepared;
    if (!y) {
      this.#fill('profile', prepared, x, null, 0);
      this.#run(prepared);
      return use(program, lowered, () => this.#fill('profile', prepared, x, null, 0));
    }
    const restore = this.weights.keep();
    const ready = (): void => {
      restore();
      this.#begin('profile', prepared, x, y, null, 0);
    };
    try {
      return use(program, lowered, ready);
    } finally {
      restore();
    }
  }

  #explosion(where: string, what: string): NumericError {
    return new NumericError(
      `${this.network.name}.${where}: ${what} at step ${this.step + 1}, so the step was not taken: lower the learning rate, scale the inputs, or go back to a checkpoint`,
    );
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
