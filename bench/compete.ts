// A competition: several libraries do the same work, are checked, then take turns being timed.

import { setTimeout } from 'node:timers/promises';
import { type Peer, rivals, tooSlow, wasmgrad } from './peers/index.js';
import type { PeerHost, Preparation, Reply } from './protocol.js';
import { type Expected, expectedResults } from './reference.js';
import type { Figure, Note, Result, Target } from './result.js';
import { amountOf, type Work } from './work.js';

/** Rounds: in each, every competitor has a turn. */
const ROUNDS = 8;
/** Seconds a turn lasts where no other time is asked for: short, so that noise meets all competitors alike. */
const TURN = 0.08;
/** Seconds of work before any is timed: engines compile what they find to be called often. */
const WARM_UP = 0.15;
/** Seconds that all turns of one competitor may take: one whose calls are long gets fewer. */
const BUDGET = 0.8;

/** How many times a peer's speed wasmgrad's has to be: on 128-bit code (undefined: any), on 256-bit code. */
export type Targets = Record<string, readonly [narrow: number | undefined, wide: number]>;

/** A work, who does it, and what is to be reached. */
export interface Contest {
  name: string;
  work: Work;
  /** Whom the others are compared with: wasmgrad on one thread by default. */
  ours?: Peer;
  peers: readonly Peer[];
  /** By the peer's name. */
  targets?: Targets;
  /** Seconds that all turns of one competitor may take, where calls are long: 0.8 by default. */
  budget?: number;
  /** Seconds a turn lasts: 0.08 by default. */
  turn?: number;
  /** Seconds of work before any is timed, 0.15 by default: JavaScript is compiled in several steps. */
  warmUp?: number;
  /** Seconds between turns: threads of some libraries spin for a while when theirs is over. 0 by default. */
  pause?: number;
}

/** A competitor whose result was right. */
interface Entrant {
  peer: Peer;
  host: PeerHost;
  handicap?: string;
  /** Rounds it takes part in. */
  rounds: number;
  /** Seconds per call: the samples of each round. */
  turns: number[][];
}

type Entry = Entrant | { peer: Peer; reason: string };

/** Starts a peer. @throws {Error} where it is not to be had here, saying why */
export type Starter = (peer: Peer) => Promise<PeerHost>;

/** Where competitions take place: starts the peers as they are needed, keeps and ends them. */
export class Arena {
  readonly #hosts = new Map<Peer, PeerHost>();
  readonly #absent = new Map<Peer, string>();
  readonly #start: Starter;
  readonly #others: readonly Peer[];

  /** @param others who takes part in every contest here, besides those that it names */
  constructor(start: Starter = (peer) => peer.start(), others: readonly Peer[] = []) {
    this.#start = start;
    this.#others = others;
  }

  /** What took part, and what is not to be had here. */
  get libraries(): Record<string, string> {
    const present = [...this.#hosts].map(([{ name }, { about }]) => [name, about.version ?? '']);
    const absent = [...this.#absent].map(([{ name }, reason]) => [name, `not here: ${reason}`]);
    return Object.fromEntries([...present, ...absent].sort());
  }

  /**
   * Checks all competitors, then times them in alternating turns.
   *
   * Whoever fails or computes a wrong result is left out, with a note: a wrong result has no speed. Where
   * that is wasmgrad there are no figures at all.
   */
  async compete(contest: Contest): Promise<Result> {
    const { name, work, ours: leader = wasmgrad, peers, targets = {} } = contest;
    const expected = expectedResults(work);
    const entries = await Promise.all(
      [leader, ...rivals(leader, new Set([...peers, ...this.#others]))].map((peer) =>
        this.#enter(peer, work, expected),
      ),
    );
    const entrants = entries.filter((entry): entry is Entrant => 'host' in entry);
    const notes: Note[] = entries.flatMap((entry) => {
      const text = 'reason' in entry ? entry.reason : entry.handicap;
      return text && !this.#absent.has(entry.peer) ? [{ who: entry.peer.name, text }] : [];
    });
    const { amount, unit } = amountOf(work);
    const [ours] = entrants;
    if (ours?.peer !== leader) return { name, unit, figures: [], targets: [], notes };
    const steady = await takeTurns(entrants, contest, showProgress(name), ({ peer }, reason) =>
      notes.push({ who: peer.name, text: reason }),
    );
    if (steady[0] !== ours) return { name, unit, figures: [], targets: [], notes };
    for (const { host } of steady) await host.ask({ do: 'release' });

    const figures = steady.map((entrant): Figure => {
      const seconds = entrant.turns.flat();
      return {
        who: entrant.peer.name,
        median: amount / median(seconds),
        best: amount / Math.min(...seconds),
        ...(entrant === ours ? {} : { ratio: ratio(ours.turns, entrant.turns) }),
      };
    });
    const wide = (await this.backend(leader))?.revectorized === true;
    const judged = Object.entries(targets).flatMap(([who, [narrow, broad]]): Target[] => {
      const least = wide ? broad : narrow;
      if (least === undefined || !entries.some(({ peer }) => peer.name === who)) return [];
      const found = figures.find((figure) => figure.who === who)?.ratio;
      const hampered = steady.some(({ peer, handicap }) => peer.name === who && handicap);
      const met = found === undefined || hampered ? undefined : found >= least;
      return [{ who, text: `≥ ${least} × ${who}`, least, met }];
    });
    return { name, unit, figures, targets: judged, notes };
  }

  /**
   * What a peer computes of a work, at these places of its first result: for works that no reference is known of.
   *
   * @throws {Error} where it cannot do it
   */
  async valuesOf(peer: Peer, work: Work, indices: number[]): Promise<number[]> {
    const host = await this.#host(peer);
    if (typeof host === 'string') throw new Error(`${peer.name}: ${host}`);
    const { values, failed, cannot } = await host.ask({
      ...{ do: 'prepare', work, passes: 1 },
      indices: [indices],
    });
    await host.ask({ do: 'release' });
    if (values) return values[0];
    throw new Error(`${peer.name}: ${failed ?? cannot}`);
  }

  /** wasmgrad's backendInfo(), where it has taken part. */
  async backend(peer = wasmgrad): Promise<Record<string, unknown> | undefined> {
    const host = this.#hosts.get(peer);
    return host?.alive ? (await host.ask({ do: 'about' })).info : undefined;
  }

  close(): void {
    for (const host of this.#hosts.values()) host.stop();
  }

  /** Has the peer do the work once and looks at the result. */
  async #enter(peer: Peer, work: Work, expected: Expected[]): Promise<Entry> {
    const slow = tooSlow(peer, work);
    if (slow) return { peer, reason: slow };
    try {
      const host = await this.#host(peer);
      if (typeof host === 'string') return { peer, reason: host };
      const reply = await host.ask(preparation(work, expected));
      const reason = fault(reply, expected);
      if (reason) return { peer, reason };
      return { peer, host, handicap: reply.handicap, rounds: ROUNDS, turns: [] };
    } catch (error) {
      return { peer, reason: `failed: ${(error as Error).message}` };
    }
  }

  /** The peer where it runs, or why it does not. */
  async #host(peer: Peer): Promise<PeerHost | string> {
    const running = this.#hosts.get(peer);
    if (running?.alive) return running;
    const absent = this.#absent.get(peer);
    if (absent) return absent;
    try {
      const started = await this.#start(peer);
      this.#hosts.set(peer, started);
      return started;
    } catch (error) {
      const reason = (error as Error).message;
      this.#absent.set(peer, reason);
      return reason;
    }
  }
}

/** Where suites run. */
export interface Arenas {
  /** The engine's name and version. */
  name: string;
  plain: Arena;
  /** For suites of several threads. */
  isolated: Arena;
  /** wasmgrad's backendInfo(). */
  backend(): Promise<object>;
  close(): Promise<void>;
}

/** The results of one contest after the other. */
export async function everyContest(arena: Arena, contests: readonly Contest[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const contest of contests) results.push(await arena.compete(contest));
  return results;
}

/** Asks for the work to be prepared, and for what is expected of it. */
export function preparation(work: Work, expected: Expected[]): Preparation {
  const indices = expected.map((result) => result.indices);
  const passes = work.kind === 'training' ? work.losses.length : 1;
  return { do: 'prepare', work, indices, passes };
}

/** What is wrong with the results in a reply. */
export function fault({ cannot, failed, values }: Reply, expected: Expected[]): string | undefined {
  if (cannot) return cannot;
  if (failed || !values) return `failed: ${failed?.split('\n')[0]}`;
  for (const [i, result] of expected.entries()) {
    for (const [at, right] of result.values.entries()) {
      const found: number | null | undefined = values[i]?.[at];
      // JSON has no NaN: it comes as null.
      if (found !== null && Math.abs(found - right) <= result.allowed[at]) continue;
      const where = result.indices[at] ?? at;
      return `computes ${result.name}[${where}] as ${found}, not ${right} ± ${result.allowed[at].toPrecision(2)}`;
    }
  }
  return undefined;
}

/**
 * Warms up, then times; each round is led by another competitor, and one with long calls sits rounds
 * out. Fills `turns`.
 *
 * @returns those who went through it all
 */
async function takeTurns(
  entrants: Entrant[],
  { budget = BUDGET, turn = TURN, pause = 0, warmUp = WARM_UP }: Contest,
  progress: (share: number) => void,
  fail: (entrant: Entrant, reason: string) => void,
): Promise<Entrant[]> {
  const out = new Set<Entrant>();
  const time = async (entrant: Entrant, seconds: number): Promise<number[]> => {
    try {
      if (pause) await setTimeout(pause * 1000);
      const reply = await entrant.host.ask({ do: 'time', turn: seconds });
      if (reply.seconds) return reply.seconds;
      throw new Error(`failed: ${reply.failed?.split('\n')[0]}`);
    } catch (error) {
      out.add(entrant);
      fail(entrant, (error as Error).message);
      return [];
    }
  };
  for (const entrant of entrants) {
    const samples = await time(entrant, warmUp);
    const longest = Math.max(turn, ...samples);
    entrant.rounds = Math.min(ROUNDS, Math.floor(budget / longest));
    // With calls that long, this one has to do.
    if (entrant.rounds === 0) entrant.turns[0] = samples;
  }
  for (let round = 0; round < ROUNDS; round++) {
    progress(round / ROUNDS);
    for (let i = 0; i < entrants.length; i++) {
      const entrant = entrants[(round + i) % entrants.length];
      // Its rounds are spread evenly over all.
      const takesPart = (round * entrant.rounds) % ROUNDS < entrant.rounds;
      if (takesPart && !out.has(entrant)) entrant.turns[round] = await time(entrant, turn);
    }
  }
  progress(1);
  return entrants.filter((entrant) => !out.has(entrant));
}

/** How many times the speed of others ours is: the median over the rounds that both took part in. */
function ratio(ours: number[][], theirs: number[][]): number {
  const ratios = ours.flatMap((seconds, round) =>
    theirs[round] ? [median(theirs[round]) / median(seconds)] : [],
  );
  return median(ratios);
}

/** A line of a terminal that says how far it is; nothing in a log. */
function showProgress(name: string): (share: number) => void {
  return (share) => {
    if (!process.stdout.isTTY) return;
    process.stdout.write(share < 1 ? `\r  ${name}: ${Math.round(share * 100)} %` : '\r\x1b[K');
  };
}

/** The middle of the values, or the mean of the middle two. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
