// Times ops, which may be shorter than a step of the clock: browsers round time to 5 µs, 100 µs or 1 ms.

import { backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';
import { type EmittedOp, usesOf } from '../program/emitter.js';

/** Milliseconds: next to this, the time to read the clock does not matter. */
const SHORTEST = 0.01;
/** A measurement of so many steps of the clock is right to a tenth. */
const STEPS = 10;

/** The shortest measurement that can be trusted, in milliseconds. */
export const shortest = (): number => Math.max(SHORTEST, STEPS * clockStep());

/** Milliseconds of one step of the clock: the shortest of a few, as other work may run in between. */
function clockStep(): number {
  let least = Number.POSITIVE_INFINITY;
  let last = performance.now();
  for (let steps = 0; steps < 5; ) {
    const now = performance.now();
    if (now === last) continue;
    // The first step does not count: it may have begun long ago.
    if (steps++ > 0) least = Math.min(least, now - last);
    last = now;
  }
  return least;
}

/** Times a piece of work again and again: so many runs together that the clock can measure them. */
export class Stopwatch {
  /** How many runs the next measurement begins with. */
  runs = 1;
  readonly #least: number;

  /** @param least the least milliseconds of a measurement */
  constructor(least: number) {
    this.#least = least;
  }

  /** Measures the milliseconds of one run. */
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

/** Calls `work` for `milliseconds`, and at least `least` times. */
export function repeat(milliseconds: number, least: number, work: () => void): void {
  const end = performance.now() + milliseconds;
  for (let times = 0; times < least || performance.now() < end; times++) work();
}

/** Milliseconds of rounds that do not count, while the engine optimizes the kernels; then of rounds that count. */
const WARM_UP = 200;
const BUDGET = 400;

/**
 * The median milliseconds of each op. In each round all ops run in turn, so that each finds the numbers and the cache
 * as in a real run. Short ops run several times in a row.
 *
 * @param ready restores all that the ops have changed, before each round
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
 * Milliseconds of an op. An op that works in place, run several times, would work on its own result: gradients would
 * shrink to numbers so small that arithmetic is slow. So it gets zeros, which stay zeros; then it gets its numbers back
 * and runs once more.
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
