// Samples of a short call in a page, where benny counts in whole milliseconds: it has Date, not `performance`.

/** Seconds that so many calls take. */
async function timed(run: () => void | Promise<void>, calls: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < calls; i++) {
    const done = run();
    // What is done at once is not made to wait.
    if (done) await done;
  }
  return (performance.now() - start) / 1000;
}

/** Seconds per call: samples of so many seconds at least, for about `turn` seconds. */
export async function repeated(
  run: () => void | Promise<void>,
  sample: number,
  turn: number,
): Promise<number[]> {
  let calls = 1;
  let spent = await timed(run, calls);
  while (spent < sample) {
    // A page that is not isolated may be told a time of 0.
    calls = Math.ceil(calls * Math.min(8, (1.1 * sample) / Math.max(spent, 1e-9)));
    spent = await timed(run, calls);
  }
  const samples = [spent / calls];
  for (let total = spent; total < turn; total += spent) {
    spent = await timed(run, calls);
    samples.push(spent / calls);
  }
  return samples;
}
