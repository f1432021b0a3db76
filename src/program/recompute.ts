// Activation checkpointing (Chen et al., arXiv 1604.06174): the forward pass is cut into segments. What goes from one to
// the next is kept; what else backward reads of a segment is made again by then.

import type { Emitter, Value } from './emitter.js';
import { type Made, opOf, Replay } from './replay.js';

/** What is so much smaller than what it is made of is kept: statistics, say, or which pixels a max pool chose. */
const SMALL = 1 / 16;

/** Each limit of the memory is lower than the one before by this factor. */
const STEP = 0.95;

/** Has the ops from number `start` on, the backward pass, make again what takes too much memory to be kept. */
export function recompute(emitter: Emitter, start: number): void {
  const replay = new Replay(emitter, start);
  const segments = new Segments(replay, emitter.outputs);
  let steps = replay.steps();
  let least = replay.peak(steps);
  let before = '';
  // What segments take is a guess, without gradients: so each limit's cuts are tried, until there are none.
  for (let limit = segments.bytes; limit >= 1; limit *= STEP) {
    const cuts = segments.cutsWithin(limit);
    if (!cuts) break;
    if (cuts.join() === before) continue;
    before = cuts.join();
    const found = replay.steps(segments.keptBy(cuts));
    const bytes = replay.peak(found);
    if (bytes < least) [steps, least] = [found, bytes];
  }
  emitter.ops.splice(start, emitter.ops.length, ...steps.map(opOf));
}

/** A way to cut the forward pass up to some place: the bytes that it keeps, and its cuts. */
interface Way {
  readonly kept: number;
  readonly cuts: readonly number[];
}

/** The segments that a forward pass can be cut into. */
class Segments {
  /** Of all that backward reads, if all is kept. */
  readonly bytes: number;
  /** The ops before which there may be a cut: each layer's first, the very first, and the end. */
  readonly #places: readonly number[];
  /** What is kept in any case, and the rest in the order in which it is made. */
  readonly #always: ReadonlySet<Value>;
  readonly #rest: readonly Made[];
  /** By place: the bytes that backward reads of what was made before. */
  readonly #read: readonly number[];
  /** By place, and by an earlier one: the bytes that are made from that on, and go from before this to after it. */
  readonly #crossing: readonly (readonly number[])[];

  constructor(replay: Replay, outputs: Iterable<Value>) {
    const { forward } = replay;
    const isFirst = (i: number): boolean => forward[i].layer !== forward[i - 1]?.layer;
    this.#places = [...forward.keys()].filter(isFirst).concat(forward.length);
    this.#always = new Set([...outputs, ...replay.unrepeatable, ...replay.smallerThan(SMALL)]);
    this.#rest = [...replay.made].filter(({ value }) => !this.#always.has(value));
    this.#read = this.#bytesAt(({ isRead }) => isRead);
    this.#crossing = this.#places.map((end) => {
      const before = this.#bytesAt((made) => crosses(made, end));
      const all = before.at(-1) as number;
      return before.map((bytes) => all - bytes);
    });
    this.bytes = this.#read.at(-1) as number;
  }

  /** For each place, the bytes of some of what is made before it. */
  #bytesAt(isMeant: (made: Made) => boolean): number[] {
    const meant = this.#rest.filter(isMeant);
    let [sum, next] = [0, 0];
    return this.#places.map((place) => {
      for (; next < meant.length && meant[next].by[0] < place; next++)
        sum += meant[next].value.bytes;
      return sum;
    });
  }

  /** What is kept with such cuts; the last segment is not made again. */
  keptBy(cuts: readonly number[]): ReadonlySet<Value> {
    const last = cuts.at(-1) ?? 0;
    const kept = this.#rest.filter(
      (made) => made.by[0] >= last || cuts.some((cut) => crosses(made, cut)),
    );
    return new Set([...this.#always, ...kept.map(({ value }) => value)]);
  }

  /**
   * Of the cuts with which no segment, and what is kept of those before it, takes more than `limit` bytes, those that
   * keep the least; undefined where there are none.
   */
  cutsWithin(limit: number): readonly number[] | undefined {
    const ways: (Way | undefined)[] = [{ kept: 0, cuts: [] }];
    for (let end = 1; end < this.#places.length; end++) {
      let [least, from] = [Number.POSITIVE_INFINITY, -1];
      for (let start = 0; start < end; start++) {
        const before = ways[start]?.kept ?? Number.POSITIVE_INFINITY;
        const kept = before + this.#crossing[end][start];
        if (before + this.#read[end] - this.#read[start] <= limit && kept < least)
          [least, from] = [kept, start];
      }
      const way = ways[from];
      ways.push(way && { kept: least, cuts: [...way.cuts, this.#places[end]] });
    }
    return ways.at(-1)?.cuts.slice(0, -1);
  }
}

/** Whether a buffer is made before an op and used from there on. */
const crosses = ({ by, last }: Made, cut: number): boolean => by[0] < cut && last >= cut;
