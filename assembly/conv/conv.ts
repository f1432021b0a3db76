// Convolution as implicit im2col: blocks of the patch matrix, read in place from a few copied lines
// (lines.ts) or else gathered into scratch that stays in cache (im2col.ts), are multiplied with packed
// filters. Few filters are convolved over several images side by side (abreast.ts). All ways sum in the same order. NHWC
// activations, HWIO filters, channel groups.
//
// Forward is one `conv`. The gradient of the input is `conv` too, over dy: the input pixels that share their
// residue modulo the stride see the same subset of taps, flipped, at stride 1 (src/operators/conv/geometry.emit.ts
// lists these residues), and `y` is written with strides. Other ways backward are in convbackward.ts.

import { In, InOut } from '../core/op';
import { LEAST_COLUMNS, mostParts, partColumn, partsFor } from '../core/parts';
import {
  BLOCK,
  blockLength,
  blockRows,
  blockScratch,
  blocksOf,
  fillTable,
  MC,
  panelScratch,
  offsetTable,
  outputTable,
  padTable,
  rowTable,
} from '../gemm/blocks';
import { ITSELF, multiplyRows, multiplyTaps, NOTHING, ZEROS } from '../gemm/multiply';
import { packedColumns } from '../gemm/pack';
import { MR } from '../gemm/tile';
import {
  ABREAST,
  fromLanes,
  imageGroups,
  isAbreast,
  lineAbreast,
  linesAtOnce,
  placeImages,
  toLanes,
} from './abreast';
import { gather, pixels, Window } from './im2col';
import { copyLines, LEAST_OUTPUTS, linesFit, placePatches, placeTaps } from './lines';

/** y = filters ⋆ x + bias + residual, then ReLU where asked. `channels` is one group's. */
@unmanaged
export class Conv extends Window {
  /** Written at (image·yImage + i·yRow + j·yColumn + filter), in floats, and nowhere else. */
  y: InOut;
  x: In;
  /** Packed by `pack` or `packFilter`: [groups][panels of filters][k], k = taps·channels. */
  packed: In;
  /** [groups·filters], or 0 for none. */
  bias: In;
  /** Laid out as y is, or 0 for none. */
  residual: In;
  /** Output channels of one group. */
  filters: i32;
  groups: i32;
  yImage: i32;
  yRow: i32;
  yColumn: i32;
  rectify: i32;
}

export function convTasks(op: Conv): i32 {
  if (convByImages(op)) return imageGroups(op) * groupTasks(op);
  if (convByLines(op)) return op.batch * imageTasks(op);
  // Each part gathers its patches again.
  const most = mostParts(op.filters, isPointwise(op) ? LEAST_COLUMNS : 4 * LEAST_COLUMNS);
  op.parts = op.groups > 1 ? 1 : partsFor(op.shared, pixels(op), blockRows(pixels(op)), most);
  return op.groups * blocksOf(pixels(op)) * op.parts;
}

/** Tasks of an image: of up to four blocks of MC outputs that share their lines, if enough tasks remain. */
function imageTasks(op: Window): i32 {
  const count = op.outputHeight * op.outputWidth;
  for (let blocks = 4; blocks > 1; blocks >>= 1) {
    const tasks = (count + blocks * MC - 1) / (blocks * MC);
    if (op.batch * tasks >= 16 && linesFit(op, blocks * MC, BLOCK)) return tasks;
  }
  return (count + MC - 1) / MC;
}

/**
 * Whether patches are read from lines in scratch rather than gathered. Small images are not: their
 * blocks go on from one image to the next. Pointwise ones need neither.
 */
function convByLines(op: Conv): bool {
  if (op.outputHeight * op.outputWidth < LEAST_OUTPUTS) return false;
  return op.kernelHeight * op.kernelWidth > 1 && linesFit(op, MC, BLOCK);
}

export function conv(op: Conv, task: i32, scratch: usize): void {
  if (convByImages(op)) convImages(op, task, scratch);
  else if (convByLines(op)) convLines(op, task, scratch);
  else convGathered(op, task, scratch);
}

/** Whether images are convolved side by side. */
function convByImages(op: Conv): bool {
  return op.yColumn == op.filters && isAbreast(op, op.filters, op.groups);
}

/** Tasks of a group of images: parts of its lines, as many as make 16 tasks, and as need no more scratch than there is. */
function groupTasks(op: Conv): i32 {
  const wanted = (16 + imageGroups(op) - 1) / imageGroups(op);
  const lines = max(1, op.outputHeight / wanted);
  const most = linesAtOnce(op, lines, op.width * op.channels);
  return (op.outputHeight + most - 1) / most;
}

function convImages(op: Conv, task: i32, scratch: usize): void {
  const parts = groupTasks(op);
  const group = task / parts;
  const part = task - group * parts;
  const first = group * ABREAST;
  const count = min(ABREAST, op.batch - first);
  const begin = (op.outputHeight * part) / parts,
    end = (op.outputHeight * (part + 1)) / parts;
  const top = max(0, begin * op.strideHeight - op.padTop);
  const bottom = min(op.height, (end - 1) * op.strideHeight - op.padTop + op.kernelHeight);
  const line = op.width * op.channels;
  const images = rowTable(scratch),
    lines = blockScratch(scratch),
    results = panelScratch(scratch);
  const x = op.x + ((<usize>((first * op.height + top) * line)) << 2);
  placeImages(images, x, count, op.height * line);
  // Outputs may see nothing but padding.
  toLanes(lines, images, max(0, bottom - top) * line);
  const floor = f32x4.splat(op.rectify ? 0 : -Infinity);
  for (let i = begin; i < end; i++) {
    lineAbreast(op, results, lines, top, i, op.packed, op.filters, op.bias ? op.bias : ZEROS);
    const y = op.y + ((<usize>(first * op.yImage + i * op.yRow)) << 2);
    placeImages(images, y, count, op.yImage);
    fromLanes(images, results, op.outputWidth * op.filters, count, residualOf(op), floor);
  }
}

function convLines(op: Conv, task: i32, scratch: usize): void {
  const tasks = imageTasks(op);
  const count = op.outputHeight * op.outputWidth;
  const image = task / tasks;
  // Tasks of equal length, in whole register tiles.
  const length = (((count + tasks - 1) / tasks + MR - 1) / MR) * MR;
  const first = (task - image * tasks) * length;
  const end = min(first + length, count);
  if (first >= end) return;
  const lines = blockScratch(scratch);
  const k = op.kernelHeight * op.kernelWidth * op.channels;
  const kc = blockLength(k);
  copyLines(op, op.x, image, first, end - first, lines);
  for (let k0 = 0; k0 < k; k0 += kc) {
    const steps = min(kc, k - k0);
    const rectify = k0 + steps == k && op.rectify != 0;
    const addend = k0 ? ITSELF : residualOf(op);
    placeTaps(op, offsetTable(scratch), k0, steps);
    let line = lines;
    const block = blockRows(end - first);
    for (let p0 = first; p0 < end; p0 += block) {
      const rows = min(block, end - p0);
      line = placePatches(op, rowTable(scratch), line, p0, rows);
      padTable(rowTable(scratch), rows);
      tabulate(
        op,
        outputTable(scratch),
        op.y,
        image * count + p0,
        rows,
        op.yImage,
        op.yRow,
        op.yColumn,
      );
      multiplyTaps(
        scratch,
        op.packed,
        k,
        k0,
        steps,
        rows,
        op.filters,
        addend,
        k0 ? 0 : op.bias,
        rectify,
      );
    }
  }
}

/** Where the residual is, in bytes from y. */
// @ts-ignore: decorator
@inline
function residualOf(op: Conv): i32 {
  return op.residual ? <i32>(op.residual - op.y) : NOTHING;
}

function convGathered(op: Conv, task: i32, scratch: usize): void {
  const blocks = blocksOf(pixels(op));
  const block = blockRows(pixels(op));
  // Of several groups, or of several parts of the one.
  const piece = task / blocks;
  const group = op.parts > 1 ? 0 : piece;
  const column = op.parts > 1 ? partColumn(piece, op.parts, op.filters) : 0;
  const n = op.parts > 1 ? partColumn(piece + 1, op.parts, op.filters) - column : op.filters;
  const first = (task - piece * blocks) * block;
  const rows = min(block, pixels(op) - first);
  const k = op.kernelHeight * op.kernelWidth * op.channels;
  const x = op.x + ((<usize>(group * op.channels)) << 2);
  const packed = op.packed + ((<usize>((group * packedColumns(n) + column) * k)) << 2);
  const bias = op.bias ? op.bias + ((<usize>(group * n + column)) << 2) : 0;
  const outputs = outputTable(scratch);
  const table = rowTable(scratch);
  const gathered = blockScratch(scratch);
  tabulate(
    op,
    outputs,
    op.y + ((<usize>(group * n)) << 2),
    first,
    rows,
    op.yImage,
    op.yRow,
    op.yColumn,
  );

  const pointwise = isPointwise(op);
  const kc = blockLength(k);
  if (pointwise) {
    const column = op.pixelChannels * op.strideWidth;
    const line = op.pixelChannels * op.width;
    tabulate(op, table, x, first, rows, line * op.height, line * op.strideHeight, column);
  } else {
    fillTable(table, gathered, rows, kc);
  }
  let k0 = 0;
  do {
    const length = min(kc, k - k0);
    // A stride wider than the kernel leaves backward-data residues that no tap reaches: k is 0, dx too.
    if (!pointwise && length > 0) gather(op, x, first, rows, k0, length, gathered, kc);
    const last = k0 + length == k;
    multiplyRows(
      scratch,
      pointwise ? k0 : 0,
      packed,
      k,
      k0,
      length,
      rows,
      n,
      column,
      k0 ? ITSELF : residualOf(op),
      k0 ? 0 : bias,
      last && op.rectify != 0,
    );
    k0 += kc;
  } while (k0 < k);
}

/** A 1×1 kernel that stays inside the image needs no gathering: its patches are the pixels themselves. */
function isPointwise(op: Conv): bool {
  return (
    op.channels > 0 &&
    op.kernelHeight * op.kernelWidth == 1 &&
    staysInside(op.padTop, op.outputHeight, op.strideHeight, op.height) &&
    staysInside(op.padLeft, op.outputWidth, op.strideWidth, op.width)
  );
}

// @ts-ignore: decorator
@inline
function staysInside(pad: i32, outputs: i32, stride: i32, side: i32): bool {
  return pad == 0 && (outputs - 1) * stride < side;
}

/** Pointers to output pixels first … first+rows−1 of a tensor with the given strides, in floats. */
function tabulate(
  op: Window,
  table: usize,
  base: usize,
  first: i32,
  rows: i32,
  image: i32,
  row: i32,
  column: i32,
): void {
  let j = first % op.outputWidth;
  const line = first / op.outputWidth;
  let i = line % op.outputHeight;
  let at = base + ((<usize>((line / op.outputHeight) * image)) << 2);
  for (let r = 0; r < rows; r++) {
    store<usize>(table + ((<usize>r) << 2), at + ((<usize>(i * row + j * column)) << 2));
    if (++j == op.outputWidth) {
      j = 0;
      if (++i == op.outputHeight) {
        i = 0;
        at += (<usize>image) << 2;
      }
    }
  }
  padTable(table, rows);
}
