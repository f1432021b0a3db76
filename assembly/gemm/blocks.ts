// How matrices are cut into blocks, and where a thread's scratch has what it needs of them.
//
// KC depends on nothing but k, so the order of every sum, and so every bit of the result, is the
// same whatever the tile, the block of rows or the number of threads.

import { MR, NR } from './tile';

/** The most rows of a block of A: a multiple of MR. 60 × KC floats are a small part of L2. */
// @ts-ignore: decorator
@inline export const MC: i32 = 60;
/** The most steps of k between two visits to C: a panel of B is then 16 KiB, a third of L1. */
// @ts-ignore: decorator
@inline export const KC: i32 = 512;
/** Columns of B that filter gradients pack at a time. */
// @ts-ignore: decorator
@inline export const NC: i32 = 256;

// A thread's scratch: two tables of row pointers, a spare tile, a table of offsets, the packed part of
// B, the block of A. The slack is for gathers, which write up to 12 bytes too far.
const TABLE_BYTES: usize = 256;
const SPARE_BYTES: usize = (<usize>(MR * 2 * NR)) << 2;
const OFFSETS_BYTES: usize = (<usize>KC) << 2;
const PANELS_BYTES: usize = (<usize>(KC * NC)) << 2;
/** Floats of the block of A: MC rows of KC, or the lines that they are read from. */
export const BLOCK: i32 = 32768;
/** Bytes of scratch that every thread needs, whatever the program. */
export const SCRATCH_BYTES: usize =
  2 * TABLE_BYTES + SPARE_BYTES + OFFSETS_BYTES + PANELS_BYTES + ((<usize>BLOCK) << 2) + 64;

// @ts-ignore: decorator
@inline export function rowTable(scratch: usize): usize {
  return scratch;
}
// @ts-ignore: decorator
@inline export function outputTable(scratch: usize): usize {
  return scratch + TABLE_BYTES;
}
// @ts-ignore: decorator
@inline export function spareTile(scratch: usize): usize {
  return scratch + 2 * TABLE_BYTES;
}
// @ts-ignore: decorator
@inline export function offsetTable(scratch: usize): usize {
  return scratch + 2 * TABLE_BYTES + SPARE_BYTES;
}
// @ts-ignore: decorator
@inline export function panelScratch(scratch: usize): usize {
  return offsetTable(scratch) + OFFSETS_BYTES;
}
// @ts-ignore: decorator
@inline export function blockScratch(scratch: usize): usize {
  return panelScratch(scratch) + PANELS_BYTES;
}

/** Rows of a block: m in equal parts of whole register tiles, of at most MC rows. */
export function blockRows(m: i32): i32 {
  const blocks = max(1, (m + MC - 1) / MC);
  const tiles = max(1, (m + MR - 1) / MR);
  return ((tiles + blocks - 1) / blocks) * MR;
}

/** Blocks of rows that m rows make. */
// @ts-ignore: decorator
@inline
export function blocksOf(m: i32): i32 {
  const block = blockRows(m);
  return (m + block - 1) / block;
}

/** How many steps of k a block takes: k in equal parts of at most KC, so that none is much shorter. */
export function blockLength(k: i32): i32 {
  const blocks = max(1, (k + KC - 1) / KC);
  return (k + blocks - 1) / blocks;
}

/** Pointers to `rows` rows that are `ld` floats apart, padded to whole tiles by the last one. */
export function fillTable(table: usize, first: usize, rows: i32, ld: i32): void {
  let row = first;
  for (let i = 0; i < rows; i++) {
    store<usize>(table + ((<usize>i) << 2), row);
    row += (<usize>ld) << 2;
  }
  padTable(table, rows);
}

/** The microkernel loads MR pointers even for fewer rows: the missing ones repeat the last. */
export function padTable(table: usize, rows: i32): void {
  const last = load<usize>(table + ((<usize>(rows - 1)) << 2));
  for (let i = rows; i % MR != 0; i++) store<usize>(table + ((<usize>i) << 2), last);
}
