// A model's programs by purpose and batch size: lowered when they are first needed, kept, and run in memory in which
// they take turns.

import type { Backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { type Lowered, lower } from '../lowering/lower.js';
import type { Objective } from '../lowering/objective.js';
import type { Mode, ProgramSpec } from '../lowering/spec.js';
import type { Weights } from '../lowering/weights.js';
import type { Graph } from '../network/graph.js';
import { FormStore } from '../program/forms.js';
import { Arena, assignAddresses, buildProgram, type Plan, planMemory } from '../program/plan.js';
import type { Samples } from './samples.js';

/** A part of the network that is computed by itself: other outputs than all, or gradients. */
export interface Part extends Pick<ProgramSpec, 'graph' | 'wanted'> {
  /** What tells it from others of the network. */
  readonly key: string;
}

/** A lowered network with its plan; the program is made anew whenever the arena has moved. */
interface Prepared {
  readonly mode: Mode;
  readonly batch: number;
  /** That of the samples, and of the part. */
  readonly key: string;
  readonly lowered: Lowered;
  readonly plan: Plan;
  program: Program | undefined;
}

/** What can be run. */
export type Ready = Prepared & { program: Program };

function unload(prepared: Prepared): void {
  prepared.program?.dispose();
  prepared.program = undefined;
}

/** Programs kept: enough for training, evaluation and prediction, each with a last, smaller batch. */
const KEPT = 8;

/** All programs of one network. */
export class Programs {
  readonly #backend: Backend;
  readonly #graph: Graph;
  readonly #weights: Weights;
  readonly #arena: Arena;
  readonly #forms: FormStore;
  /** The one used last first. */
  readonly #prepared: Prepared[] = [];
  /** That of the weights, for which programs were made. */
  #arrangement = 0;

  constructor(backend: Backend, name: string, graph: Graph, weights: Weights) {
    this.#backend = backend;
    this.#graph = graph;
    this.#weights = weights;
    this.#arena = new Arena(backend, `the model '${name}'`);
    this.#forms = new FormStore(backend);
  }

  /**
   * The program for so many samples; the arena is then its alone.
   *
   * @param part what is computed: by default the whole network
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
    };
    const targets = y.map(({ kind }) => kind);
    const lowered = lower({ ...spec, objective, batch, mode, targets, weighted: length > 0 });
    for (const one of lowered.emitter.forms) this.#forms.keep(one);
    const plan = planMemory(lowered.emitter);
    return { mode, batch, key, lowered, plan, program: undefined };
  }

  /** Runs a whole program, once the forms that it needs are those of today's weights. */
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

  /** Forgets all programs: what they were made for has changed. */
  forget(): void {
    for (const prepared of this.#prepared.splice(0)) unload(prepared);
  }

  /** Gives all memory back. */
  dispose(): void {
    this.forget();
    this.#arena.dispose();
    this.#forms.dispose();
  }
}
