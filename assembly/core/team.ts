// What the threads of a program share: a barrier, the run that was asked for, and how many tasks are taken.
// Waiting threads look for a while, as a barrier opens within a microsecond, and then sleep.

/** Bytes of a cache line: the barrier, the run and each thread's counter have one to themselves. */
const LINE: usize = 64;

// The barrier: how many threads have come, how often it has opened, how many sleep before it.
const ARRIVED: usize = 0;
const OPENED: usize = 4;
const SLEEPING: usize = 8;
// The run: how many were asked for, how many threads sleep until the next, and what it is.
const RUNS: usize = LINE;
const IDLE: usize = LINE + 4;
/** Bytes of a `Run` follow. */
const RUN: usize = LINE + 8;
// One line for each thread.
const TAKEN: usize = 2 * LINE;

/** Ops first … last−1 of a program, and how many threads run them: 0 tells the threads to end. */
@unmanaged
export class Run {
  program: usize;
  first: i32;
  last: i32;
  threads: i32;
  /** The first thread's scratch, and the bytes that each has. */
  scratch: usize;
  scratchBytes: usize;
  /** Whether panels are of the wide tile: each instance has to be set to it. */
  wide: bool;
  /** Whether thread 0 may sleep: engines forbid it on a page's main thread. */
  mayBlock: bool;
}

/**
 * How often a waiting thread looks before it sleeps, some 150 µs: as long as the rest of another's task, or what
 * JavaScript does between two steps. With a fifth as many LeNet-5 is 6 % slower, as waking up takes 50 µs.
 */
const LOOKS: i32 = 100000;
/** How long thread 0 waits for the others at a barrier, in milliseconds, and how often: 20 s, longer than any task. */
const PATIENCE: f64 = 100;
const PATIENCES: i32 = 200;
/** The same in looks, where it may not sleep. */
const PATIENT_LOOKS: i64 = 20_000_000_000;

/**
 * JavaScript's Atomics.wait, false where the time is over. Not wasm's: Node 20's baseline compiler loses locals
 * over `memory.atomic.wait32`.
 */
// @ts-ignore: decorator
@external("team", "sleep")
declare function sleep(at: usize, value: i32, milliseconds: f64): bool;

// @ts-ignore: decorator
@inline
export function runOf(team: usize): Run {
  return changetype<Run>(team + RUN);
}

/** Wakes the other threads for the run that was written down. */
export function callTeam(team: usize): void {
  atomic.add<i32>(team, 1, RUNS);
  if (atomic.load<i32>(team, IDLE)) atomic.notify(team + RUNS, -1);
}

/** Waits for a run after the first `known` ones; returns how many there are then. */
export function awaitRun(team: usize, known: i32): i32 {
  for (let i = 0; i < LOOKS; i++) {
    const runs = atomic.load<i32>(team, RUNS);
    if (runs != known) return runs;
  }
  atomic.add<i32>(team, 1, IDLE);
  while (atomic.load<i32>(team, RUNS) == known) sleep(team + RUNS, known, Infinity);
  atomic.sub<i32>(team, 1, IDLE);
  return atomic.load<i32>(team, RUNS);
}

/** Returns when all threads have come; for thread 0 false, if some do not. The last to come clears what was taken. */
export function barrier(team: usize, thread: i32): bool {
  const run = runOf(team);
  const opened = atomic.load<i32>(team, OPENED);
  if (atomic.add<i32>(team, 1, ARRIVED) == run.threads - 1) {
    atomic.store<i32>(team, 0, ARRIVED);
    for (let i = 0; i < run.threads; i++) store<i32>(takenBy(team, i), 0);
    atomic.add<i32>(team, 1, OPENED);
    if (atomic.load<i32>(team, SLEEPING)) atomic.notify(team + OPENED, -1);
    return true;
  }
  for (let i = 0; i < LOOKS; i++) {
    if (atomic.load<i32>(team, OPENED) != opened) return true;
  }
  if (thread == 0 && !run.mayBlock) {
    for (let i: i64 = 0; i < PATIENT_LOOKS; i++) {
      if (atomic.load<i32>(team, OPENED) != opened) return true;
    }
    return false;
  }
  atomic.add<i32>(team, 1, SLEEPING);
  let patience = PATIENCES;
  while (atomic.load<i32>(team, OPENED) == opened && patience > 0) {
    const wokenUp = sleep(team + OPENED, opened, thread ? Infinity : PATIENCE);
    if (!wokenUp) patience--;
  }
  atomic.sub<i32>(team, 1, SLEEPING);
  return patience > 0;
}

// @ts-ignore: decorator
@inline
function takenBy(team: usize, thread: i32): usize {
  return team + TAKEN + <usize>thread * LINE;
}

/**
 * Takes tasks of `owner`'s share for this thread. Returns the first of them; how many there are is in `takenCount`: a
 * quarter of what is left, so that at the end no thread waits long for another.
 */
export function take(team: usize, owner: i32, share: i32): i32 {
  const counter = takenBy(team, owner);
  const seen = atomic.load<i32>(counter);
  if (seen >= share) return share;
  takenCount = max(1, (share - seen) >> 2);
  return atomic.add<i32>(counter, takenCount);
}

/** A second result of `take`; each thread has its own. */
export let takenCount: i32 = 0;

/** Bytes of a team of so many threads. */
export function teamBytes(threads: i32): usize {
  return TAKEN + <usize>threads * LINE;
}
