// Convolution as implicit im2col: blocks of the patch matrix, read in place from a few copied lines
// (lines.ts) or else gathered into scratch that stays in cache (im2col.ts), are multiplied with packed
// filters. Forward sums in the same order either way. NHWC activations, HWIO filters, channel groups.
//
// Forward is one `conv`. Backward-data is `conv` too, over dy: the input pixels that share their
// residue modulo the stride see the same subset of taps, flipped, at stride 1 (src/operators/conv/geometry.emit.ts
// enumerates these classes), and `y` is written with strides. Where that multiplies too many zeros it is
// `convBackwardInput`. Backward-filter is `convBackwardFilter`.

import {
  BLOCK,
  blockLength,
  blockRows,
  blockScratch,
  fillTable,
  ITSELF,
  KC,
  MC,
  multiplyColumns,
  multiplyPixels,
  multiplyRows,
  multiplyTaps,
  NC,
  NOTHING,
  offsetTable,
  outputTable,
  padTable,
  panelScratch,
  rowTable,
} from '../gemm/gemm';
import { gather, scatter, Window } from './im2col';
import { copyLines, linesFit, placePatches, placeTaps } from './lines';
import { In, InOut, Out } from '../core/op';
import { packedColumns, packPanels } from '../gemm/pack';
import { LEAST_COLUMNS, mostParts, partColumn, partsFor } from '../core/parts';
import { MR } from '../gemm/tile';

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

// @ts-ignore: decorator
@inline
function pixels(op: Window): i32 {
  return op.batch * op.outputHeight * op.outputWidth;
}

export function convTasks(op: Conv): i32 {
  if (convByLines(op)) return op.batch * imageTasks(op);
  // Each part gathers its patches again.
  const most = mostParts(op.filters, isPointwise(op) ? LEAST_COLUMNS : 4 * LEAST_COLUMNS);
  op.parts = op.groups > 1 ? 1 : partsFor(op.shared, pixels(op), blockRows(pixels(op)), most);
  return op.groups * blocksOf(pixels(op)) * op.parts;
}

/** Blocks of rows that m rows make. */
// @ts-ignore: decorator
@inline
function blocksOf(m: i32): i32 {
  const block = blockRows(m);
  return (m + block - 1) / block;
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

/** Outputs of an image from which on it pays to copy its lines. */
// @ts-ignore: decorator
@inline const LEAST_OUTPUTS: i32 = 96;

/**
 * Whether patches are read from lines in scratch rather than gathered. Small images are not: their
 * blocks go on from one image to the next. Pointwise ones need neither.
 */
function convByLines(op: Conv): bool {
  if (op.outputHeight * op.outputWidth < LEAST_OUTPUTS) return false;
  return op.kernelHeight * op.kernelWidth > 1 && linesFit(op, MC, BLOCK);
}

export function conv(op: Conv, task: i32, scratch: usize): void {
  if (convByLines(op)) convLines(op, task, scratch);
  else convGathered(op, task, scratch);
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

/**
 * dx by col2im: the gradients of a block of patches, dy·filtersᵀ, are made in scratch and added where
 * the patches lie. For small maps and few channels, where backward as a convolution would multiply
 * zeros. One task is an image's group: nobody else adds to it.
 */
@unmanaged
export class ConvBackwardInput extends Window {
  /** [batch × height × width × pixelChannels]. */
  dx: Out;
  /** [pixels × groups·filters]. */
  dy: In;
  /** filtersᵀ, packed by `pack`: [groups][panels of taps·channels][filters]. */
  packed: In;
  /** Output channels of one group. */
  filters: i32;
  groups: i32;
}

export function convBackwardInputTasks(op: ConvBackwardInput): i32 {
  return op.batch * op.groups;
}

export function convBackwardInput(op: ConvBackwardInput, task: i32, scratch: usize): void {
  const image = task / op.groups;
  const group = task - image * op.groups;
  const k = op.filters;
  const n = op.kernelHeight * op.kernelWidth * op.channels;
  const ld = k * op.groups;
  const count = op.outputHeight * op.outputWidth;
  const dx = op.dx + ((<usize>(group * op.channels)) << 2);
  const packed = op.packed + ((<usize>(group * packedColumns(n) * k)) << 2);
  const patches = blockScratch(scratch);
  const block = blockRows(count);
  clearImage(op, dx, image);
  for (let p0 = 0; p0 < count; p0 += block) {
    const rows = min(block, count - p0);
    const first = image * count + p0;
    fillTable(rowTable(scratch), op.dy + ((<usize>(first * ld + group * k)) << 2), rows, ld);
    for (let n0 = 0; n0 < n; n0 += NC) {
      const nc = min(NC, n - n0);
      fillTable(outputTable(scratch), patches, rows, nc);
      const kc = blockLength(k);
      for (let k0 = 0; k0 < k; k0 += kc) {
        const panel = packed + ((<usize>(n0 * k)) << 2);
        const length = min(kc, k - k0);
        multiplyRows(
          scratch,
          k0,
          panel,
          k,
          k0,
          length,
          rows,
          nc,
          0,
          k0 ? ITSELF : NOTHING,
          0,
          false,
        );
      }
      scatter(op, dx, first, rows, n0, nc, patches);
    }
  }
}

/** Zeros in this group's channels of an image. */
function clearImage(op: ConvBackwardInput, dx: usize, image: i32): void {
  const count = op.height * op.width;
  let to = dx + ((<usize>(image * count * op.pixelChannels)) << 2);
  if (op.groups == 1) {
    memory.fill(to, 0, (<usize>(count * op.pixelChannels)) << 2);
    return;
  }
  for (let i = 0; i < count; i++) {
    memory.fill(to, 0, (<usize>op.channels) << 2);
    to += (<usize>op.pixelChannels) << 2;
  }
}

/**
 * The filters' gradient: partials[s] = patchesᵀ·dy over the s-th part of the pixels. The number of
 * parts depends on the shape alone; `sumPartials` adds them.
 */
@unmanaged
export class ConvBackwardFilter extends Window {
  /** [splits][kernelHeight][kernelWidth][channels][groups·filters]. */
  partials: Out;
  x: In;
  /** [pixels × groups·filters]. */
  dy: In;
  /** Output channels of one group. */
  filters: i32;
  groups: i32;
  splits: i32;
}

export function convBackwardFilterTasks(op: ConvBackwardFilter): i32 {
  const rows = op.kernelHeight * op.kernelWidth * op.channels;
  op.parts = partsFor(
    op.shared,
    op.groups * op.splits,
    1,
    min(MOST_GRADIENT_PARTS, max(1, rows / MC)),
  );
  return op.groups * op.splits * op.parts;
}

/** Parts of the filters' rows: each packs dy again. */
// @ts-ignore: decorator
@inline const MOST_GRADIENT_PARTS: i32 = 16;

/** Pixels of a block that is read from lines: an image's in equal parts of at most KC. */
function linesBlock(op: ConvBackwardFilter): i32 {
  return blockLength(op.outputHeight * op.outputWidth);
}

function gradientByLines(op: ConvBackwardFilter): bool {
  return op.outputHeight * op.outputWidth >= LEAST_OUTPUTS && linesFit(op, linesBlock(op), BLOCK);
}

export function convBackwardFilter(op: ConvBackwardFilter, task: i32, scratch: usize): void {
  const piece = task / op.parts;
  const part = task - piece * op.parts;
  if (gradientByLines(op)) gradientLines(op, piece, part, scratch);
  else gradientGathered(op, piece, part, scratch);
}

function gradientLines(op: ConvBackwardFilter, split: i32, part: i32, scratch: usize): void {
  const count = op.outputHeight * op.outputWidth;
  const length = linesBlock(op);
  const perImage = (count + length - 1) / length;
  const blocks = op.batch * perImage;
  const first = (blocks * split) / op.splits;
  const end = (blocks * (split + 1)) / op.splits;
  const n = op.filters;
  // Neighbouring taps are neighbours in the lines, unless dilated: a kernel's row is then one run.
  const joined = op.dilationWidth == 1;
  const run = joined ? op.kernelWidth * op.channels : op.channels;
  const runs = op.kernelHeight * (joined ? 1 : op.kernelWidth);
  // Blocks of rows of all runs: a part takes some of them.
  const perRun = blocksOf(run);
  const begin = (runs * perRun * part) / op.parts;
  const stop = (runs * perRun * (part + 1)) / op.parts;
  const partial = op.partials + ((<usize>(split * runs * run * n)) << 2);
  const block = blockScratch(scratch);
  const offsets = offsetTable(scratch);
  for (let at = first; at < end; at++) {
    const image = at / perImage;
    const p0 = (at - image * perImage) * length;
    const pc = min(length, count - p0);
    copyLines(op, op.x, image, p0, pc, block);
    placePatches(op, offsets, 0, p0, pc);
    for (let n0 = 0; n0 < n; n0 += NC) {
      const nc = min(NC, n - n0);
      packPanels(
        panelScratch(scratch),
        op.dy + ((<usize>((image * count + p0) * n + n0)) << 2),
        pc,
        nc,
        n,
      );
      for (let b = begin; b < stop; b++) {
        const r = b / perRun;
        const m0 = (b - r * perRun) * blockRows(run);
        const mc = min(blockRows(run), run - m0);
        placeTaps(op, rowTable(scratch), r * run, 1);
        const start = block + load<usize>(rowTable(scratch)) + ((<usize>m0) << 2);
        fillTable(outputTable(scratch), partial + ((<usize>((r * run + m0) * n)) << 2), mc, n);
        multiplyPixels(
          scratch,
          start,
          panelScratch(scratch),
          pc,
          mc,
          nc,
          n0,
          at > first ? ITSELF : NOTHING,
        );
      }
    }
  }
}

function gradientGathered(op: ConvBackwardFilter, piece: i32, part: i32, scratch: usize): void {
  const group = piece / op.splits;
  const split = piece - group * op.splits;
  const total = pixels(op);
  // Whole blocks of KC pixels, dealt as evenly as they go.
  const blocks = (total + KC - 1) / KC;
  const from = ((blocks * split) / op.splits) * KC;
  const to = min(total, ((blocks * (split + 1)) / op.splits) * KC);
  const m = op.kernelHeight * op.kernelWidth * op.channels;
  const n = op.filters;
  const ld = n * op.groups;
  const partial = op.partials + ((<usize>(split * m * ld + group * n)) << 2);
  const x = op.x + ((<usize>(group * op.channels)) << 2);
  const dy = op.dy + ((<usize>(group * n)) << 2);
  const outputs = outputTable(scratch);
  const block = blockScratch(scratch);
  const begin = (m * part) / op.parts,
    stop = (m * (part + 1)) / op.parts;
  for (let p0 = from; p0 < to; p0 += KC) {
    const pc = min(KC, to - p0);
    for (let n0 = 0; n0 < n; n0 += NC) {
      const nc = min(NC, n - n0);
      packPanels(panelScratch(scratch), dy + ((<usize>(p0 * ld + n0)) << 2), pc, nc, ld);
      for (let m0 = begin; m0 < stop; m0 += blockRows(stop - begin)) {
        const mc = min(blockRows(stop - begin), stop - m0);
        gather(op, x, p0, pc, m0, mc, block, mc);
        fillTable(outputs, partial + ((<usize>(m0 * ld)) << 2), mc, ld);
        multiplyColumns(
          scratch,
          block,
          mc,
          panelScratch(scratch),
          pc,
          0,
          pc,
          mc,
          nc,
          n0,
          p0 > from ? ITSELF : NOTHING,
          0,
          false,
        );
      }
    }
  }
}
