// How a thread of a team sleeps: what the kernels import for it.

/**
 * Sleeps until somebody notifies; false where the time is over first. In Node a thread's code is text (spawn.ts),
 * which says the same again.
 */
export const sleepOver =
  ({ buffer }: WebAssembly.Memory) =>
  (at: number, value: number, milliseconds: number): boolean =>
    Atomics.wait(new Int32Array(buffer), at >> 2, value, milliseconds) !== 'timed-out';
