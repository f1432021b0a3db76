// Programs: a training step is a list of op records in linear memory, walked by every thread.

import { Unary, UnaryBackward, unary, unaryBackward } from '../activation/activation';
import {
  NormApply, NormBackward, NormBackwardSums, NormStatistics, normApply, normBackward, normBackwardSums,
  normStatistics, normTiles,
} from '../norm/batchnorm';
import { Clip, ClipFactor, clip, clipFactor, SquareSum, squareSum } from '../optimizer/clip';
import { Binomial, binomial, binomialTiles } from '../pool/blur';
import { ChannelPool, ChannelPoolBackward, channelPool, channelPoolBackward, channelPoolTiles } from '../pool/channelpool';
import { Concat, concat, concatTiles } from '../merge/concat';
import {
  Conv, conv, convTiles, ConvBackwardFilter, convBackwardFilter, convBackwardFilterTiles, ConvBackwardInput,
  convBackwardInput, convBackwardInputTiles,
} from '../conv/conv';
import { Depthwise, DepthwiseBackwardFilter, depthwise, depthwiseBackwardFilter, depthwiseBackwardFilterTiles, depthwiseTiles } from '../conv/depthwise';
import { Add, add, Dropout, dropout, elementTiles, Multiply, multiply } from './elementwise';
import {
  Gate, Gated, GateBackward, gate, gatedTiles, gateBackward, gateBackwardTiles, SpatialDropout, spatialDropout,
} from '../merge/gate';
import { Gemm, gemm, gemmTiles, SCRATCH_BYTES } from '../gemm/gemm';
import { Col2im, col2im, col2imTiles, Im2col, im2col, im2colTiles, Window } from '../conv/im2col';
import { ElementLoss, elementLoss } from '../loss/loss';
import { Argmax, argmax, TopK, topK } from '../loss/metric';
import { LpPool, LpPoolBackward, lpPool, lpPoolBackward } from '../pool/lppool';
import { Lrn, LrnBackward, Normalization, lrn, lrnBackward, lrnScratch, lrnTiles } from '../norm/lrn';
import {
  NormBackwardMerge, NormFold, NormFoldFilter, NormMerge, NormRunning, normBackwardMerge, normFold, normFoldFilter, normFoldFilterTiles, normMerge, normRunning,
} from '../norm/moments';
import { Op, Opcode, RECORD_BYTES } from './op';
import {
  Adagrad, Adam, adagrad, adam, MovingAverage, movingAverage, Rmsprop, rmsprop, Sgd, sgd,
} from '../optimizer/optim';
import { Pack, PackFilter, pack, packFilter, packFilterTiles, packTiles, usesWideTile, useWideTile } from '../gemm/pack';
import { Pad, PadBackward, pad, padBackward, padBackwardTiles, padTiles } from '../spatial/pad';
import {
  AveragePool, AveragePoolBackward, averagePool, averagePoolBackward, MaxPool, MaxPoolBackward, maxPool,
  maxPoolBackward,
} from '../pool/pool';
import { Rbf, RbfBackwardInput, RbfBackwardKernel, rbf, rbfBackwardInput, rbfBackwardKernel, rbfTiles } from '../dense/rbf';
import { poolBackwardTiles, poolTiles } from '../pool/poolwindow';
import {
  ColumnSum, columnSum, Fingerprints, fingerprints, fingerprintsTiles, Mean, mean, SumPartials, sumPartials, sumPartialsTiles,
} from './reduce';
import {
  IdentityShortcut, IdentityShortcutBackward, identityShortcut, identityShortcutBackward,
  identityShortcutBackwardTiles, identityShortcutTiles,
} from '../merge/shortcut';
import {
  rowTiles, Softmax, SoftmaxBackward, SoftmaxCrossEntropy, softmax, softmaxBackward, softmaxCrossEntropy,
} from '../activation/softmax';
import { awaitRun, barrier, callTeam, runOf, take, takenCount } from './team';
import {
  Upsample, UpsampleBackward, Upsampling, upsample, upsampleBackward, upsampleBackwardTiles, upsampleScratch, upsampleTiles,
} from '../spatial/upsample';
import {
  Winograd, WinogradFilter, winograd, winogradFilter, winogradFilterTiles, winogradScratch, winogradTiles,
} from '../winograd/forward';
import {
  WinogradBackwardFilter, winogradBackwardFilter, winogradBackwardFilterScratch, winogradBackwardFilterTiles,
} from '../winograd/backward';

/**
 * Runs ops `first` … `last`−1 of a program with a team of `threads`; false where some of these do not come,
 * and the run was left. Thread 0 is who calls; `scratch` is the first thread's, those of the others follow.
 */
export function run(
  program: usize, first: i32, last: i32, team: usize, threads: i32, scratch: usize, scratchBytes: usize, mayBlock: bool,
): bool {
  if (ASC_FEATURE_THREADS) {
    const end = threads > 1 ? endOfShared(program, first, last) : first;
    if (end > first) {
      const run = runOf(team);
      run.program = program;
      run.first = first;
      run.last = end;
      run.threads = threads;
      run.scratch = scratch;
      run.scratchBytes = scratchBytes;
      run.wide = usesWideTile();
      run.mayBlock = mayBlock;
      callTeam(team);
      if (!walk(team, 0)) return false;
      first = end;
    }
  }
  for (let i = first; i < last; i++) {
    const op = recordOf(program, i);
    runTiles(op, 0, op.tiles, scratch);
  }
  return true;
}

/** What the other threads do: they take part in every run, until one has no threads. */
export function serve(team: usize, thread: i32): void {
  if (ASC_FEATURE_THREADS) {
    for (let runs = 0; ; ) {
      runs = awaitRun(team, runs);
      const run = runOf(team);
      if (run.threads == 0) return;
      useWideTile(run.wide);
      walk(team, thread);
    }
  }
}

/** Ends `serve` in all threads. */
export function dismiss(team: usize): void {
  if (ASC_FEATURE_THREADS) {
    runOf(team).threads = 0;
    callTeam(team);
  }
}

/** Behind the last op of a range that is shared: the others need not stay longer. */
function endOfShared(program: usize, first: i32, last: i32): i32 {
  while (last > first && recordOf(program, last - 1).shared == 1) last--;
  return last;
}

/** This thread's part of the run: its tiles of ops that are shared; thread 0 does the others alone. */
function walk(team: usize, thread: i32): bool {
  const run = runOf(team);
  const last = run.last;
  const scratch = run.scratch + <usize>thread * run.scratchBytes;
  let alone = false;
  for (let i = run.first; i < last; i++) {
    const op = recordOf(run.program, i);
    if (op.shared == 1) {
      if (thread == 0) runTiles(op, 0, op.tiles, scratch);
      alone = true;
      continue;
    }
    if (alone && !barrier(team, thread)) return false;
    alone = false;
    deal(op, team, thread, run.threads, scratch);
    if (!barrier(team, thread)) return false;
  }
  return true;
}

/** Tiles of an op until none are left: those of the thread's own share, then what others have not come to. */
function deal(op: Op, team: usize, thread: i32, threads: i32, scratch: usize): void {
  for (let i = 0; i < threads; i++) {
    const owner = (thread + i) % threads;
    const begin = <i32>(<i64>op.tiles * owner / threads);
    const share = <i32>(<i64>op.tiles * (owner + 1) / threads) - begin;
    for (let at = take(team, owner, share); at < share; at = take(team, owner, share)) {
      runTiles(op, begin + at, begin + min(share, at + takenCount), scratch);
    }
  }
}

/** Tiles `first` … `last`−1 of an op: they may be done in any order. */
export function runTiles(op: Op, first: i32, last: i32, scratch: usize): void {
  for (let tile = first; tile < last; tile++) execute(op, tile, scratch);
}

// @ts-ignore: decorator
@inline
function recordOf(program: usize, index: i32): Op {
  return changetype<Op>(program + <usize>index * RECORD_BYTES);
}

/**
 * Says how every op is cut into tiles for so many threads: once, after the records are written. Returns how
 * many bytes of scratch each thread must bring.
 */
export function prepare(program: usize, count: i32, threads: i32): usize {
  let more: usize = 0;
  for (let i = 0; i < count; i++) {
    const op = recordOf(program, i);
    op.shared = op.shared ? threads : 1;
    op.parts = 1;
    op.tiles = tiles(op);
    if (op.tiles < 2) op.shared = 1;
    more = max(more, scratchOf(op));
  }
  return SCRATCH_BYTES + more;
}

/** Bytes of scratch that an op needs beyond what all have. */
function scratchOf(op: Op): usize {
  switch (op.opcode) {
    case Opcode.Winograd: return winogradScratch(changetype<Winograd>(op));
    case Opcode.WinogradBackwardFilter: return winogradBackwardFilterScratch(changetype<WinogradBackwardFilter>(op));
    case Opcode.Lrn:
    case Opcode.LrnBackward: return lrnScratch(changetype<Normalization>(op));
    case Opcode.Upsample:
    case Opcode.UpsampleBackward: return upsampleScratch(changetype<Upsampling>(op));
    default: return 0;
  }
}

function tiles(op: Op): i32 {
  switch (op.opcode) {
    case Opcode.Pack: return packTiles(changetype<Pack>(op));
    case Opcode.PackFilter: return packFilterTiles(changetype<PackFilter>(op));
    case Opcode.Gemm: return gemmTiles(changetype<Gemm>(op));
    case Opcode.Conv: return convTiles(changetype<Conv>(op));
    case Opcode.ConvBackwardInput: return convBackwardInputTiles(changetype<ConvBackwardInput>(op));
    case Opcode.ConvBackwardFilter: return convBackwardFilterTiles(changetype<ConvBackwardFilter>(op));
    case Opcode.WinogradFilter: return winogradFilterTiles(changetype<WinogradFilter>(op));
    case Opcode.Winograd: return winogradTiles(changetype<Winograd>(op));
    case Opcode.WinogradBackwardFilter: return winogradBackwardFilterTiles(changetype<WinogradBackwardFilter>(op));
    case Opcode.Depthwise: return depthwiseTiles(changetype<Depthwise>(op));
    case Opcode.DepthwiseBackwardFilter: return depthwiseBackwardFilterTiles(changetype<DepthwiseBackwardFilter>(op));
    case Opcode.SumPartials: return sumPartialsTiles(changetype<SumPartials>(op));
    case Opcode.ColumnSum: return changetype<ColumnSum>(op).splits;
    case Opcode.Im2col: return im2colTiles(changetype<Im2col>(op));
    case Opcode.Col2im: return col2imTiles(changetype<Col2im>(op));
    case Opcode.MaxPool:
    case Opcode.AveragePool:
    case Opcode.LpPool: return poolTiles(changetype<Window>(op));
    case Opcode.MaxPoolBackward:
    case Opcode.AveragePoolBackward:
    case Opcode.LpPoolBackward: return poolBackwardTiles(changetype<Window>(op));
    case Opcode.IdentityShortcut: return identityShortcutTiles(changetype<IdentityShortcut>(op));
    case Opcode.IdentityShortcutBackward: return identityShortcutBackwardTiles(changetype<IdentityShortcutBackward>(op));
    case Opcode.NormStatistics: return changetype<NormStatistics>(op).splits;
    case Opcode.NormFoldFilter: return normFoldFilterTiles(changetype<NormFoldFilter>(op));
    case Opcode.NormApply: return normTiles(changetype<NormApply>(op).rows, changetype<NormApply>(op).channels);
    case Opcode.NormBackwardSums: return changetype<NormBackwardSums>(op).splits;
    case Opcode.NormBackward: return normTiles(changetype<NormBackward>(op).rows, changetype<NormBackward>(op).channels);
    case Opcode.Unary: return elementTiles(changetype<Unary>(op).count);
    case Opcode.UnaryBackward: return elementTiles(changetype<UnaryBackward>(op).count);
    case Opcode.Add: return elementTiles(changetype<Add>(op).count);
    case Opcode.Dropout: return elementTiles(changetype<Dropout>(op).count);
    case Opcode.Softmax: return rowTiles(changetype<Softmax>(op).rows);
    case Opcode.SoftmaxBackward: return rowTiles(changetype<SoftmaxBackward>(op).rows);
    case Opcode.SoftmaxCrossEntropy: return rowTiles(changetype<SoftmaxCrossEntropy>(op).rows);
    case Opcode.ElementLoss: return rowTiles(changetype<ElementLoss>(op).rows);
    case Opcode.TopK: return rowTiles(changetype<TopK>(op).rows);
    case Opcode.Sgd: return elementTiles(changetype<Sgd>(op).count);
    case Opcode.Adam: return elementTiles(changetype<Adam>(op).count);
    case Opcode.Rmsprop: return elementTiles(changetype<Rmsprop>(op).count);
    case Opcode.Adagrad: return elementTiles(changetype<Adagrad>(op).count);
    case Opcode.MovingAverage: return elementTiles(changetype<MovingAverage>(op).count);
    case Opcode.SquareSum: return changetype<SquareSum>(op).splits;
    case Opcode.Clip: return elementTiles(changetype<Clip>(op).count);
    case Opcode.Argmax: return rowTiles(changetype<Argmax>(op).rows);
    case Opcode.Multiply: return elementTiles(changetype<Multiply>(op).count);
    case Opcode.Gate:
    case Opcode.SpatialDropout: return gatedTiles(changetype<Gated>(op));
    case Opcode.GateBackward: return gateBackwardTiles(changetype<GateBackward>(op));
    case Opcode.Rbf: return rbfTiles(changetype<Rbf>(op).rows);
    case Opcode.RbfBackwardInput: return rbfTiles(changetype<RbfBackwardInput>(op).rows);
    case Opcode.RbfBackwardKernel: return rbfTiles(changetype<RbfBackwardKernel>(op).features);
    case Opcode.ChannelPool: return channelPoolTiles(changetype<ChannelPool>(op).count, changetype<ChannelPool>(op).size);
    case Opcode.ChannelPoolBackward: return channelPoolTiles(changetype<ChannelPoolBackward>(op).count, changetype<ChannelPoolBackward>(op).size);
    case Opcode.Binomial: return binomialTiles(changetype<Binomial>(op));
    case Opcode.Lrn:
    case Opcode.LrnBackward: return lrnTiles(changetype<Normalization>(op));
    case Opcode.Pad: return padTiles(changetype<Pad>(op));
    case Opcode.PadBackward: return padBackwardTiles(changetype<PadBackward>(op));
    case Opcode.Upsample: return upsampleTiles(changetype<Upsample>(op));
    case Opcode.UpsampleBackward: return upsampleBackwardTiles(changetype<UpsampleBackward>(op));
    case Opcode.Concat: return concatTiles(changetype<Concat>(op));
    case Opcode.Fingerprints: return fingerprintsTiles(changetype<Fingerprints>(op));
    default: return 1;
  }
}

function execute(op: Op, tile: i32, scratch: usize): void {
  switch (op.opcode) {
    case Opcode.Pack: pack(changetype<Pack>(op), tile); break;
    case Opcode.PackFilter: packFilter(changetype<PackFilter>(op), tile); break;
    case Opcode.Gemm: gemm(changetype<Gemm>(op), tile, scratch); break;
    case Opcode.Conv: conv(changetype<Conv>(op), tile, scratch); break;
    case Opcode.ConvBackwardInput: convBackwardInput(changetype<ConvBackwardInput>(op), tile, scratch); break;
    case Opcode.ConvBackwardFilter: convBackwardFilter(changetype<ConvBackwardFilter>(op), tile, scratch); break;
    case Opcode.WinogradFilter: winogradFilter(changetype<WinogradFilter>(op), tile, scratch); break;
    case Opcode.Winograd: winograd(changetype<Winograd>(op), tile, scratch); break;
    case Opcode.WinogradBackwardFilter: winogradBackwardFilter(changetype<WinogradBackwardFilter>(op), tile, scratch); break;
    case Opcode.Depthwise: depthwise(changetype<Depthwise>(op), tile, scratch); break;
    case Opcode.DepthwiseBackwardFilter: depthwiseBackwardFilter(changetype<DepthwiseBackwardFilter>(op), tile, scratch); break;
    case Opcode.SumPartials: sumPartials(changetype<SumPartials>(op), tile, scratch); break;
    case Opcode.ColumnSum: columnSum(changetype<ColumnSum>(op), tile, scratch); break;
    case Opcode.Im2col: im2col(changetype<Im2col>(op), tile, scratch); break;
    case Opcode.Col2im: col2im(changetype<Col2im>(op), tile); break;
    case Opcode.MaxPool: maxPool(changetype<MaxPool>(op), tile); break;
    case Opcode.MaxPoolBackward: maxPoolBackward(changetype<MaxPoolBackward>(op), tile); break;
    case Opcode.AveragePool: averagePool(changetype<AveragePool>(op), tile); break;
    case Opcode.AveragePoolBackward: averagePoolBackward(changetype<AveragePoolBackward>(op), tile); break;
    case Opcode.LpPool: lpPool(changetype<LpPool>(op), tile); break;
    case Opcode.LpPoolBackward: lpPoolBackward(changetype<LpPoolBackward>(op), tile); break;
    case Opcode.IdentityShortcut: identityShortcut(changetype<IdentityShortcut>(op), tile); break;
    case Opcode.IdentityShortcutBackward: identityShortcutBackward(changetype<IdentityShortcutBackward>(op), tile); break;
    case Opcode.NormStatistics: normStatistics(changetype<NormStatistics>(op), tile, scratch); break;
    case Opcode.NormMerge: normMerge(changetype<NormMerge>(op)); break;
    case Opcode.NormRunning: normRunning(changetype<NormRunning>(op)); break;
    case Opcode.NormFold: normFold(changetype<NormFold>(op)); break;
    case Opcode.NormFoldFilter: normFoldFilter(changetype<NormFoldFilter>(op), tile); break;
    case Opcode.NormApply: normApply(changetype<NormApply>(op), tile, scratch); break;
    case Opcode.NormBackwardSums: normBackwardSums(changetype<NormBackwardSums>(op), tile, scratch); break;
    case Opcode.NormBackwardMerge: normBackwardMerge(changetype<NormBackwardMerge>(op)); break;
    case Opcode.NormBackward: normBackward(changetype<NormBackward>(op), tile, scratch); break;
    case Opcode.Unary: unary(changetype<Unary>(op), tile); break;
    case Opcode.UnaryBackward: unaryBackward(changetype<UnaryBackward>(op), tile); break;
    case Opcode.Add: add(changetype<Add>(op), tile); break;
    case Opcode.Dropout: dropout(changetype<Dropout>(op), tile, scratch); break;
    case Opcode.Softmax: softmax(changetype<Softmax>(op), tile); break;
    case Opcode.SoftmaxBackward: softmaxBackward(changetype<SoftmaxBackward>(op), tile); break;
    case Opcode.SoftmaxCrossEntropy: softmaxCrossEntropy(changetype<SoftmaxCrossEntropy>(op), tile); break;
    case Opcode.ElementLoss: elementLoss(changetype<ElementLoss>(op), tile); break;
    case Opcode.Mean: mean(changetype<Mean>(op)); break;
    case Opcode.TopK: topK(changetype<TopK>(op), tile); break;
    case Opcode.Sgd: sgd(changetype<Sgd>(op), tile, scratch); break;
    case Opcode.Adam: adam(changetype<Adam>(op), tile, scratch); break;
    case Opcode.Rmsprop: rmsprop(changetype<Rmsprop>(op), tile, scratch); break;
    case Opcode.Adagrad: adagrad(changetype<Adagrad>(op), tile, scratch); break;
    case Opcode.MovingAverage: movingAverage(changetype<MovingAverage>(op), tile); break;
    case Opcode.SquareSum: squareSum(changetype<SquareSum>(op), tile); break;
    case Opcode.ClipFactor: clipFactor(changetype<ClipFactor>(op)); break;
    case Opcode.Clip: clip(changetype<Clip>(op), tile); break;
    case Opcode.Argmax: argmax(changetype<Argmax>(op), tile); break;
    case Opcode.Multiply: multiply(changetype<Multiply>(op), tile); break;
    case Opcode.Gate: gate(changetype<Gate>(op), tile, scratch); break;
    case Opcode.GateBackward: gateBackward(changetype<GateBackward>(op), tile, scratch); break;
    case Opcode.SpatialDropout: spatialDropout(changetype<SpatialDropout>(op), tile, scratch); break;
    case Opcode.Rbf: rbf(changetype<Rbf>(op), tile); break;
    case Opcode.RbfBackwardInput: rbfBackwardInput(changetype<RbfBackwardInput>(op), tile); break;
    case Opcode.RbfBackwardKernel: rbfBackwardKernel(changetype<RbfBackwardKernel>(op), tile); break;
    case Opcode.ChannelPool: channelPool(changetype<ChannelPool>(op), tile); break;
    case Opcode.ChannelPoolBackward: channelPoolBackward(changetype<ChannelPoolBackward>(op), tile); break;
    case Opcode.Binomial: binomial(changetype<Binomial>(op), tile); break;
    case Opcode.Lrn: lrn(changetype<Lrn>(op), tile, scratch); break;
    case Opcode.LrnBackward: lrnBackward(changetype<LrnBackward>(op), tile, scratch); break;
    case Opcode.Pad: pad(changetype<Pad>(op), tile); break;
    case Opcode.PadBackward: padBackward(changetype<PadBackward>(op), tile); break;
    case Opcode.Upsample: upsample(changetype<Upsample>(op), tile, scratch); break;
    case Opcode.UpsampleBackward: upsampleBackward(changetype<UpsampleBackward>(op), tile, scratch); break;
    case Opcode.Concat: concat(changetype<Concat>(op), tile); break;
    case Opcode.Fingerprints: fingerprints(changetype<Fingerprints>(op), tile); break;
    default: unreachable();
  }
}
