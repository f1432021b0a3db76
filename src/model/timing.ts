// Timing ops, which may be shorter than a step of the clock: browsers round time to 5 µs, to 100 µs,
// some to 1 ms.

import { backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { type EmittedOp, usesOf } from '../program/emitter.js';

/** Milliseconds next to which reading the clock takes none. */
const SHORTEST = 0.01;
/** Steps of the clock that are right to a tenth. */
const STEPS = 10;

/** Milliseconds of the shortest measurement that can be trusted. */
export const shortest = (): number => Math.max(SHORTEST, STEPS * clockStep());

/** Milliseconds of one step of the clock: the least of a few, should something else run in between. */
function clockStep(): number {
  let least = Number.POSITIVE_INFINITY;
  let last = performance.now();
  for (let steps = 0; steps < 5; ) {
    const now = performance.now();
    if (now === last) continue;
    // The first step may have begun long ago.
    if (steps++ > 0) least = Math.min(least, now - last);
    last = now;
  }
  return least;
}

/** Times one work again and again, so many runs of it together that the clock can tell. */
export class Stopwatch {
  /** Runs of the next measurement, at least. */
  runs = 1;
  readonly #least: number;

  /** @param least milliseconds of a measurement, at least */
  constructor(least: number) {
    this.#least = least;
  }

  /** Milliseconds of one run, now. */
  time(work: () => void): number {
    for (;;) {
      const start = performance.now();
      for (let i = 0; i < this.runs; i++) work();
      const elapsed = performance.now() - start;
      if (elapsed >= this.#least) return elapsed / this.runs;
      this.runs *= 2;
    }
  }
}

/** Calls `work` for so many milliseconds, and so many times at least. */
export function repeat(milliseconds: number, least: number, work: () => void): void {
  const end = performance.now() + milliseconds;
  for (let times = 0; times < least || performance.now() < end; times++) work();
}

/** Milliseconds of rounds that do not count, in which the engine optimizes the kernels, and of others. */
const WARM_UP = 200;
const BUDGET = 400;

/**
 * The median milliseconds of each op. In each round all of them run in turn, so that they work on the
 * numbers and find in cache what they would find there; short ones run several times in a row.
 *
 * @param ready makes the program ready for a round
 */
export function timeOps(
  program: Program,
  ops: readonly EmittedOp[],
  ready: () => void,
): readonly number[] {
  const least = shortest();
  const watches = ops.map(() => new Stopwatch(least));
  const times = ops.map((): number[] => []);
  const round = (): void => {
    ready();
    ops.forEach((op, i) => {
      times[i].push(timeOp(op, () => program.run(i, i + 1), watches[i]));
    });
  };
  repeat(WARM_UP, 1, round);
  for (const list of times) list.length = 0;
  repeat(BUDGET, 3, round);
  return times.map(median);
}

/**
 * Milliseconds of an op. One that works in place would have its own result to work on when it runs
 * again: gradients shrink each time, into numbers so small that arithmetic is slow. It gets zeros, which
 * stay zeros, and its numbers back for a last run.
 */
function timeOp(op: EmittedOp, run: () => void, watch: Stopwatch): number {
  const memory = watch.runs > 1 ? overwritten(op) : [];
  const numbers = memory.map((view) => view.slice());
  for (const view of memory) view.fill(0);
  const milliseconds = watch.time(run);
  memory.forEach((view, i) => {
    view.set(numbers[i]);
  });
  if (memory.length > 0) run();
  return milliseconds;
}

/** The memory that an op reads and overwrites. */
function overwritten(op: EmittedOp): Float32Array[] {
  const uses = usesOf(op);
  const read = new Set(uses.filter(({ type }) => type === 'in').map(({ value }) => value.root));
  return uses
    .filter(({ value, type }) => type === 'out' && read.has(value.root))
    .map(({ value }) => {
      const at = value.resolve() / 4;
      return backend().memory.views.float32.subarray(at, at + value.size);
    });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
