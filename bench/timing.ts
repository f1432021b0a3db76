// How long a call takes, in the process or page that makes it. peers/pytorch.py does the same.

import { repeated } from '#platform/repeat';

/** Seconds in one sample, at least: far above the timer's resolution, and an interruption is in few others. */
const SAMPLE = 0.01;

/**
 * Seconds per call, of each of some samples, taken for about `turn` seconds.
 *
 * Short calls are repeated. A call longer than a sample is one: benny, which finds the number of
 * repeats anew each time, would make five to take two samples.
 */
export async function sample(run: () => void | Promise<void>, turn: number): Promise<number[]> {
  const once = async () => {
    const start = performance.now();
    await run();
    return (performance.now() - start) / 1000;
  };
  // What the other libraries' turns have pushed out of the caches comes back in the first call.
  const first = await once();
  if (first >= turn) return [await once()];
  if (first < SAMPLE) return repeated(run, SAMPLE, turn);
  const samples: number[] = [];
  for (let spent = first; spent < turn; spent += samples[samples.length - 1])
    samples.push(await once());
  return samples;
}
