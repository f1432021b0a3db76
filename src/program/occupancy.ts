// Which bytes are taken at which times: how the planner finds room without asking every buffer that is placed.
//
// A segment tree over the times. A buffer's life is cut into the fewest nodes that make it up; each node merges the
// bytes of those that are there for all of its time, and of those that are there for some of it. Buffers are packed
// close, so that what is merged is a few spans, however many buffers there are.

/** Spans of bytes that do not touch: begin and end of the first, begin and end of the second, and so on. */
type Spans = number[];

/** The first span that ends after `at`, or at it where that is said, as an index of its begin. */
function spanAfter(spans: Spans, at: number, touching: boolean): number {
  let [low, high] = [0, spans.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    const end = spans[2 * middle + 1];
    if (end > at || (touching && end === at)) high = middle;
    else low = middle + 1;
  }
  return 2 * low;
}

/** Adds a span, as one with those that it touches. */
function addSpan(spans: Spans, begin: number, end: number): void {
  const first = spanAfter(spans, begin, true);
  let last = first;
  while (last < spans.length && spans[last] <= end) last += 2;
  const merged =
    last > first ? [Math.min(begin, spans[first]), Math.max(end, spans[last - 1])] : [begin, end];
  spans.splice(first, last - first, ...merged);
}

/** Bytes that are taken, from time 0 to `times` − 1. */
export class Occupancy {
  readonly #leaves: number;
  /** By node, the root at 1, the children of i at 2i and 2i + 1: what is taken for all of its time, and for some. */
  readonly #always = new Map<number, Spans>();
  readonly #sometimes = new Map<number, Spans>();

  constructor(times: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(1, times)));
  }

  /** Takes bytes from `begin` to before `end`, at the times from `first` to `last`. */
  take(begin: number, end: number, first: number, last: number): void {
    if (begin === end) return;
    this.#walk(first, last, (node, isWhole) => {
      add(this.#sometimes, node, begin, end);
      if (isWhole) add(this.#always, node, begin, end);
    });
  }

  /** The lowest place where so many bytes are free at all times from `first` to `last`. */
  lowest(bytes: number, first: number, last: number): number {
    const taken: Spans[] = [];
    this.#walk(first, last, (node, isWhole) => {
      const spans = (isWhole ? this.#sometimes : this.#always).get(node);
      if (spans) taken.push(spans);
    });
    let place = 0;
    for (let before = -1; before !== place; ) {
      before = place;
      for (const spans of taken) {
        // As long as spans are in the way.
        for (let i = spanAfter(spans, place, false); spans[i] < place + bytes; i += 2)
          place = spans[i + 1];
      }
    }
    return place;
  }

  /** Visits the nodes on the way to those that make up the times from `first` to `last`, and these, as whole. */
  #walk(first: number, last: number, visit: (node: number, isWhole: boolean) => void): void {
    const below = (node: number, from: number, length: number): void => {
      if (from > last || from + length <= first) return;
      const isWhole = first <= from && from + length - 1 <= last;
      visit(node, isWhole);
      if (isWhole) return;
      below(2 * node, from, length / 2);
      below(2 * node + 1, from + length / 2, length / 2);
    };
    below(1, 0, this.#leaves);
  }
}

function add(nodes: Map<number, Spans>, node: number, begin: number, end: number): void {
  const spans = nodes.get(node);
  if (spans) addSpan(spans, begin, end);
  else nodes.set(node, [begin, end]);
}
