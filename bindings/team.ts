// The team that shares the work: worker threads over the same memory. The caller is thread 0.

import { cores } from '#platform/bindings/cores';
import { EngineError } from './errors.js';
import type { KernelExports } from './load.js';
import type { LinearMemory } from './memory.js';
import type { Thread, ThreadData } from './thread.js';

/** The most threads: beyond that, their barrier takes longer than what they share. */
export const MOST_THREADS = 64;
/** The most that 'auto' starts: small steps gain nothing from more. */
const MOST_AUTO = 16;

/** How many threads 'auto' means. */
export const autoThreads = (): number => Math.max(1, Math.min(MOST_AUTO, cores()));

/**
 * Whether memory can be shared with workers: pages need two headers for it. WebKitGTK makes shared memory without
 * them too, but sends none to a worker where it has no SharedArrayBuffer.
 */
export const canShare = (): boolean =>
  typeof SharedArrayBuffer === 'function' &&
  (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;

/** Threads that were ended and may still run. */
const ending = new Set<Promise<unknown>>();

/** A number of threads, some of them perhaps lost. */
export class Team {
  readonly #exports: KernelExports;
  readonly #address: number;
  readonly #mayBlock = mayBlock();
  readonly #lost: (why: string) => void;
  readonly #threads: Thread[] = [];
  #isAlone = false;

  /** @param lost is called where the caller is alone from then on, with the reason */
  constructor(exports: KernelExports, memory: LinearMemory, lost: (why: string) => void) {
    this.#exports = exports;
    this.#lost = lost;
    this.#address = memory.allocate(exports.teamBytes(MOST_THREADS), 'scratch');
  }

  /** How many there are, the caller included. */
  get size(): number {
    return 1 + this.#threads.length;
  }

  /** Starts the other threads, once those of earlier teams have ended: all, or none where one cannot be started. */
  async grow(size: number, data: Omit<ThreadData, 'team' | 'thread'>): Promise<void> {
    const started: Thread[] = [];
    const leave = (why: unknown): void => this.#leave(why, started);
    try {
      // Loaded here, as many pages have one thread.
      const [{ spawn }] = await Promise.all([import('#platform/bindings/spawn'), ...ending]);
      const team = this.#address;
      // Not what threads that were ended have left there.
      new Int32Array(data.memory.buffer, team, this.#exports.teamBytes(MOST_THREADS) / 4).fill(0);
      for (let thread = 1; thread < size; thread++)
        started.push(spawn({ ...data, team, thread }, leave));
      await Promise.all(started.map(({ ready }) => ready));
      this.#threads.push(...started.splice(0));
    } catch (why) {
      leave(why);
    }
  }

  /**
   * Runs ops `first` … `last`−1 of the program at `address`.
   *
   * @param scratch the first thread's; each has `bytes`
   * @throws {EngineError} where another thread does not come to a barrier
   */
  run(address: number, first: number, last: number, scratch: number, bytes: number): void {
    const { size } = this;
    const team = this.#address;
    if (this.#exports.run(address, first, last, team, size, scratch, bytes, this.#mayBlock)) return;
    this.#leave('it did not answer for twenty seconds');
    throw new EngineError(
      'a worker thread was lost in a run, whose results are wrong; the next runs on one thread: dispose() and init() start others',
    );
  }

  /** Ends all other threads. */
  end(): void {
    this.#exports.dismiss(this.#address);
    endAll(this.#threads.splice(0));
  }

  #leave(why: unknown, started: Thread[] = []): void {
    endAll([...started.splice(0), ...this.#threads.splice(0)]);
    // When one thread is lost, all are ended: that is reported once.
    if (this.#isAlone) return;
    this.#isAlone = true;
    this.#lost(why instanceof Error ? why.message : String(why));
  }
}

function endAll(threads: readonly Thread[]): void {
  for (const thread of threads) {
    const end = thread.end().catch(() => {});
    ending.add(end);
    void end.then(() => ending.delete(end));
  }
}

/** Whether this thread may sleep: a page's main one may not. */
function mayBlock(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
