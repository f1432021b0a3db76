// Running ops of a forward pass once more, for what backward reads and forward has not kept.
//
// This works on ops alone, whatever layers emit. What is made again has the same bits: the same ops make it from the
// same numbers.

import { type EmittedOp, type Emitter, usesOf, Value } from './emitter.js';

/** A buffer that a forward pass makes. */
export interface Made {
  readonly value: Value;
  /** The ops that write it, in order; the last op that reads or writes it. */
  readonly by: number[];
  last: number;
  /** Whether backward reads it, too. */
  isRead: boolean;
}

/** What an op reads and writes: whole buffers, each once. */
interface Touched {
  readonly reads: ReadonlySet<Value>;
  readonly writes: ReadonlySet<Value>;
}

function touchedBy(op: EmittedOp): Touched {
  const uses = usesOf(op);
  const rootsExcept = (one: string): Set<Value> =>
    new Set(uses.flatMap(({ value, type }) => (type === one ? [] : [value.root])));
  return { reads: rootsExcept('out'), writes: rootsExcept('in') };
}

/** An op of a backward pass, with the buffers that it has in place of its own. */
export interface Step extends Touched {
  readonly op: EmittedOp;
  readonly places: ReadonlyMap<Value, Value>;
}

const placed = (all: ReadonlySet<Value>, places: ReadonlyMap<Value, Value>): Set<Value> =>
  new Set([...all].map((value) => places.get(value) ?? value));

function stepOf(
  op: EmittedOp,
  { reads, writes }: Touched,
  places: ReadonlyMap<Value, Value>,
): Step {
  return { op, places, reads: placed(reads, places), writes: placed(writes, places) };
}

/** A step as an op. */
export function opOf({ op, places }: Step): EmittedOp {
  if (places.size === 0) return op;
  const args = Object.entries(op.args).map(([name, value]) => [
    name,
    value instanceof Value ? value.within(places.get(value.root) ?? value.root) : value,
  ]);
  return { ...op, args: Object.fromEntries(args) };
}

/** A forward pass, and the backward pass after it. */
export class Replay {
  readonly forward: readonly EmittedOp[];
  readonly backward: readonly EmittedOp[];
  readonly #emitter: Emitter;
  readonly #forward: readonly Touched[];
  readonly #backward: readonly Touched[];
  readonly #made = new Map<Value, Made>();

  /** @param start the number of the first op of backward */
  constructor(emitter: Emitter, start: number) {
    this.#emitter = emitter;
    this.forward = emitter.ops.slice(0, start);
    this.backward = emitter.ops.slice(start);
    this.#forward = this.forward.map(touchedBy);
    this.#backward = this.backward.map(touchedBy);
    this.#forward.forEach(({ reads, writes }, at) => {
      for (const value of writes) {
        if (value.address !== undefined) continue;
        const made = this.#made.get(value) ?? { value, by: [], last: at, isRead: false };
        made.by.push(at);
        this.#made.set(value, made);
      }
      for (const value of [...reads, ...writes]) this.#update(value, { last: at });
    });
    for (const { reads, writes } of this.#backward)
      for (const value of [...reads, ...writes]) this.#update(value, { isRead: true });
  }

  #update(value: Value, change: Partial<Made>): void {
    const made = this.#made.get(value);
    if (made) Object.assign(made, change);
  }

  /** What forward makes. */
  get made(): Iterable<Made> {
    return this.#made.values();
  }

  /** What an op of forward makes that is smaller than `share` of what it reads. */
  smallerThan(share: number): Value[] {
    return this.#forward.flatMap(({ reads, writes }) => {
      const read = [...reads].reduce((sum, { bytes }) => sum + bytes, 0);
      return [...writes].filter(({ bytes }) => bytes <= share * read);
    });
  }

  /**
   * What cannot be made again: what was made of numbers that have been overwritten since, or by an op that writes over what
   * it reads, such as a state of random numbers, beside another result.
   */
  get unrepeatable(): Value[] {
    return this.#forward.flatMap(({ reads, writes }, at) => {
      const isLost = (value: Value): boolean =>
        writes.has(value)
          ? writes.size > 1
          : (this.#made.get(value)?.by ?? []).some((other) => other > at);
      return [...reads].some(isLost) ? [...writes] : [];
    });
  }

  /** The backward pass where only some of what forward makes is kept; by default all. */
  steps(kept?: ReadonlySet<Value>): Step[] {
    /** Where the rest is, once it has been made again. */
    const places = new Map<Value, Value>();
    const isMissing = (value: Value): boolean =>
      kept !== undefined && this.#made.has(value) && !kept.has(value) && !places.has(value);
    const copy = ({ shape, dtype }: Value): Value => this.#emitter.value(shape, dtype);
    /** The places that an op needs; of what it writes, some may be there already, and goes elsewhere. */
    const placesOf = ({ reads, writes }: Touched, isSpare: (value: Value) => boolean) => {
      const own = new Map<Value, Value>();
      for (const value of [...reads, ...writes]) {
        const place = writes.has(value) && isSpare(value) ? copy(value) : places.get(value);
        if (place) own.set(value, place);
      }
      return own;
    };
    return this.backward.flatMap((op, i) => {
      const touched = this.#backward[i];
      const missing = [...touched.reads, ...touched.writes].filter(isMissing);
      const makers = this.#makersOf(missing, isMissing);
      const written = makers.flatMap((at) => [...this.#forward[at].writes]);
      const again = new Set(written.filter(isMissing));
      for (const value of again) places.set(value, copy(value));
      const steps = makers.map((at) => {
        const own = placesOf(this.#forward[at], (value) => !again.has(value));
        return stepOf(this.forward[at], this.#forward[at], own);
      });
      return [
        ...steps,
        stepOf(
          op,
          touched,
          placesOf(touched, () => false),
        ),
      ];
    });
  }

  /** The ops that make some buffers, and what is missing to make them. */
  #makersOf(wanted: readonly Value[], isMissing: (value: Value) => boolean): number[] {
    const found = new Set<number>();
    const add = (value: Value): void => {
      for (const at of this.#made.get(value)?.by ?? []) {
        if (found.has(at)) continue;
        found.add(at);
        for (const one of this.#forward[at].reads) if (isMissing(one)) add(one);
      }
    };
    for (const value of wanted) add(value);
    return [...found].sort((a, b) => a - b);
  }

  /** The most bytes that are in use at a time, with some backward pass. */
  peak(backward: readonly Step[]): number {
    const lives = new Map<Value, { first: number; last: number }>();
    const touch = (value: Value, at: number): void => {
      if (value.address !== undefined) return;
      const life = lives.get(value);
      if (life) life.last = at;
      else lives.set(value, { first: at, last: at });
    };
    const { inputs, outputs } = this.#emitter;
    for (const value of inputs) touch(value, 0);
    const all = [...this.#forward, ...backward];
    all.forEach(({ reads, writes }, at) => {
      for (const value of [...reads, ...writes]) touch(value, at);
    });
    for (const value of outputs) touch(value, all.length);
    const changes = new Float64Array(all.length + 2);
    for (const [{ bytes }, { first, last }] of lives) {
      changes[first] += bytes;
      changes[last + 1] -= bytes;
    }
    let [most, now] = [0, 0];
    for (const change of changes) {
      now += change;
      most = Math.max(most, now);
    }
    return most;
  }
}
