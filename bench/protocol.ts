// What the benchmark and the peers' processes say to each other: a line of JSON each way. A request
// goes to standard input; the reply comes on standard output behind a mark, because libraries write there too.

import type { Work } from './work.js';

/** A reply is a line that begins with this. */
export const MARK = '@reply ';

/** Get ready, compute `passes` times, and give the results at these places of each. */
export interface Preparation {
  do: 'prepare';
  work: Work;
  indices: number[][];
  passes: number;
  /** Compute in float64: only PyTorch does. */
  float64?: boolean;
}

export type Request =
  /** Who are you? The process says it unasked once it has started. */
  | { do: 'about' }
  | Preparation
  /** Do the work again and again for about `turn` seconds. */
  | { do: 'time'; turn: number }
  /** How much memory does the process hold? */
  | { do: 'memory' }
  /** Forget the work. */
  | { do: 'release' };

/** A peer in a process or a page of its own, or in a page with others, which answers one request after the other. */
export interface PeerHost {
  /** What it said when it had started. */
  readonly about: Reply;
  /** Whether it can be asked. */
  readonly alive: boolean;
  /** @throws {Error} where it ends or does not answer in time, which ends it */
  ask(request: Request): Promise<Reply>;
  stop(): void;
}

/** Seconds for a peer to start in, and to answer in: far more than anything here needs. */
export const PATIENCE = 120;

export interface Reply {
  /** Of 'about': name, version, what it runs on; and what else the library tells. */
  version?: string;
  info?: Record<string, unknown>;
  /** Of 'prepare': the values of each result. */
  values?: number[][];
  /** Of 'prepare': why this installation does this work worse than the library could. */
  handicap?: string;
  /** Of 'memory': bytes that are resident, and were at most since it started. */
  resident?: { now: number; peak: number };
  /** Of 'memory': what the library itself tells, in bytes. */
  told?: Record<string, number>;
  /** Of 'time': seconds per call, of each sample. */
  seconds?: number[];
  /** The library does not do this work. */
  cannot?: string;
  /** It threw. */
  failed?: string;
}
