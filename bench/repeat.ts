// Samples of a short call, through benny; repeat.browser.ts does it in pages.

import { add, configure, cycle, suite } from 'benny';

/** Seconds per call: samples of so many seconds at least, for about `turn` seconds. */
export async function repeated(
  run: () => void | Promise<void>,
  sample: number,
  turn: number,
): Promise<number[]> {
  const summary = await suite(
    'turn',
    configure({ cases: { minSamples: 1, minTime: sample, maxTime: turn } }),
    add('call', run),
    cycle(() => undefined),
  );
  return summary.results[0].details.sampleResults;
}
