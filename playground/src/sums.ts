// Sums as text, as one writes them by hand.

/** A number as it is read: no more digits than it has, and two behind the point, or three of what is small. */
export function numeral(value: number): string {
  const digits = Math.abs(value) < 0.1 ? 1000 : 100;
  return String(Math.round(value * digits) / digits || 0).replace('-', '−');
}

/** A factor of a product. */
const bracketed = (value: number): string => (value < 0 ? `(${numeral(value)})` : numeral(value));

/** A pixel under the weight of a filter. */
export interface Term {
  readonly pixel: number;
  readonly weight: number;
}

const productOf = ({ pixel, weight }: Term): number => pixel * weight;

/** Summands with their signs: a + b − c. */
export const joined = (summands: readonly string[]): string =>
  summands.join(' + ').replaceAll('+ −', '− ');

/** 0.9·(−0.3) */
export const product = ({ pixel, weight }: Term): string =>
  `${numeral(pixel)}·${bracketed(weight)}`;

/** 0.9·0.3 + 0·(−0.1) */
export const products = (terms: readonly Term[]): string => joined(terms.map(product));

/** Summands that are written out where there are many, and how many numbers are few. */
const FOREMOST = 5;
const FEW = 9;

/** A summand, and which of all it is. */
export interface Summand {
  readonly index: number;
  readonly value: number;
}

/** The largest of some summands, of either sign, in order of their size, and the sum of the others. */
export function foremost(values: readonly number[]): {
  readonly first: readonly Summand[];
  readonly others: number;
  readonly rest: number;
} {
  const order = values
    .map((value, index) => ({ index, value }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  // A single other one is written out too.
  const count = order.length === FOREMOST + 1 ? order.length : FOREMOST;
  const others = order.slice(count);
  const rest = others.reduce((sum, { value }) => sum + value, 0);
  return { first: order.slice(0, count), others: others.length, rest };
}

/** Products as summands: all of them where they are few, else the largest ones, and the others together. */
export function productSummands(terms: readonly Term[]): string[] {
  if (terms.length <= FEW) return terms.map(product);
  const { first, others, rest } = foremost(terms.map(productOf));
  return [...first.map(({ index }) => product(terms[index])), theOthers(others, rest)];
}

/** What the maps add, as summands. */
export function mapSummands(sums: readonly number[], nameOf: (index: number) => string): string[] {
  const { first, others, rest } = foremost(sums);
  const largest = first.map(({ index, value }) => `${numeral(value)} of ${nameOf(index)}`);
  return others > 0 ? [...largest, theOthers(others, rest)] : largest;
}

const theOthers = (count: number, sum: number): string => `${numeral(sum)} of the other ${count}`;

/** Numbers as a list: all of them where they are few. */
export function listed(numbers: readonly number[]): string {
  if (numbers.length > FEW) return `${numbers.length} numbers`;
  return numbers.map(numeral).join(', ');
}
