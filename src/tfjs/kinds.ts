// Kinds of calls: those of one kernel with the same shapes, attributes and types. They share a program; the signature by
// which it is found is made once for each kind.

import type { Shape } from '../base/shape.js';
import type { Signature } from '../program/cache.js';
import type { Cell, Given, Shapes } from './cell.js';
import type { Attributes, Planner, Resident } from './kernel.js';

/** What calls of one kind have in common. */
export interface Kind extends Signature {
  readonly shapes: Shapes;
  readonly attrs: Attributes;
  readonly type: Resident;
  /** For each cell the number of the first that is the same. */
  readonly places: readonly number[];
  /** The shapes of the results. */
  readonly results: readonly Shape[];
}

/** Kinds of one kernel that are remembered: those of a large network. */
const MOST_KINDS = 256;

/** Those of one kernel, and which was the last. */
interface Known {
  readonly kinds: Kind[];
  last: number;
}

const known = new Map<Planner, Known>();

/** No hash of words is as large. */
let next = 2 ** 32;

/** The kind of a call. @param resultsOf plans calls of a new one @throws what it throws */
export function kindOf(planner: Planner, given: Given, resultsOf: () => readonly Shape[]): Kind {
  let own = known.get(planner);
  if (!own) {
    own = { kinds: [], last: 0 };
    known.set(planner, own);
  }
  const { kinds, last } = own;
  // Programs repeat themselves: what followed the last one follows it again.
  for (let i = 0; i < kinds.length; i++) {
    const at = (last + i) % kinds.length;
    if (!isOf(kinds[at], given)) continue;
    own.last = at;
    return kinds[at];
  }
  const { shapes, attrs, type, cells } = given;
  const results = resultsOf();
  const places = cells.map((cell) => cells.indexOf(cell));
  if (kinds.length === MOST_KINDS) kinds.length = 0;
  own.last = kinds.length;
  const copies = Object.entries(attrs).map(([word, value]) => [word, copied(value)]);
  const kind: Kind = {
    ...{ hash: next++, parts: [planner], type, places, results },
    ...{ attrs: Object.fromEntries(copies), shapes: copied(shapes) as Shapes },
  };
  kinds.push(kind);
  return kind;
}

function isOf({ shapes, attrs, type, places }: Kind, given: Given): boolean {
  return (
    type === given.type &&
    isSame(shapes, given.shapes) &&
    isPlaced(given.cells, places) &&
    isSameRecord(attrs, given.attrs)
  );
}

function isPlaced(cells: readonly Cell[], places: readonly number[]): boolean {
  for (let i = 0; i < places.length; i++) if (cells.indexOf(cells[i]) !== places[i]) return false;
  return true;
}

/** Whether numbers, words or lists of them are the same. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!isSame(a[i], b[i])) return false;
  return true;
}

function isSameRecord(a: Attributes, b: Attributes): boolean {
  let count = 0;
  for (const word in a) {
    if (!isSame(a[word], b[word])) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

/** A list copied: users may write to their own. */
const copied = (value: unknown): unknown => (Array.isArray(value) ? value.map(copied) : value);
