// Prints assembly/winograd/lines.ts: the one-dimensional transforms of Winograd's algorithm, for each set of points.
// `npm run generate` writes it; CI checks that it is current.
//
// F(outputs, taps) evaluates polynomials at points = outputs + taps − 1 points, of which the last is ∞, multiplies their
// values, and takes the outputs from the products (Lavin & Gray, arXiv 1509.09308):
//
//     pixels    Bᵀ: value i is Π (x − pⱼ) over all other points, its powers of x replaced by pixels
//     taps      G:  value i is Σ gₖ·pᵢᵏ / Π (pᵢ − pⱼ)
//     products  Aᵀ: output k is Σ mᵢ·pᵢᵏ
//
// Points come as ±p, whose even and odd parts are shared.

import {
  everyPoints,
  outputsOf,
  type Polynomial,
  product,
  rounded,
  square,
  tapsOf,
  times,
  x,
} from './points.js';

/** The two halves of 8 channels: V8 makes one instruction of both where they are side by side, the upper one stored first. */
type Half = 0 | 1;

/** Numbers that the transforms multiply with, in the order of the table. */
const table: number[] = [];

/** The vectors of a function's constants, by value. From memory: V8 makes constants anew in each turn of a loop. */
class Constants {
  readonly #names = new Map<number, string>();

  of(value: number): string {
    const key = rounded(value);
    const known = this.#names.get(key);
    if (known) return known;
    const name = `c${this.#names.size}`;
    this.#names.set(key, name);
    if (!table.includes(key)) table.push(key);
    return name;
  }

  get text(): string {
    return [...this.#names]
      .map(
        ([value, name]) =>
          `  const ${name} = v128.load32_splat(FACTORS, ${4 * table.indexOf(value)});\n`,
      )
      .join('');
  }
}

type Term = readonly [coefficient: number, vector: string];

/** The sum of terms, after `first` if there is one. */
function sum(constants: Constants, terms: readonly Term[], first?: string): string {
  const wanted = terms.filter(([c]) => c !== 0);
  const base =
    first === undefined
      ? Math.max(
          0,
          wanted.findIndex(([c]) => c === 1),
        )
      : -1;
  const rest = wanted.filter((_, i) => i !== base);
  const begin = first ?? scaled(constants, wanted[base]);
  return rest.reduce((so, [c, v]) => {
    if (c === 1) return `f32x4.add(${so}, ${v})`;
    if (c === -1) return `f32x4.sub(${so}, ${v})`;
    return `${c < 0 ? 'nmadd' : 'madd'}(${constants.of(Math.abs(c))}, ${v}, ${so})`;
  }, begin);
}

function scaled(constants: Constants, [c, v]: Term): string {
  if (c === 1) return v;
  return c === -1 ? `f32x4.neg(${v})` : `f32x4.mul(${constants.of(c)}, ${v})`;
}

/** Lines of code under way, and how values of a line are named in both halves: a0 … are the lower four channels, b0 … the upper. */
class Body {
  readonly lines: string[] = [];
  readonly constants = new Constants();

  load(count: number, address: (i: number) => readonly [base: string, offset: number]): void {
    for (let i = 0; i < count; i++) {
      const [base, offset] = address(i);
      this.both((h) => `const ${'ab'[h]}${i} = ${load(base, offset + 16 * h)}`);
    }
  }

  both(line: (h: Half) => string): void {
    this.lines.push(`${line(0)};`, `${line(1)};`);
  }

  store(vector: (h: Half) => string): void {
    this.lines.push(`v128.store(to, ${vector(1)}, 16);`, `v128.store(to, ${vector(0)});`);
  }

  next(): void {
    this.lines.push('to += stride;');
  }
}

const load = (base: string, offset: number): string =>
  `v128.load(${base}${offset ? `, ${offset}` : ''})`;

const named = (letters: string, h: Half, i: number | string): string => `${letters[h]}${i}`;

/** Bᵀ of what is loaded. */
function pixels(body: Body, count: number): void {
  const { zero, positive } = everyPoints[count];
  const { constants } = body;
  const terms = (p: Polynomial, h: Half): Term[] => p.map((c, i) => [c, named('ab', h, i)]);
  const squares = positive.map(square);
  if (zero) {
    body.store((h) => sum(constants, terms(product(squares), h)));
    body.next();
  }
  positive.forEach((p, at) => {
    const others = product([...squares.filter((_, i) => i !== at), ...(zero ? [x] : [])]);
    body.both((h) => `const ${named('ef', h, at)} = ${sum(constants, terms(times(others, x), h))}`);
    body.both((h) => `const ${named('gh', h, at)} = ${sum(constants, terms(others, h))}`);
    for (const sign of [1, -1]) {
      body.store((h) => sum(constants, [[sign * p, named('gh', h, at)]], named('ef', h, at)));
      body.next();
    }
  });
  body.store((h) => sum(constants, terms(product([...squares, ...(zero ? [x] : [])]), h)));
}

/** G of what is loaded. */
function taps(body: Body, count: number, length: number): void {
  const { zero, positive } = everyPoints[count];
  const { constants } = body;
  if (zero) {
    const divisor = positive.reduce((so, p) => so * -rounded(p * p), 1);
    body.store((h) => scaled(constants, [1 / rounded(divisor), named('ab', h, 0)]));
    body.next();
  }
  positive.forEach((p, at) => {
    const apart = positive.filter((q) => q !== p).map((q) => p * p - q * q);
    const divisor = apart.reduce((so, d) => so * d, 2 * p * (zero ? p : 1));
    const part = (odd: 0 | 1, h: Half) =>
      sum(
        constants,
        Array.from({ length: Math.ceil((length - odd) / 2) }, (_, k) => [
          rounded(p ** (2 * k)),
          named('ab', h, 2 * k + odd),
        ]),
      );
    body.both(
      (h) =>
        `const ${named('ef', h, at)} = ${scaled(constants, [rounded(1 / divisor), part(0, h)])}`,
    );
    body.both(
      (h) =>
        `const ${named('gh', h, at)} = ${scaled(constants, [rounded(p / divisor), part(1, h)])}`,
    );
    body.store((h) => `f32x4.add(${named('ef', h, at)}, ${named('gh', h, at)})`);
    body.next();
    // Without zero there is an odd number of other points, and the divisor of −p has the other sign.
    const [first, second] = zero ? ['ef', 'gh'] : ['gh', 'ef'];
    body.store((h) => `f32x4.sub(${named(first, h, at)}, ${named(second, h, at)})`);
    body.next();
  });
  body.store((h) => named('ab', h, length - 1));
}

/** Aᵀ of what is loaded: a vector for each output. @param bias what each output begins with */
function products(
  body: Body,
  count: number,
  outputs: number,
  store: (vector: (h: Half) => string) => void,
  bias?: readonly [string, string],
): void {
  const { zero, positive } = everyPoints[count];
  const { constants } = body;
  const first = zero ? 1 : 0;
  const both = (line: (h: Half) => string) => body.both(line);
  positive.forEach((_, at) => {
    const [plus, minus] = [first + 2 * at, first + 2 * at + 1];
    for (const [names, does] of [
      ['ef', 'add'],
      ['gh', 'sub'],
    ])
      both(
        (h) =>
          `const ${named(names, h, at)} = f32x4.${does}(${named('ab', h, plus)}, ${named('ab', h, minus)})`,
      );
  });
  for (let k = 0; k < outputs; k++) {
    // What is at 0 and at ∞ reaches one output each: the first, and the last.
    const alone = k === outputs - 1 ? count - 1 : k === 0 && zero ? 0 : undefined;
    store((h) => {
      const begin = alone === undefined ? bias?.[h] : begun(named('ab', h, alone), bias?.[h]);
      const terms = positive.map(
        (p, at): Term => [rounded(p ** k), named(k % 2 ? 'gh' : 'ef', h, at)],
      );
      return sum(constants, terms, begin);
    });
    if (k < outputs - 1) body.next();
  }
}

const begun = (value: string, bias: string | undefined): string =>
  bias ? `f32x4.add(${value}, ${bias})` : value;

const indented = (lines: readonly string[]): string =>
  lines.map((line) => `    ${line}\n`).join('');

/** A function over n lines. */
function loop(
  name: string,
  parameters: string,
  body: Body,
  step: readonly string[],
  before = '',
): string {
  return `function ${name}(${parameters}): void {
${body.constants.text}${before}  for (let line = 0; line < n; line++) {
${indented(body.lines)}${indented(step)}  }
}
`;
}

/** Where a function's lines begin and end; its values are \`stride\` bytes apart. */
const pointers = (count: number): string[] => Array.from({ length: count }, (_, i) => `p${i}`);
const typed = (names: readonly string[]): string =>
  names.map((name) => `${name}: usize`).join(', ');

/** From anywhere: value i of the first line is at pᵢ, \`step\` bytes before that of the next. */
function lines(name: string, all: number, loaded: number, transform: (body: Body) => void): string {
  const body = new Body();
  body.load(loaded, (i) => [`p${i}`, 0]);
  body.lines.push('let to = first;');
  transform(body);
  const step = [...pointers(loaded).map((p) => `${p} += step;`), 'first += next;'];
  return loop(
    name,
    `${typed(pointers(all))}, step: usize, n: i32, first: usize, next: usize, stride: usize`,
    body,
    step,
  );
}

/** From scratch, where the values of a line are side by side, and so are lines. */
function rows(name: string, loaded: number, transform: (body: Body) => void): string {
  const body = new Body();
  body.load(loaded, (i) => ['from', 32 * i]);
  body.lines.push('let to = first;');
  transform(body);
  return loop(name, 'from: usize, n: i32, first: usize, next: usize, stride: usize', body, [
    `from += ${32 * loaded};`,
    'first += next;',
  ]);
}

function productColumns(count: number, outputs: number): string {
  const body = new Body();
  body.lines.push('let at = from;');
  for (let i = 0; i < count; i++) {
    body.both((h) => `const ${'ab'[h]}${i} = ${load('at', 16 * h)}`);
    if (i < count - 1) body.lines.push('at += step;');
  }
  body.lines.push('let to = first;');
  products(body, count, outputs, (vector) => body.store(vector));
  return loop(
    `products${count}${outputs}`,
    'from: usize, step: usize, next: usize, n: i32, first: usize, stride: usize',
    body,
    ['from += next;', 'first += 32;'],
  );
}

function outputRows(count: number, outputs: number): string {
  const body = new Body();
  body.load(count, (i) => ['from', 32 * i]);
  body.lines.push('let to = first;', 'let more = residual;');
  products(
    body,
    count,
    outputs,
    (vector) => {
      body.lines.push(`store(to, ${vector(0)}, ${vector(1)}, more, floor);`);
      body.lines.push('more += moreStride;');
    },
    ['bias0', 'bias1'],
  );
  body.lines.pop();
  return loop(
    `outputs${count}${outputs}`,
    'from: usize, n: i32, bias: usize, first: usize, next: usize, stride: usize, residual: usize, moves: usize, least: f32',
    body,
    [`from += ${32 * count};`, 'first += next;', 'residual += moreNext;'],
    `  const bias0 = v128.load(bias), bias1 = v128.load(bias, 16);
  const moreNext = moves * next, moreStride = moves * stride;
  const floor = f32x4.splat(least);
`,
  );
}

/** Calls the function for what `key` says. */
function choice(given: string, cases: readonly (readonly [key: number, name: string])[]): string {
  const listed = cases.map(([key, name], i) => {
    const label = i < cases.length - 1 ? `case ${key}` : 'default';
    return `    ${label}:\n      return ${name}(${given});\n`;
  });
  return `  switch (${cases[0][0] > 9 ? 'points * 10 + many' : 'points'}) {
${listed.join('')}  }`;
}

const counts = Object.keys(everyPoints)
  .map(Number)
  .sort((a, b) => b - a);
const most = 6;
const mostTaps = 5;

/** The text of assembly/winograd/lines.ts. */
export function winogradLinesModule(): string {
  table.length = 0;
  const functions = [
    ...counts.map((c) => lines(`pixelLines${c}`, most, c, (body) => pixels(body, c))),
    ...counts.map((c) => rows(`pixelRows${c}`, c, (body) => pixels(body, c))),
    ...tapsOf.map(([c, t]) => lines(`tapLines${c}${t}`, mostTaps, t, (body) => taps(body, c, t))),
    ...outputsOf.map(([c, m]) => productColumns(c, m)),
    ...outputsOf.map(([c, m]) => outputRows(c, m)),
  ];
  return `${head()}
${functions.join('\n')}`;
}

const head =
  (): string => `// Generated by scripts/generate/winograd.ts: change that file, then run \`npm run generate\`.
//
// Winograd's one-dimensional transforms: pixels, taps and products as polynomials, evaluated at points, and back again
// from the products there. Two-dimensional ones are these on columns, then on rows. Each takes \`n\` lines of 8 channels or
// filters, loads a line before it stores it, and stores the upper half first: only then does V8 pair the halves.
//
// The first result of the first line goes to \`first\`; results of a line are \`stride\` bytes apart, and lines \`next\`, or
// 32, side by side. In scratch values of a line are 32 bytes apart, and lines follow each other.

import { madd, nmadd } from '../core/simd';

/** What the transforms multiply with. */
const FACTORS: usize = memory.data<f32>([${table.join(', ')}], 16);

/** The most pixels of a line. */
// @ts-ignore: decorator
@inline export const MOST_POINTS: i32 = ${most};

/**
 * Bᵀ: pixel i of the first line is at pᵢ, \`step\` bytes before that of the next. Results of a line are \`stride\` bytes
 * apart, lines \`next\`.
 */
export function pixelLines(
  points: i32, ${typed(pointers(most))}, step: usize, n: i32, first: usize, next: usize, stride: usize,
): void {
${choice(
  `${pointers(most).join(', ')}, step, n, first, next, stride`,
  counts.map((c) => [c, `pixelLines${c}`]),
)}
}

/** The same for lines in scratch. */
export function pixelRows(points: i32, from: usize, n: i32, first: usize, next: usize, stride: usize): void {
${choice(
  'from, n, first, next, stride',
  counts.map((c) => [c, `pixelRows${c}`]),
)}
}

/** G on lines of \`many\` taps, as \`pixelLines\`. */
export function tapLines(
  points: i32, many: i32, ${typed(pointers(mostTaps))}, step: usize, n: i32, first: usize, next: usize, stride: usize,
): void {
${choice(
  `${pointers(mostTaps).join(', ')}, step, n, first, next, stride`,
  tapsOf.map(([c, t]) => [10 * c + t, `tapLines${c}${t}`]),
)}
}

/** Aᵀ on columns to \`many\` outputs: product i of the first is at from + i·step, \`next\` bytes before that of the next column. */
export function productColumns(
  points: i32, many: i32, from: usize, step: usize, next: usize, n: i32, first: usize, stride: usize,
): void {
${choice(
  'from, step, next, n, first, stride',
  outputsOf.map(([c, m]) => [10 * c + m, `products${c}${m}`]),
)}
}

/**
 * Aᵀ on rows to \`many\` outputs, then bias, residual, and the smallest value that is allowed. The residual is laid out as
 * the outputs are, or \`moves\` is 0: all have the same one. The least value is no vector: V8 (Node 24, 26) aborts where
 * it makes 256-bit code of a vector that is a parameter.
 */
export function outputRows(
  points: i32, many: i32, from: usize, n: i32, bias: usize, first: usize, next: usize, stride: usize, residual: usize, moves: usize, least: f32,
): void {
${choice(
  'from, n, bias, first, next, stride, residual, moves, least',
  outputsOf.map(([c, m]) => [10 * c + m, `outputs${c}${m}`]),
)}
}

// @ts-ignore: decorator
@inline
function store(to: usize, v0: v128, v1: v128, residual: usize, floor: v128): void {
  const r0 = v128.load(residual), r1 = v128.load(residual, 16);
  v128.store(to, f32x4.pmax(f32x4.add(v1, r1), floor), 16);
  v128.store(to, f32x4.pmax(f32x4.add(v0, r0), floor));
}
`;
