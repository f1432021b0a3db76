// Measures the machine's peaks, which a profile compares its speeds with.

import type { Backend } from '../../bindings/backend.js';
import { matMul } from '../operators/dense/matrix.emit.js';
import type { Unit } from '../program/cost.js';
import { Emitter } from '../program/emitter.js';
import { withProgram } from '../program/plan.js';
import { repeat, Stopwatch, shortest } from './timing.js';

/** The highest measured rate of each unit. */
export type Peaks = Readonly<Record<Unit, number>>;

/** Measured once for each backend. */
const known = new WeakMap<Backend, Peaks>();

/**
 * The peaks of the machine, measured when they are first asked for.
 *
 * @throws {OutOfMemoryError} if there is no memory for a small product
 */
export function peaksOf(backend: Backend): Peaks {
  const peaks = known.get(backend) ?? { 'GFLOP/s': product(backend), 'GB/s': copy() };
  known.set(backend, peaks);
  return peaks;
}

/** Milliseconds for one measurement: the engine needs some of them to optimize the kernels. */
const BUDGET = 150;

/** Milliseconds of the fastest run. */
function fastest(work: () => void): number {
  const watch = new Stopwatch(shortest());
  let best = Number.POSITIVE_INFINITY;
  repeat(BUDGET, 2, () => {
    best = Math.min(best, watch.time(work));
  });
  return best;
}

/**
 * A product that stays in cache: k is one block, each thread's rows and columns are whole tiles in all builds, and the
 * panels of B, 64 KiB, fit into L2 together with a block of A.
 */
const SIZE = { m: 240, n: 64, k: 256 };

function product(backend: Backend): number {
  const { n, k } = SIZE;
  const m = SIZE.m * backend.info.threads;
  const e = new Emitter();
  const [a, b] = [e.input([m, k]), e.input([k, n])];
  matMul(e, e.value([m, n]), a, b, { m, n, k });
  return withProgram(backend, e, 'the measurement of speed', (program) => {
    for (const value of [a, b]) {
      const at = value.resolve() / 4;
      backend.memory.views.float32.fill(1, at, at + value.size);
    }
    program.run();
    const multiply = program.length - 1;
    const milliseconds = fastest(() => program.run(multiply));
    return (2 * m * n * k) / milliseconds / 1e6;
  });
}

/** Floats of a copy that is larger than any cache: 64 MiB. */
const STREAM = 16 << 20;

/**
 * The engine's own copy, by one thread: a little faster than a kernel's (on a Zen 5 41 and 38 GB/s), and it needs no
 * linear memory, which could not be given back.
 */
function copy(): number {
  const from = new Float32Array(STREAM).fill(1);
  const to = new Float32Array(STREAM);
  const milliseconds = fastest(() => to.set(from));
  return (from.byteLength + to.byteLength) / milliseconds / 1e6;
}
