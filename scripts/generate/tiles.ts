// Prints assembly/gemm/tile.ts: the register tiles of matrix multiplication, unrolled by hand because
// AssemblyScript unrolls no loop. `npm run generate` writes it; CI checks that it is current.

/** Rows of a tile: 5 where multiply and add are apart, 6 where they are fused. */
const HEIGHTS = [5, 6];
/** Columns of a tile: the narrow one, and the wide one for engines that make 256-bit code. */
const WIDTHS = [8, 16];

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Joins one line per row, indented. */
const rows = (mr: number, line: (i: number) => string, indent = '  '): string =>
  range(mr)
    .map((i) => indent + line(i))
    .join('\n');

/** How a microkernel finds element (i, p) of A: what follows is in its parameters' terms. */
const layouts = {
  Rows: 'A is read through row pointers: row i, step p is at a[i] + aOffset + 4p.',
  Columns: 'A is k-major: row i, step p is at a + aOffset·p + 4i.',
  Taps: 'A is read through row pointers and offsets: row i, step p is at a[i] + aOffset[p].',
  Pixels: 'A is k-major, its steps through offsets: row i, step p is at a + aOffset[p] + 4i.',
} as const;

type Layout = keyof typeof layouts;

/** The loop over k: loads NR of B, and for each row multiplies them by one element of A. */
function loop(mr: number, nr: number, layout: Layout): string {
  const vectors = range(nr / 4);
  const start = {
    Rows: '',
    Columns: '',
    Taps: '    const at = load<usize>(aOffset);\n',
    Pixels: '    const at = a + load<usize>(aOffset);\n',
  }[layout];
  const advance = {
    Rows: rows(mr, (i) => `a${i} += 4;`, '    '),
    Columns: '    a += aOffset;',
    Taps: '    aOffset += 4;',
    Pixels: '    aOffset += 4;',
  }[layout];
  const element = (i: number) =>
    ({ Rows: `a${i}`, Columns: `a, ${i * 4}`, Taps: `a${i} + at`, Pixels: `at, ${i * 4}` })[layout];
  const multiply = (i: number) =>
    `s = v128.load32_splat(${element(i)}); ${vectors.map((j) => `c${i}${j} = madd(s, b${j}, c${i}${j});`).join(' ')}`;
  return `  for (const end = b + (<usize>kc) * ${nr * 4}; b < end; b += ${nr * 4}) {
    const ${vectors.map((j) => `b${j} = v128.load(b, ${16 * j})`).join(', ')};
    let s: v128;
${start}${rows(mr, multiply, '    ')}
${advance}
  }`;
}

function microkernel(mr: number, nr: number, layout: Layout): string {
  const vectors = range(nr / 4);
  const pointers = {
    Rows: `${rows(mr, (i) => `let a${i} = load<usize>(a, ${i * 4}) + aOffset;`)}\n`,
    Taps: `${rows(mr, (i) => `const a${i} = load<usize>(a, ${i * 4});`)}\n`,
    Columns: '',
    Pixels: '',
  }[layout];
  // Higher addresses first, and nothing but what is stored: only then does V8 pair the halves.
  const store = (to: string, i: number, value: (name: string) => string, offset: number) =>
    [...vectors]
      .reverse()
      .map((j) => `v128.store(${to}, ${value(`c${i}${j}`)}, ${offset + 16 * j});`)
      .join(' ');
  const finish = (value: (name: string) => string) => (i: number) =>
    `${i ? `if (mr == ${i}) return;\n    ` : ''}to = load<usize>(c, ${i * 4}) + cOffset; ${store('to', i, value, 0)}`;
  return `
/**
 * C[${mr}×${nr}] = A[${mr}×kc]·B[kc×${nr}] + bias, then ReLU if \`rectify\`: the first \`mr\` rows, or all to
 * \`spare\` if there is one.
 * ${layouts[layout]}
 * B is one packed panel, row i of C is at c[i] + cOffset.
 */
export function tile${layout}${mr}x${nr}(
  c: usize, cOffset: usize, a: usize, aOffset: usize, b: usize, kc: i32, mr: i32, bias: usize, rectify: bool, spare: usize,
): void {
${pointers}  const ${vectors.map((j) => `bias${j} = v128.load(bias, ${16 * j})`).join(', ')};
${rows(mr, (i) => `let ${vectors.map((j) => `c${i}${j} = bias${j}`).join(', ')};`)}
${loop(mr, nr, layout)}
  let to: usize;
  if (spare) {
${rows(mr, (i) => store('spare', i, (name) => name, i * nr * 4), '    ')}
  } else if (rectify) {
${rows(
  mr,
  finish((name) => `relu(${name})`),
  '    ',
)}
  } else {
${rows(
  mr,
  finish((name) => name),
  '    ',
)}
  }
}
`;
}

/** A tile without tables, bias and conditions: they take as long as a dozen steps of k. */
function evenMicrokernel(mr: number, nr: number): string {
  const vectors = range(nr / 4);
  const store = (i: number) =>
    [...vectors]
      .reverse()
      .map((j) => `v128.store(c, c${i}${j}, ${16 * j});`)
      .join(' ');
  return `
/**
 * C[${mr}×${nr}] = A[${mr}×kc]·B[kc×${nr}]: rows of A are \`lda\` bytes apart, those of C \`ldc\`. B is one packed panel.
 */
export function tileEven${mr}x${nr}(c: usize, ldc: usize, a0: usize, lda: usize, b: usize, kc: i32): void {
  let ${range(mr - 1)
    .map((i) => `a${i + 1} = a${i} + lda`)
    .join(', ')};
  const zero = f32x4.splat(0);
${rows(mr, (i) => `let ${vectors.map((j) => `c${i}${j} = zero`).join(', ')};`)}
${loop(mr, nr, 'Rows')}
${rows(mr, (i) => `${i ? 'c += ldc; ' : ''}${store(i)}`)}
}
`;
}

const tiles = [
  // One image's row: what counts is how fast B streams past.
  ...WIDTHS.map((nr) => microkernel(1, nr, 'Rows')),
  // Few rows, such as four patches of an image: a higher tile would compute some for nothing.
  ...WIDTHS.map((nr) => microkernel(4, nr, 'Rows')),
  ...HEIGHTS.flatMap((mr) =>
    WIDTHS.flatMap((nr) =>
      (Object.keys(layouts) as Layout[]).map((layout) => microkernel(mr, nr, layout)),
    ),
  ),
  ...HEIGHTS.flatMap((mr) => WIDTHS.map((nr) => evenMicrokernel(mr, nr))),
].join('');

/** Chooses the microkernel of a width: by the build, by how A is read, and by whether there is more than one row. */
function choice(name: string, about: string, nr: number): string {
  const [apart, fused] = HEIGHTS;
  const all = Object.keys(layouts) as Layout[];
  const given = 'c, at, a, step, b, kc, mr, bias, rectify, spare';
  const call = (mr: number, layout: Layout) => `return tile${layout}${mr}x${nr}(${given});`;
  const each = (mr: number) =>
    all
      .map((layout, i) => {
        const isLast = i === all.length - 1;
        return `${isLast ? '' : `if (access == Access.${layout}) `}${call(mr, layout)}`;
      })
      .join('\n    ');
  return `
/** ${about} */
// @ts-ignore: decorator
@inline
export function ${name}(
  access: Access, c: usize, at: usize, a: usize, step: usize, b: usize, kc: i32, mr: i32, bias: usize, rectify: bool, spare: usize,
): void {
  if (ASC_FEATURE_RELAXED_SIMD && mr == ${fused}) {
    ${each(fused)}
  } else {
    if (access == Access.Rows && mr == 1) ${call(1, 'Rows')}
    if (access == Access.Rows && mr <= 4) ${call(4, 'Rows')}
    ${each(apart)}
  }
}
`;
}

/** The same for rows that are evenly apart. */
function evenChoice(): string {
  const [apart, fused] = HEIGHTS;
  const call = (mr: number) =>
    `if (isWide) return tileEven${mr}x${WIDTHS[1]}(c, ldc, a, lda, b, kc);
    tileEven${mr}x${WIDTHS[0]}(c, ldc, a, lda, b, kc);`;
  return `
/** The microkernel for MR rows that are evenly apart. */
// @ts-ignore: decorator
@inline
export function evenTile(isWide: bool, c: usize, ldc: usize, a: usize, lda: usize, b: usize, kc: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    ${call(fused)}
  } else {
    ${call(apart)}
  }
}
`;
}

const choices = [
  choice(
    'narrowTile',
    'The narrow microkernel for an access, a number of rows and this build.',
    WIDTHS[0],
  ),
  choice('wideTile', 'The wide microkernel, likewise.', WIDTHS[1]),
  evenChoice(),
].join('');

/** The text of assembly/gemm/tile.ts. */
export const tilesModule =
  (): string => `// Generated by scripts/generate/tiles.ts: change that file, then run \`npm run generate\`.
//
// The microkernels: everything fast in this library ends here. One tile of C stays in registers
// while a panel of B streams past. x64 has 15 vector registers to give: 6×8 with fused multiply-add
// needs 12 + 2 + 1; multiply and add apart need one more, so that build has 5×8. Where the engine
// joins neighbouring 128-bit operations to 256-bit ones, the same holds for 6×16 and 5×16.
//
// They store whole tiles and nothing else: a partial store, or a load of C after the loop, makes V8
// spill accumulators (Node 20, 22) or leave the halves apart (Node 24), at half the speed.

import { madd, relu } from '../core/simd';

/** Rows of a register tile. */
// @ts-ignore: decorator
@inline export const MR: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;
/** Columns of the narrow register tile; the wide one has twice as many. */
// @ts-ignore: decorator
@inline export const NR: i32 = ${WIDTHS[0]};

/** How a microkernel reads A. */
export const enum Access {
  ${Object.keys(layouts).join(',\n  ')},
}
${tiles}${choices}`;
