// The gradients of a convolution: that of the filters, and that of the input by col2im. The latter is for where `conv`
// over dy (conv.ts) would multiply too many zeros.

import { In, Out } from '../core/op';
import { sumLanes } from '../core/simd';
import { partsFor } from '../core/parts';
import {
  BLOCK,
  blockLength,
  blockRows,
  blockScratch,
  blocksOf,
  fillTable,
  KC,
  MC,
  NC,
  offsetTable,
  outputTable,
  panelScratch,
  rowTable,
} from '../gemm/blocks';
import { ITSELF, multiplyColumns, multiplyPixels, multiplyRows, NOTHING } from '../gemm/multiply';
import { packedColumns, packPanels } from '../gemm/pack';
import { gather, pixels, scatter, Window } from './im2col';
import {
  ABREAST,
  addGradients,
  clearLanes,
  imageGroups,
  isAbreast,
  linesAtOnce,
  MOST_ROWS,
  placeImages,
  toLanes,
} from './abreast';
import { copyLines, LEAST_OUTPUTS, lineFloats, linesFit, placePatches, placeTaps } from './lines';

/**
 * dx by col2im: the gradients of a block of patches, dy·filtersᵀ, are made in scratch and added where
 * the patches lie. For small images and few channels, where `conv` over dy would multiply many zeros. One task is
 * one group of channels of one image: no other task adds to it.
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

/** Whether images lie side by side (abreast.ts). */
// @ts-ignore: decorator
@inline
function gradientByImages(op: ConvBackwardFilter): bool {
  return isAbreast(op, op.filters, op.groups);
}

export function convBackwardFilterTasks(op: ConvBackwardFilter): i32 {
  op.parts = 1;
  if (gradientByImages(op)) return op.splits;
  const rows = op.kernelHeight * op.kernelWidth * op.channels;
  op.parts = partsFor(
    op.shared,
    op.groups * op.splits,
    1,
    min(MOST_GRADIENT_PARTS, max(1, rows / MC)),
  );
  return op.groups * op.splits * op.parts;
}

/** The most parts that the filters' rows are cut into: each packs dy again. */
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
  if (gradientByImages(op)) gradientImages(op, piece, scratch);
  else if (gradientByLines(op)) gradientLines(op, piece, part, scratch);
  else gradientGathered(op, piece, part, scratch);
}

/** Floats of dy of each image that are side by side at a time: together they stay in the first level of cache. */
const DY_FLOATS: i32 = 512;

function gradientImages(op: ConvBackwardFilter, split: i32, scratch: usize): void {
  const n = op.filters;
  const width = lineFloats(op);
  const wanted = DY_FLOATS / (op.outputWidth * n);
  const height = linesAtOnce(op, min(wanted, op.outputHeight), width);
  const perGroup = (op.outputHeight + height - 1) / height;
  const blocks = imageGroups(op) * perGroup;
  const begin = (blocks * split) / op.splits,
    end = (blocks * (split + 1)) / op.splits;
  const taps = op.kernelHeight * op.kernelWidth * op.channels;
  const images = rowTable(scratch),
    lines = blockScratch(scratch),
    sums = panelScratch(scratch);
  const room = (<usize>((taps + 1) * MOST_ROWS)) << 5;
  const dy = sums + room;
  memory.fill(sums, 0, room);
  for (let block = begin; block < end; block++) {
    const group = block / perGroup;
    const first = group * ABREAST;
    const count = min(ABREAST, op.batch - first);
    const i = (block - group * perGroup) * height;
    const rows = min(height, op.outputHeight - i);
    paddedLines(op, lines, images, first, count, i, rows);
    const image = op.outputHeight * op.outputWidth * n;
    const line = op.outputWidth * n;
    placeImages(images, op.dy + ((<usize>(first * image + i * line)) << 2), count, image);
    toLanes(dy, images, rows * line);
    if (count < ABREAST) clearLanes(dy, rows * line, count);
    addGradients(op, sums, lines, width, dy, n, rows);
  }
  let to = op.partials + ((<usize>(split * taps * n)) << 2);
  for (let t = 0; t < taps; t++) {
    for (let f = 0; f < n; f++) {
      const from = sums + ((<usize>(t * MOST_ROWS + f)) << 5);
      store<f32>(to, sumLanes(f32x4.add(v128.load(from), v128.load(from, 16))));
      to += 4;
    }
  }
}

/** Brings the lines that `rows` lines of outputs from i on see side by side, with their padding. */
function paddedLines(
  op: ConvBackwardFilter,
  to: usize,
  images: usize,
  first: i32,
  count: i32,
  i: i32,
  rows: i32,
): void {
  const width = lineFloats(op);
  const own = op.width * op.channels;
  const before = min(width, op.padLeft * op.channels);
  const inside = min(width - before, own);
  const top = i * op.strideHeight - op.padTop;
  const bottom = top + (rows - 1) * op.strideHeight + op.kernelHeight;
  for (let h = top; h < bottom; h++) {
    const after = to + ((<usize>width) << 5);
    if (<u32>h < <u32>op.height) {
      const line = op.x + ((<usize>((first * op.height + h) * own)) << 2);
      placeImages(images, line, count, op.height * own);
      const start = to + ((<usize>before) << 5);
      memory.fill(to, 0, start - to);
      toLanes(start, images, inside);
      const stop = start + ((<usize>inside) << 5);
      memory.fill(stop, 0, after - stop);
    } else {
      memory.fill(to, 0, after - to);
    }
    to = after;
  }
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
