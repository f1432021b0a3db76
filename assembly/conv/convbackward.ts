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
import { ABREAST, clearLanes, gradientAbreast, placeImages, toLanes } from './abreast';
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
  if (isAbreast(op)) return gradientSideBySide(op, piece, scratch);
  if (gradientByLines(op)) gradientLines(op, piece, part, scratch);
  else gradientGathered(op, piece, part, scratch);
}

function isAbreast(op: ConvBackwardFilter): bool {
  const taps = op.kernelHeight * op.kernelWidth;
  return op.filters <= 6 && op.batch >= 8 && op.groups == 1 && taps > 1 && taps * op.channels <= KC && op.dilationHeight == 1 && op.dilationWidth == 1;
}

function gradientSideBySide(op: ConvBackwardFilter, split: i32, scratch: usize): void {
  const n = op.filters;
  const width = lineFloats(op);
  const own = op.width * op.channels;
  const lineOut = op.outputWidth * n;
  const height = max(1, 512 / lineOut);
  const perGroup = (op.outputHeight + height - 1) / height;
  const groups = (op.batch + ABREAST - 1) / ABREAST;
  const blocks = groups * perGroup;
  const begin = (blocks * split) / op.splits, end = (blocks * (split + 1)) / op.splits;
  const depth = op.kernelHeight * op.kernelWidth * op.channels;
  const images = rowTable(scratch);
  const sums = panelScratch(scratch);
  const dy = sums + ((<usize>(6 * (depth + 1))) << 5);
  const lines = blockScratch(scratch);
  memory.fill(sums, 0, (<usize>(6 * (depth + 1))) << 5);
  const before = op.padLeft * op.channels;
  for (let b = begin; b < end; b++) {
    const group = b / perGroup;
    const first = group * ABREAST;
    const count = min(ABREAST, op.batch - first);
    const i0 = (b - group * perGroup) * height;
    const rows = min(height, op.outputHeight - i0);
    const top = i0 * op.strideHeight - op.padTop;
    const seen = (rows - 1) * op.strideHeight + op.kernelHeight;
    const inside = min(own, width - before);
    let to = lines;
    for (let h = top; h < top + seen; h++) {
      if (<u32>h >= <u32>op.height) {
        memory.fill(to, 0, (<usize>width) << 5);
      } else {
        memory.fill(to, 0, (<usize>before) << 5);
        placeImages(images, op.x + ((<usize>((first * op.height + h) * own)) << 2), count, (<usize>(op.height * own)) << 2);
        toLanes(to + ((<usize>before) << 5), images, inside);
        memory.fill(to + ((<usize>(before + inside)) << 5), 0, (<usize>(width - before - inside)) << 5);
      }
      to += (<usize>width) << 5;
    }
    placeImages(images, op.dy + ((<usize>((first * op.outputHeight + i0) * lineOut)) << 2), count, (<usize>(op.outputHeight * lineOut)) << 2);
    toLanes(dy, images, rows * lineOut);
    if (count < ABREAST) clearLanes(dy, rows * lineOut, count);
    gradientAbreast(op, sums, lines, dy, rows, n, width);
  }
  let to = op.partials + ((<usize>(split * depth * n)) << 2);
  for (let t = 0; t < depth; t++)
    for (let f = 0; f < n; f++) {
      const at = sums + ((<usize>(t * 6 + f)) << 5);
      store<f32>(to, sumLanes(f32x4.add(v128.load(at), v128.load(at, 16))));
      to += 4;
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
