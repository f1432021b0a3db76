// Convolution by Winograd's minimal filtering (Lavin & Gray, arXiv 1509.09308), forward and backward-data. Patches of the
// image and filters are transformed, multiplied as one matrix product over channels for each plane, and the products
// transformed back; the transforms only add and scale. F(4×4, 3×3) has 36 multiplications for 144.
//
// form.ts has the forms, lines.ts the transforms, filter.ts the filters', backward.ts the gradient of the filters.

import {
  blockLength,
  blockRows,
  fillTable,
  MC,
  outputTable,
  rowTable,
  SCRATCH_BYTES,
} from '../gemm/blocks';
import { ITSELF, multiplyEven, multiplyRows, NOTHING, ZEROS } from '../gemm/multiply';
import { Window } from '../conv/im2col';
import { In, Out } from '../core/op';
import { LEAST_COLUMNS, mostParts, partColumn, partsFor } from '../core/parts';
import { filterPlane } from './filter';
import {
  columnParts,
  columnPoints,
  columnsOut,
  firstPart,
  GAP,
  HALF_BYTES,
  padded,
  partCount,
  patches,
  patchFloats,
  planes,
  rowParts,
  rowPoints,
  rowsOut,
  transformPatch,
  zerosFor,
} from './form';
import { outputRows, productColumns } from './lines';
import { storeLanes, zero } from '../core/simd';
import { MR } from '../gemm/tile';

/** y = filters ⋆ x + bias + residual, then ReLU where asked: a square of outputs from each patch. */
@unmanaged
export class Winograd extends Window {
  /** Images of yHeight lines of yWidth pixels, which are so many floats apart. */
  y: Out;
  x: In;
  /** Transformed by `winogradFilter`. */
  packed: In;
  /** [filters], or 0 for none. */
  bias: In;
  /** Laid out as y is, or 0 for none. */
  residual: In;
  filters: i32;
  /** Size of the output, in pixels; the window's output size counts patches. */
  yHeight: i32;
  yWidth: i32;
  yImage: i32;
  yRow: i32;
  yColumn: i32;
  rectify: i32;
}

/** Rows of the matrix that a plane multiplies with. */
// @ts-ignore: decorator
@inline
function depth(op: Winograd): i32 {
  return rowParts(op) * columnParts(op) * op.channels;
}

/**
 * Patches that are worked on together. Each block reads all filters again: few, which stay in L2 from transform to
 * transform, are best where the filters do too, and more of them, the larger the filters are. Each thread
 * gets the same number of blocks, of about the same length.
 */
function blockOf(op: Winograd): i32 {
  const floats = depth(op) * op.filters;
  const most = floats <= SMALL ? 2 * MR : floats <= LARGE ? 5 * MR : MC;
  const share = (patches(op) + op.shared - 1) / op.shared;
  const count = max(1, share < LEAST_SHARE ? patches(op) : share);
  const blocks = (count + most - 1) / most;
  return (count + blocks - 1) / blocks;
}

/** With fewer patches than this, reading the filters takes longer than multiplying by them. */
// @ts-ignore: decorator
@inline const LEAST_SHARE: i32 = 10;

/** Floats of a plane of filters: 36 of them are 1 MiB and 9 MiB, more than L2 and than a core's share of L3. */
// @ts-ignore: decorator
@inline const SMALL: i32 = 8192;
// @ts-ignore: decorator
@inline const LARGE: i32 = 65536;

/** Patches of the last block: it has a few that are left, too, as they would read all filters for themselves. */
function lastBlock(op: Winograd): i32 {
  const block = blockOf(op);
  const rest = patches(op) % block;
  const joins = rest < MR && patches(op) > block && block + rest <= MC;
  return rest == 0 || joins ? block + rest : rest;
}

function blocksOf(op: Winograd): i32 {
  return (patches(op) - lastBlock(op)) / blockOf(op) + 1;
}

export function winogradTasks(op: Winograd): i32 {
  // Each part transforms its patches again.
  op.parts = partsFor(op.shared, patches(op), blockOf(op), mostParts(op.filters, LEAST_COLUMNS));
  return blocksOf(op) * op.parts;
}

/** Bytes of scratch beyond what every op has: transformed patches, products, a patch half-way and its outputs, a line of zeros. */
export function winogradScratch(op: Winograd): usize {
  const block = max(blockOf(op), lastBlock(op));
  const floats = planes(op) * (block * (patchFloats(op) + padded(op.filters)) + 2 * GAP);
  return ((<usize>(floats + zerosFor(op))) << 2) + 2 * HALF_BYTES;
}

export function winograd(op: Winograd, task: i32, scratch: usize): void {
  const blocks = blocksOf(op);
  const part = task / blocks;
  const first = (task - part * blocks) * blockOf(op);
  const block = max(blockOf(op), lastBlock(op));
  const count = part * blocks + blocks - 1 == task ? lastBlock(op) : blockOf(op);
  const column = partColumn(part, op.parts, op.filters);
  const n = partColumn(part + 1, op.parts, op.filters) - column;
  const ldv = patchFloats(op),
    ldm = padded(op.filters);
  const vPlane = block * ldv + GAP,
    mPlane = block * ldm + GAP;
  const v = scratch + SCRATCH_BYTES;
  const m = v + ((<usize>(planes(op) * vPlane)) << 2);
  const half = m + ((<usize>(planes(op) * mPlane)) << 2);
  const zeros = half + 2 * HALF_BYTES;
  const channels = op.channels;
  zero(zeros, zerosFor(op));
  for (let t = 0; t < count; t++) {
    let to = v + ((<usize>(t * ldv)) << 2);
    // Each writes a little too far, into the next.
    for (let s = 0; s < rowParts(op) * columnParts(op); s++) {
      transformPatch(op, op.x, first + t, s, 0, channels, to, (<usize>vPlane) << 2, half, zeros);
      to += (<usize>channels) << 2;
    }
  }
  fillTable(rowTable(scratch), v, count, ldv);
  fillTable(outputTable(scratch), m, count, ldm);
  const k = depth(op);
  // Products have room for whole panels, of which columns past the last filter are 0.
  const columns = padded(n);
  let packed = op.packed + ((<usize>(column * k)) << 2);
  let plane = 0;
  for (let i = 0; i < rowPoints(op); i++) {
    for (let j = 0; j < columnPoints(op); j++) {
      const begin = firstPart(op, j) * channels;
      const length = partCount(op, i, j) * channels;
      const kc = blockLength(length);
      const from = plane * vPlane + begin,
        to = plane * mPlane;
      if (kc == length && count % MR == 0) {
        const a = v + ((<usize>from) << 2),
          c = m + ((<usize>to) << 2);
        multiplyEven(c, ldm, a, ldv, packed, k, begin, length, count, columns);
      } else {
        for (let k0 = 0; k0 < length; k0 += kc) {
          const steps = min(kc, length - k0);
          const addend = k0 ? ITSELF : NOTHING;
          multiplyRows(
            scratch,
            from + k0,
            packed,
            k,
            begin + k0,
            steps,
            count,
            columns,
            to,
            addend,
            0,
            false,
          );
        }
      }
      plane++;
      packed += (<usize>filterPlane(k, op.filters)) << 2;
    }
  }
  for (let t = 0; t < count; t++) {
    const from = m + ((<usize>(t * ldm)) << 2);
    transformProducts(op, first + t, column, n, from, (<usize>mPlane) << 2, half, zeros);
  }
}

/**
 * Aᵀ·m·A, bias, residual and ReLU: the square of outputs of a patch, or as many as are inside the image, for `filters`
 * filters from `first` on.
 */
function transformProducts(
  op: Winograd,
  index: i32,
  first: i32,
  filters: i32,
  from: usize,
  plane: usize,
  half: usize,
  zeros: usize,
): void {
  const line = index / op.outputWidth;
  const image = line / op.outputHeight;
  const height = rowsOut(op),
    width = columnsOut(op);
  const top = (line - image * op.outputHeight) * height;
  const left = (index - line * op.outputWidth) * width;
  const rows = min(height, op.yHeight - top),
    columns = min(width, op.yWidth - left);
  const row = (<usize>op.yRow) << 2,
    column = (<usize>op.yColumn) << 2;
  const least: f32 = op.rectify ? 0 : -Infinity;
  const points = columnPoints(op);
  const done = half + HALF_BYTES;
  // Column by column.
  const doneColumn = (<usize>height) << 5;
  let to = op.y + ((<usize>(image * op.yImage + top * op.yRow + left * op.yColumn + first)) << 2);
  for (let n = 0; n < filters; n += 8) {
    productColumns(
      rowPoints(op),
      height,
      from,
      <usize>points * plane,
      plane,
      points,
      half,
      (<usize>points) << 5,
    );
    const bias = op.bias ? op.bias + ((<usize>(first + n)) << 2) : ZEROS;
    const moves: usize = op.residual ? 1 : 0;
    const residual = op.residual ? to + (op.residual - op.y) : zeros;
    if (columns == width && filters - n >= 8) {
      outputRows(points, width, half, rows, bias, to, row, column, residual, moves, least);
    } else {
      outputRows(points, width, half, rows, bias, done, 32, doneColumn, zeros, 0, -Infinity);
      for (let i = 0; i < rows; i++) {
        const down = <usize>i * row;
        copyLine(
          to + down,
          column,
          residual + moves * down,
          moves * column,
          done + ((<usize>i) << 5),
          doneColumn,
          columns,
          filters - n,
          least,
        );
      }
    }
    from += 32;
    to += 32;
  }
}

/** The first `columns` of a line of outputs at `from`, and of each the first `n` filters. */
function copyLine(
  to: usize,
  column: usize,
  residual: usize,
  step: usize,
  from: usize,
  fromColumn: usize,
  columns: i32,
  n: i32,
  least: f32,
): void {
  const floor = f32x4.splat(least);
  for (let j = 0; j < columns; j++) {
    const v0 = f32x4.pmax(f32x4.add(v128.load(from), v128.load(residual)), floor);
    const v1 = f32x4.pmax(f32x4.add(v128.load(from, 16), v128.load(residual, 16)), floor);
    storeLanes(to, v0, n);
    if (n > 4) storeLanes(to + 16, v1, n - 4);
    to += column;
    residual += step;
    from += fromColumn;
  }
}
