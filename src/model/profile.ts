// Where the time goes: each op of a prediction or a training step, timed and compared with what the
// machine can do.

import { backend } from '../../bindings/backend.js';
import type { KernelName } from '../../bindings/kernels.js';
import { any, callableOrNull, checkOptions, whole } from '../base/options.js';
import { layout } from '../base/table.js';
import type { Lowered } from '../lowering/lower.js';
import { costOf, type Unit } from '../program/cost.js';
import type { Engine } from '../training/engine.js';
import { type DataSet, Intake } from '../training/source.js';
import { type Peaks, peaksOf } from './peak.js';
import { timeOps } from './timing.js';

/** Options of `profile`. */
export interface ProfileOptions {
  /** Targets, as `fit` takes them: a training step is profiled. Without, a prediction. */
  y?: DataSet;
  /** How many samples the batch has, the first ones of x: all by default. */
  batchSize?: number;
  /** What prints the table: console.log by default, null for none. */
  print?: ((text: string) => void) | null;
}

/** Time and speed. */
export interface Speed {
  /** The median of several runs. */
  readonly milliseconds: number;
  readonly rate: number;
  /** The rate's unit: 'GFLOP/s', with the arithmetic of the direct algorithm; or 'GB/s', of bytes read and written. */
  readonly unit: Unit;
  /**
   * The rate as a share of the machine's peak. It is above 1 for better algorithms than the direct one, for data in
   * cache, and if several threads move more than the one thread that measured the peak.
   */
  readonly ofPeak: number;
}

/** An op's time and speed. */
export interface ProfileRow extends Speed {
  /** The layer that it belongs to; or 'loss', the metric's name, or 'optimizer'. */
  readonly layer: string;
  readonly pass: 'forward' | 'backward' | 'update';
  readonly kernel: KernelName;
  /** Its share of the total time, 0 to 1. */
  readonly share: number;
}

/** What `profile` returns. */
export interface Profile {
  /** In the order in which they run. */
  readonly rows: readonly ProfileRow[];
  /** All ops together: their time, and the arithmetic in it. */
  readonly total: Speed;
  /**
   * The machine's best rates: of matrix products in cache by all threads, and of a copy outside of cache by one thread.
   */
  readonly peaks: Peaks;
}

/** Profiles the first samples of x; see `Model.profile`. */
export function profile(engine: Engine, x: DataSet, options: ProfileOptions): Profile {
  const {
    y,
    batchSize,
    print = console.log,
  } = checkOptions('profile', options, { y: any, batchSize: whole(1), print: callableOrNull });
  const { name } = engine.network;
  const intake = new Intake(engine, 'profile');
  const samples = y === undefined ? intake.inputs(x) : intake.samples(x, y);
  const { count } = samples;
  const size = Math.min(count, batchSize ?? count);
  // Comes first, because it may make linear memory grow.
  const peaks = peaksOf(backend());
  const result = engine.rehearse(
    { samples, order: null, first: 0, size },
    (program, lowered, ready) =>
      assess(lowered, timeOps(program, lowered.emitter.ops, ready), peaks),
  );
  const what = y === undefined ? 'prediction' : 'training step';
  print?.(table(`${name}: ${what}, batch ${size}`, result));
  return result;
}

/** Rows and totals from the ops' milliseconds. */
function assess(
  { emitter: { ops }, forward, backward }: Lowered,
  times: readonly number[],
  peaks: Peaks,
): Profile {
  const speed = (milliseconds: number, amount: number, unit: Unit): Speed => {
    const rate = milliseconds > 0 ? amount / (milliseconds / 1000) : 0;
    return { milliseconds, rate, unit, ofPeak: rate / peaks[unit] };
  };
  const sum = times.reduce((a, b) => a + b, 0);
  const costs = ops.map(costOf);
  const rows = ops.map(({ layer, kernel }, i): ProfileRow => {
    const pass = i < forward ? 'forward' : i < backward ? 'backward' : 'update';
    const { amount, unit } = costs[i];
    return { layer, pass, kernel, share: times[i] / sum, ...speed(times[i], amount, unit) };
  });
  const arithmetic = costs.reduce(
    (a, { amount, unit }) => a + (unit === 'GFLOP/s' ? amount : 0),
    0,
  );
  return { rows, total: speed(sum, arithmetic, 'GFLOP/s'), peaks };
}

/** The profile as a table. */
function table(title: string, { rows, total, peaks }: Profile): string {
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  const numbers = ({ milliseconds, rate, unit, ofPeak }: Speed, share: number): string[] => [
    milliseconds.toFixed(4),
    percent(share),
    `${rate.toFixed(1)} ${unit.padEnd('GFLOP/s'.length)}`,
    percent(ofPeak),
  ];
  const head = ['layer', 'pass', 'kernel', 'ms', 'share', 'speed', 'of peak'];
  const lines = rows.map((row) => [row.layer, row.pass, row.kernel, ...numbers(row, row.share)]);
  const sums = ['total', '', '', ...numbers(total, 1)];
  const arithmetic = `${peaks['GFLOP/s'].toFixed(1)} GFLOP/s (matrix product in cache)`;
  const memory = `${peaks['GB/s'].toFixed(1)} GB/s (copy of 64 MiB, one thread)`;
  return `${layout(title, [head, ...lines, sums], 3)}\npeak: ${arithmetic}, ${memory}`;
}
