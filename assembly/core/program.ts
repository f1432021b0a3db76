// Programs: a training step is a list of op records in linear memory, walked by every thread.

import { SCRATCH_BYTES } from '../gemm/blocks';
import { usesWideTile, useWideTile } from '../gemm/pack';
import { FIRST_OF_ARRAYS, prepareArrays } from './arrays';
import { execute, scratchOf, tasksOf } from './dispatch';
import { Op, RECORD_BYTES } from './op';
import { awaitRun, barrier, callTeam, runOf, take, takenCount } from './team';

/**
 * Runs ops `first` … `last`−1 of a program with a team of `threads`. Returns false where some thread did not come to
 * a barrier: the run then ended early. The caller is thread 0; its scratch is at `scratch`, the others' come after it.
 */
export function run(
  program: usize,
  first: i32,
  last: i32,
  team: usize,
  threads: i32,
  scratch: usize,
  scratchBytes: usize,
  mayBlock: bool,
): bool {
  if (ASC_FEATURE_THREADS) {
    const end = threads > 1 ? endOfShared(program, first, last) : first;
    if (end > first) {
      const run = runOf(team);
      run.program = program;
      run.first = first;
      run.last = end;
      run.threads = threads;
      run.scratch = scratch;
      run.scratchBytes = scratchBytes;
      run.wide = usesWideTile();
      run.mayBlock = mayBlock;
      callTeam(team);
      if (!walk(team, 0)) return false;
      first = end;
    }
  }
  for (let i = first; i < last; i++) {
    const op = recordOf(program, i);
    runTasks(op, 0, op.tasks, scratch);
  }
  return true;
}

/** What the other threads do: they take part in every run, until one has no threads. */
export function work(team: usize, thread: i32): void {
  if (ASC_FEATURE_THREADS) {
    for (let runs = 0; ; ) {
      runs = awaitRun(team, runs);
      const run = runOf(team);
      if (run.threads == 0) return;
      useWideTile(run.wide);
      walk(team, thread);
    }
  }
}

/** Ends `work` in all threads. */
export function dismiss(team: usize): void {
  if (ASC_FEATURE_THREADS) {
    runOf(team).threads = 0;
    callTeam(team);
  }
}

/** After the last shared op of a range: the other threads are not needed for what comes then. */
function endOfShared(program: usize, first: i32, last: i32): i32 {
  while (last > first && recordOf(program, last - 1).shared == 1) last--;
  return last;
}

/** This thread's part of the run: its tasks of ops that are shared; thread 0 does the others alone. */
function walk(team: usize, thread: i32): bool {
  const run = runOf(team);
  const last = run.last;
  const scratch = run.scratch + <usize>thread * run.scratchBytes;
  let alone = false;
  for (let i = run.first; i < last; i++) {
    const op = recordOf(run.program, i);
    if (op.shared == 1) {
      if (thread == 0) runTasks(op, 0, op.tasks, scratch);
      alone = true;
      continue;
    }
    if (alone && !barrier(team, thread)) return false;
    alone = false;
    deal(op, team, thread, run.threads, scratch);
    if (!barrier(team, thread)) return false;
  }
  return true;
}

/** Does tasks of an op until none are left: first those of the thread's own share, then others' that are not taken yet. */
function deal(op: Op, team: usize, thread: i32, threads: i32, scratch: usize): void {
  for (let i = 0; i < threads; i++) {
    const owner = (thread + i) % threads;
    const begin = <i32>((<i64>op.tasks * owner) / threads);
    const share = <i32>((<i64>op.tasks * (owner + 1)) / threads) - begin;
    for (let at = take(team, owner, share); at < share; at = take(team, owner, share)) {
      runTasks(op, begin + at, begin + min(share, at + takenCount), scratch);
    }
  }
}

/** Tasks `first` … `last`−1 of an op: they may be done in any order. */
export function runTasks(op: Op, first: i32, last: i32, scratch: usize): void {
  for (let task = first; task < last; task++) execute(op, task, scratch);
}

// @ts-ignore: decorator
@inline
function recordOf(program: usize, index: i32): Op {
  return changetype<Op>(program + <usize>index * RECORD_BYTES);
}

/**
 * Writes into every record how many tasks it has, for so many threads: once, after the records are written. Returns
 * how many bytes of scratch each thread needs.
 */
export function prepare(program: usize, count: i32, threads: i32): usize {
  let more: usize = 0;
  for (let i = 0; i < count; i++) {
    const op = recordOf(program, i);
    op.shared = op.shared ? threads : 1;
    op.parts = 1;
    if (op.opcode < FIRST_OF_ARRAYS) {
      op.tasks = tasksOf(op);
      more = max(more, scratchOf(op));
    } else {
      more = max(more, prepareArrays(op));
    }
    if (op.tasks < 2) op.shared = 1;
  }
  return SCRATCH_BYTES + more;
}
