// The planner: from a list of ops to addresses, before anything runs.
//
// Every buffer lives from the first op that touches it to the last. Buffers that live at different
// times share memory: the largest are placed first, each at the lowest offset that is free for its
// whole life (offset-greedy, Pisarchyk & Lee, arXiv 2001.03288).

import { type Backend, isCurrent } from '../../bindings/backend.js';
import type { Use } from '../../bindings/memory.js';
import { Program } from '../../bindings/program.js';
import { timeOf } from './cost.js';
import { type EmittedOp, type Emitter, usesOf, type Value } from './emitter.js';
import { Occupancy } from './occupancy.js';

const ALIGNMENT = 64;
/**
 * Bytes left free after large buffers, so that two which are read side by side do not lie whole MiB apart: that costs
 * batch norm's backward passes a third of their speed on a Zen 5.
 */
const LARGE = 1 << 20;
const STAGGER = 65536 + 81 * ALIGNMENT;
/** Kernels may read so many bytes past a buffer: the last one must not end with the arena. */
const SLACK = 64;

interface Life {
  value: Value;
  first: number;
  last: number;
  /** Ops from the first to the last that touches it; `last` may be later, as outputs are kept to the end. */
  span: number;
  bytes: number;
}

/** Where everything goes: offsets into an arena of `bytes` bytes. */
export interface Plan {
  readonly bytes: number;
  readonly offsets: ReadonlyMap<Value, number>;
}

type Order = (a: Life, b: Life) => number;

/**
 * Which buffers are placed first: the largest, of them those that are made first or live longest; or those with the
 * largest product of bytes and life.
 */
const orders: readonly Order[] = [
  (a, b) => b.bytes - a.bytes || a.first - b.first,
  (a, b) => b.bytes - a.bytes || b.span - a.span,
  (a, b) => b.bytes * b.span - a.bytes * a.span || a.first - b.first,
];

/** Plans the buffers of a program that have no address of their own: the best of a few ways. */
export function planMemory(emitter: Emitter): Plan {
  const lives = lifetimes(emitter);
  const { length } = emitter.ops;
  const plans = orders.map((order) => placeInOrder([...lives].sort(order), length));
  return plans.reduce((best, plan) => (plan.bytes < best.bytes ? plan : best));
}

function placeInOrder(lives: readonly Life[], ops: number): Plan {
  const offsets = new Map<Value, number>();
  // Before the first op and after the last are times too.
  const taken = new Occupancy(ops + 2);
  let end = 0;
  for (const { value, bytes, first, last } of lives) {
    const offset = taken.lowest(bytes, first + 1, last + 1);
    taken.take(offset, offset + bytes, first + 1, last + 1);
    offsets.set(value, offset);
    end = Math.max(end, offset + bytes);
  }
  return { bytes: end + SLACK, offsets };
}

function lifetimes({ ops, inputs, outputs }: Emitter): Life[] {
  const lives = new Map<Value, Life>();
  const touch = (value: Value, at: number): void => {
    const root = value.root;
    if (root.address !== undefined) return;
    const life = lives.get(root);
    if (life) {
      life.first = Math.min(life.first, at);
      life.last = Math.max(life.last, at);
    } else {
      const stagger = root.bytes >= LARGE ? STAGGER : 0;
      const bytes = Math.ceil(root.bytes / ALIGNMENT) * ALIGNMENT + stagger;
      lives.set(root, { value: root, first: at, last: at, span: 0, bytes });
    }
  };
  ops.forEach((op, index) => {
    for (const { value } of usesOf(op)) touch(value, index);
  });
  for (const life of lives.values()) life.span = life.last - life.first;
  for (const value of inputs) touch(value, -1);
  for (const value of outputs) touch(value, ops.length);
  return [...lives.values()];
}

/** Memory that programs which never run at the same time share; grows to the largest of them. */
export class Arena {
  readonly #backend: Backend;
  readonly #what: string;
  readonly #use: Use;
  address = 0;
  bytes = 0;

  constructor(backend: Backend, what: string, use: Use = 'activations') {
    this.#backend = backend;
    this.#what = what;
    this.#use = use;
  }

  /**
   * Makes room for `bytes` at another address: programs in the arena must be made again.
   *
   * @throws {OutOfMemoryError} where there is none; the arena is then empty
   */
  reserve(bytes: number): void {
    // Nothing in the arena outlives a run, so the old one need not be there beside the new.
    this.dispose();
    this.address = this.#backend.memory.allocate(bytes, this.#use, this.#what);
    this.bytes = bytes;
  }

  dispose(): void {
    if (this.bytes && isCurrent(this.#backend)) this.#backend.memory.free(this.address);
    this.bytes = 0;
  }
}

/** Gives planned values their addresses, from `base` on. */
export function assignAddresses(plan: Plan, base: number): void {
  for (const [value, offset] of plan.offsets) value.address = base + offset;
}

/** The finished program, once every buffer has an address. Threads share the ops that take long enough. */
export function buildProgram(backend: Backend, ops: readonly EmittedOp[]): Program {
  return new Program(
    backend,
    ops.map((op) => ({ ...op, shared: timeOf(op) > LEAST_SHARED })),
  );
}

/** Seconds below which an op is not shared: waking the others and fetching data would take longer. */
const LEAST_SHARED = 10e-6;

/**
 * Makes a program in memory of its own, for as long as `use` runs.
 *
 * @throws {OutOfMemoryError}
 */
export function withProgram<T>(
  backend: Backend,
  emitter: Emitter,
  what: string,
  use: (program: Program) => T,
): T {
  const arena = new Arena(backend, what);
  try {
    const plan = planMemory(emitter);
    arena.reserve(plan.bytes);
    assignAddresses(plan, arena.address);
    const program = buildProgram(backend, emitter.ops);
    try {
      return use(program);
    } finally {
      program.dispose();
    }
  } finally {
    arena.dispose();
  }
}
