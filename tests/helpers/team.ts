// Threads as the design has them: workers with an instance each over one shared memory, which walk
// the same program. Thread 0, the caller in real use, is a worker here too: the test's own thread
// stays free to watch, and to end threads that hang.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { backend } from '../../bindings/backend.js';
import type { Program } from '../../bindings/program.js';

const PAGE = 65536;
/** A run takes well under a second; one that takes this long hangs. */
const PATIENCE_MS = 5000;

/** Bytes of scratch that each thread brings to a program, or to a part of it. */
export function scratchOf({ address, length }: Pick<Program, 'address' | 'length'>): number {
  return Math.ceil(backend().exports.prepare(address, length) / 64) * 64;
}

/** Waits until each worker has said something. @throws {Error} for those that fail, or never answer */
async function answers(workers: readonly Worker[]): Promise<void> {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    // `once` rejects where an 'error' comes first.
    await Promise.all(workers.map((worker) => once(worker, 'message', patience)));
  } catch (error) {
    throw patience.signal.aborted ? new Error(`of ${workers.length} threads, some hang`) : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Threads over a shared copy of the backend's memory, where every address means the same. */
export class Team {
  readonly #memory: WebAssembly.Memory;
  readonly #workers: Worker[];
  /** The barrier's two i32: how many have come, and the generation. */
  readonly #barrier: number;

  private constructor(memory: WebAssembly.Memory, workers: Worker[], barrier: number) {
    this.#memory = memory;
    this.#workers = workers;
    this.#barrier = barrier;
  }

  /**
   * Lends a team that can run `program` to `use`; its workers, which would keep the tests from ending,
   * are gone afterwards.
   */
  static async with(
    threads: number,
    program: Program,
    use: (team: Team) => Promise<void>,
  ): Promise<void> {
    const team = await Team.#start(threads, scratchOf(program));
    try {
      await answers(team.#workers);
      await use(team);
    } finally {
      await Promise.all(team.#workers.map((worker) => worker.terminate()));
    }
  }

  static async #start(threads: number, scratchBytes: number): Promise<Team> {
    const { info, memory: original } = backend();
    const file = new URL(`../../build/${info.variant}-threads.wasm`, import.meta.url);
    const module = await WebAssembly.compile(await readFile(file));
    const wide = info.revectorized ? 1 : 0;
    // Behind the copy: the barrier in a line of its own, then each thread's scratch.
    const barrier = original.bytes;
    const scratch = barrier + 64;
    const pages = Math.ceil((scratch + threads * scratchBytes) / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const workers = Array.from({ length: threads }, (_, thread) => {
      const own = { thread, scratch: scratch + thread * scratchBytes };
      const workerData = { module, memory, wide, threads, barrier, ...own };
      return new Worker(new URL('thread.mjs', import.meta.url), { workerData, execArgv: [] });
    });
    return new Team(memory, workers, barrier);
  }

  /** Takes over what the backend's memory holds now, which must not have grown since. */
  copy(): void {
    new Uint8Array(this.#memory.buffer).set(new Uint8Array(backend().memory.memory.buffer));
  }

  /** Runs ops `first` … `last`−1 on all threads. @throws {Error} where they hang or trap */
  async run({ address, length }: Program, first = 0, last = length): Promise<void> {
    const done = answers(this.#workers);
    for (const worker of this.#workers) worker.postMessage([address, first, last]);
    await done;
  }

  /** Wakes the threads that sleep at the barrier; they should find it closed. Returns how many. */
  rouse(): number {
    return Atomics.notify(new Int32Array(this.#memory.buffer), this.#barrier / 4 + 1);
  }

  /** A copy of `count` floats of the shared memory. */
  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.#memory.buffer, address, count).slice();
  }
}
