// A competition: several libraries do the same work, are checked, then take turns being timed.

import { add, configure, cycle, suite } from 'benny';
import type { Figure, Result } from './report.js';

/** One library's way of doing the work. */
export interface Competitor {
  name: string;
  /** Throws unless this library does the work right. Runs before any timing. */
  check(): void | Promise<void>;
  /** The work, once; a promise where the library computes asynchronously. */
  run(): void | Promise<void>;
}

/** What is done, and how its speed is counted. */
export interface Work {
  name: string;
  /** Speed is `amount / seconds`: GFLOP per run for GFLOP/s, images per run for images/s. */
  amount: number;
  unit: string;
  /** Turns that each competitor gets. */
  rounds?: number;
}

/** Seconds a turn lasts, at least: short, so that noise from outside meets all competitors alike. */
const TURN = 0.2;
/** Seconds in one sample, at least: far above the timer's resolution and a scheduler's slice. */
const SAMPLE = 0.04;

/**
 * Checks all competitors, then times them through benny in alternating turns, in one process.
 *
 * Benny calls every case once as it is added, which with the checks is the warm-up.
 *
 * @param competitors wasmgrad first: the others are given as ratios to it
 * @returns for each the median and the best speed over the samples of all its turns
 * @throws {Error} where a check fails: a wrong result has no speed
 */
export async function compete(work: Work, competitors: Competitor[]): Promise<Result> {
  for (const { name, check } of competitors) {
    try {
      await check();
    } catch (cause) {
      throw new Error(`${work.name}: ${name} does not do the work right`, { cause });
    }
  }
  const order = turns(competitors, work.rounds ?? 12);
  const progress = showProgress(work.name, order.length);
  const summary = await suite(
    work.name,
    configure({ cases: { minSamples: 2, minTime: SAMPLE, maxTime: TURN } }),
    ...order.map(({ name, run }) => add(name, run)),
    cycle(progress),
  );
  const figures = competitors.map(({ name }): Figure => {
    const cases = summary.results.filter((result) => result.name === name);
    const seconds = cases.flatMap((result) => result.details.sampleResults);
    return {
      who: name,
      median: work.amount / median(seconds),
      best: work.amount / Math.min(...seconds),
    };
  });
  return { name: work.name, unit: work.unit, figures };
}

/** Every round all competitors, each round led by another. */
function turns(competitors: Competitor[], rounds: number): Competitor[] {
  return Array.from({ length: rounds }, (_, round) =>
    competitors.map((_, i) => competitors[(round + i) % competitors.length]),
  ).flat();
}

/** A counter on one line of a terminal; nothing in a log. */
function showProgress(name: string, count: number): () => void {
  let done = 0;
  return () => {
    if (!process.stdout.isTTY) return;
    done++;
    process.stdout.write(done < count ? `\r  ${name}: turn ${done} of ${count}` : '\r\x1b[K');
  };
}

/** The middle of the values, or the mean of the middle two. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
