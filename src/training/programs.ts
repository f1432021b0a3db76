// A model's programs, by mode and batch size. They are lowered when they are first needed, kept, and share one arena,
// in which they take turns.

import type { Backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { type Lowered, lower } from '../lowering/lower.js';
import type { Objective } from '../lowering/objective.js';
import type { Mode, ProgramSpec } from '../lowering/spec.js';
import type { Weights } from '../lowering/weights.js';
import type { Graph } from '../network/graph.js';
import type { Advice } from '../program/emitter.js';
import { FormStore } from '../program/forms.js';
import { Arena, assignAddresses, buildProgram, type Plan, planMemory } from '../program/plan.js';
import type { Samples } from './samples.js';

/** A part of the network that is computed by itself: for some tensors, or for gradients. */
export interface Part extends Pick<ProgramSpec, 'graph' | 'wanted'> {
  /** Differs from the keys of all other parts of the network. */
  readonly key: string;
}

/** A lowered network with its plan. Its program is made anew each time the arena has moved. */
interface Prepared {
  readonly mode: Mode;
  readonly batch: number;
  /** The samples' key, and the part's. */
  readonly key: string;
  readonly lowered: Lowered;
  readonly plan: Plan;
  program: Program | undefined;
}

/** A lowered network whose program can be run. */
export type Ready = Prepared & { program: Program };

function unload(prepared: Prepared): void {
  prepared.program?.dispose();
  prepared.program = undefined;
}

/** How many programs are kept: enough for training, evaluation and prediction, each with a smaller last batch. */
const KEPT = 8;

/** All programs of one network. */
export class Programs {
  readonly #backend: Backend;
  readonly #graph: Graph;
  readonly #weights: Weights;
  readonly #arena: Arena;
  readonly #forms: FormStore;
  /** The one that was used last comes first. */
  readonly #prepared: Prepared[] = [];
  /** The weights' `arrangement` when the programs were made. */
  #arrangement = 0;
  #advice: Advice | undefined;

  constructor(backend: Backend, name: string, graph: Graph, weights: Weights) {
    this.#backend = backend;
    this.#graph = graph;
    this.#weights = weights;
    this.#arena = new Arena(backend, `the model '${name}'`);
    this.#forms = new FormStore(backend);
  }

  /**
   * The program for a batch size. It may then use the arena; no other program's values are kept in it.
   *
   * @param part the part to compute: by default the whole network
   * @throws {OutOfMemoryError} and what layers throw for such a batch
   */
  prepare(
    mode: Mode,
    batch: number,
    samples: Samples,
    objective: Objective | undefined,
    part?: Part,
  ): Ready {
    this.#weights.arrange();
    if (this.#weights.arrangement !== this.#arrangement) this.forget();
    this.#arrangement = this.#weights.arrangement;
    const key = part ? `${samples.key} ${part.key}` : samples.key;
    const prepared =
      this.#find(mode, batch, key) ?? this.#lower(mode, batch, samples, objective, key, part);
    if (prepared !== this.#prepared[0]) {
      this.#prepared.unshift(prepared);
      for (const old of this.#prepared.splice(KEPT)) unload(old);
    }
    if (prepared.plan.bytes > this.#arena.bytes) {
      for (const one of this.#prepared) unload(one);
      this.#arena.reserve(prepared.plan.bytes);
    }
    if (!prepared.program) {
      assignAddresses(prepared.plan, this.#arena.address);
      prepared.program = buildProgram(this.#backend, prepared.lowered.emitter.ops);
    }
    return prepared as Ready;
  }

  /** Finds a kept program and moves it to the front. */
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

  #lower(
    mode: Mode,
    batch: number,
    { y, weights: { length } }: Samples,
    objective: Objective | undefined,
    key: string,
    part: Part | undefined,
  ): Prepared {
    const spec = {
      graph: part?.graph ?? this.#graph,
      wanted: part?.wanted,
      weights: this.#weights,
      advice: this.#advice,
    };
    const targets = y.map(({ kind }) => kind);
    const lowered = lower({ ...spec, objective, batch, mode, targets, weighted: length > 0 });
    for (const one of lowered.emitter.forms) this.#forms.keep(one);
    const plan = planMemory(lowered.emitter);
    return { mode, batch, key, lowered, plan, program: undefined };
  }

  /** Brings the forms that a program needs up to date with the weights, and runs the whole program. */
  run({ program, lowered }: Ready): void {
    const { forms } = lowered.emitter;
    const version = forms.length > 0 ? this.#weights.version() : 0;
    for (const form of forms) this.#forms.refresh(form, version);
    program.run();
  }

  /** Fills a program's memory with zeros. */
  clear({ plan }: Ready): void {
    const { address } = this.#arena;
    this.#backend.memory.views.float32.fill(0, address / 4, (address + plan.bytes) / 4);
  }

  /** Drops all programs, because the weights' places or the objective have changed. */
  forget(): void {
    for (const prepared of this.#prepared.splice(0)) unload(prepared);
  }

  get advice(): Advice | undefined {
    return this.#advice;
  }

  /** Changes how ops are computed: all programs, and the forms of their weights, are made anew when they are needed. */
  set advice(advice: Advice | undefined) {
    this.forget();
    this.#forms.dispose();
    this.#advice = advice;
  }

  /** Gives all memory back. */
  dispose(): void {
    this.forget();
    this.#arena.dispose();
    this.#forms.dispose();
  }
}
