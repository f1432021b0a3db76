// Programs: a training step is a list of op records in linear memory, walked by every thread.

import { Unary, UnaryBackward, unary, unaryBackward } from '../activation/activation';
import {
  NormApply, NormBackward, NormBackwardSums, NormStatistics, normApply, normBackward, normBackwardSums,
  normStatistics, normTasks,
} from '../norm/batchnorm';
import { Clip, ClipFactor, clip, clipFactor, SquareSum, squareSum } from '../optimizer/clip';
import { Binomial, binomial, binomialTasks } from '../pool/blur';
import { ChannelPool, ChannelPoolBackward, channelPool, channelPoolBackward, channelPoolTasks } from '../pool/channelpool';
import { Concat, concat, concatTasks } from '../merge/concat';
import {
  Conv, conv, convTasks, ConvBackwardFilter, convBackwardFilter, convBackwardFilterTasks, ConvBackwardInput,
  convBackwardInput, convBackwardInputTasks,
} from '../conv/conv';
import { Depthwise, DepthwiseBackwardFilter, depthwise, depthwiseBackwardFilter, depthwiseBackwardFilterTasks, depthwiseTasks } from '../conv/depthwise';
import { Add, add, Dropout, dropout, elementTasks, Multiply, multiply } from './elementwise';
import {
  Gate, Gated, GateBackward, gate, gatedTasks, gateBackward, gateBackwardTasks, SpatialDropout, spatialDropout,
} from '../merge/gate';
import { Gemm, gemm, gemmTasks, SCRATCH_BYTES } from '../gemm/gemm';
import { Col2im, col2im, col2imTasks, Im2col, im2col, im2colTasks, Window } from '../conv/im2col';
import { ElementLoss, elementLoss } from '../loss/loss';
import { Argmax, argmax, TopK, topK } from '../loss/metric';
import { LpPool, LpPoolBackward, lpPool, lpPoolBackward } from '../pool/lppool';
import { Lrn, LrnBackward, Normalization, lrn, lrnBackward, lrnScratch, lrnTasks } from '../norm/lrn';
import {
  NormBackwardMerge, NormFold, NormFoldFilter, NormMerge, NormRunning, normBackwardMerge, normFold, normFoldFilter, normFoldFilterTasks, normMerge, normRunning,
} from '../norm/moments';
import { Op, Opcode, RECORD_BYTES } from './op';
import {
  Adagrad, Adam, adagrad, adam, MovingAverage, movingAverage, Rmsprop, rmsprop, Sgd, sgd,
} from '../optimizer/optim';
import { Pack, PackFilter, pack, packFilter, packFilterTasks, packTasks, usesWideTile, useWideTile } from '../gemm/pack';
import { Pad, PadBackward, pad, padBackward, padBackwardTasks, padTasks } from '../spatial/pad';
import {
  AveragePool, AveragePoolBackward, averagePool, averagePoolBackward, MaxPool, MaxPoolBackward, maxPool,
  maxPoolBackward,
} from '../pool/pool';
import { Rbf, RbfBackwardInput, RbfBackwardKernel, rbf, rbfBackwardInput, rbfBackwardKernel, rbfTasks } from '../dense/rbf';
import { poolBackwardTasks, poolTasks } from '../pool/poolwindow';
import {
  ColumnSum, columnSum, Fingerprints, fingerprints, fingerprintsTasks, Mean, mean, SumPartials, sumPartials, sumPartialsTasks,
} from './reduce';
import {
  IdentityShortcut, IdentityShortcutBackward, identityShortcut, identityShortcutBackward,
  identityShortcutBackwardTasks, identityShortcutTasks,
} from '../merge/shortcut';
import {
  rowTasks, Softmax, SoftmaxBackward, SoftmaxCrossEntropy, softmax, softmaxBackward, softmaxCrossEntropy,
} from '../activation/softmax';
import { awaitRun, barrier, callTeam, runOf, take, takenCount } from './team';
import {
  Upsample, UpsampleBackward, Upsampling, upsample, upsampleBackward, upsampleBackwardTasks, upsampleScratch, upsampleTasks,
} from '../spatial/upsample';
import {
  Winograd, WinogradFilter, winograd, winogradFilter, winogradFilterTasks, winogradScratch, winogradTasks,
} from '../winograd/forward';
import {
  WinogradBackwardFilter, winogradBackwardFilter, winogradBackwardFilterScratch, winogradBackwardFilterTasks,
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
    runTasks(op, 0, op.tasks, scratch);
  }
  return true;
}

/** What the other threads do: they take part in every run, until one has no threads. */
export function work(team: usize, thread: i32): void {
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

/** Ends `work` in all threads. */
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

/** This thread's part of the run: its tasks of ops that are shared; thread 0 does the others alone. */
function walk(team: usize, thread: i32): bool {
  const run = runOf(team);
  const last = run.last;
  const scratch = run.scratch + <usize>thread * run.scratchBytes;
  let alone = false;
  for (let i = run.first; i < last; i++) {
    const op = recordOf(run.program, i);
    if (op.shared == 1) {
      if (thread == 0) runTasks(op, 0, op.tasks, scratch);
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

/** Tasks of an op until none are left: those of the thread's own share, then what others have not come to. */
function deal(op: Op, team: usize, thread: i32, threads: i32, scratch: usize): void {
  for (let i = 0; i < threads; i++) {
    const owner = (thread + i) % threads;
    const begin = <i32>(<i64>op.tasks * owner / threads);
    const share = <i32>(<i64>op.tasks * (owner + 1) / threads) - begin;
    for (let at = take(team, owner, share); at < share; at = take(team, owner, share)) {
      runTasks(op, begin + at, begin + min(share, at + takenCount), scratch);
    }
  }
}

/** Tasks `first` … `last`−1 of an op: they may be done in any order. */
export function runTasks(op: Op, first: i32, last: i32, scratch: usize): void {
  for (let task = first; task < last; task++) execute(op, task, scratch);
}

// @ts-ignore: decorator
@inline
function recordOf(program: usize, index: i32): Op {
  return changetype<Op>(program + <usize>index * RECORD_BYTES);
}

/**
 * Says how every op is cut into tasks for so many threads: once, after the records are written. Returns how
 * many bytes of scratch each thread must bring.
 */
export function prepare(program: usize, count: i32, threads: i32): usize {
  let more: usize = 0;
  for (let i = 0; i < count; i++) {
    const op = recordOf(program, i);
    op.shared = op.shared ? threads : 1;
    op.parts = 1;
    op.tasks = tasks(op);
    if (op.tasks < 2) op.shared = 1;
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

function tasks(op: Op): i32 {
  switch (op.opcode) {
    case Opcode.Pack: return packTasks(changetype<Pack>(op));
    case Opcode.PackFilter: return packFilterTasks(changetype<PackFilter>(op));
    case Opcode.Gemm: return gemmTasks(changetype<Gemm>(op));
    case Opcode.Conv: return convTasks(changetype<Conv>(op));
    case Opcode.ConvBackwardInput: return convBackwardInputTasks(changetype<ConvBackwardInput>(op));
    case Opcode.ConvBackwardFilter: return convBackwardFilterTasks(changetype<ConvBackwardFilter>(op));
    case Opcode.WinogradFilter: return winogradFilterTasks(changetype<WinogradFilter>(op));
    case Opcode.Winograd: return winogradTasks(changetype<Winograd>(op));
    case Opcode.WinogradBackwardFilter: return winogradBackwardFilterTasks(changetype<WinogradBackwardFilter>(op));
    case Opcode.Depthwise: return depthwiseTasks(changetype<Depthwise>(op));
    case Opcode.DepthwiseBackwardFilter: return depthwiseBackwardFilterTasks(changetype<DepthwiseBackwardFilter>(op));
    case Opcode.SumPartials: return sumPartialsTasks(changetype<SumPartials>(op));
    case Opcode.ColumnSum: return changetype<ColumnSum>(op).splits;
    case Opcode.Im2col: return im2colTasks(changetype<Im2col>(op));
    case Opcode.Col2im: return col2imTasks(changetype<Col2im>(op));
    case Opcode.MaxPool:
    case Opcode.AveragePool:
    case Opcode.LpPool: return poolTasks(changetype<Window>(op));
    case Opcode.MaxPoolBackward:
    case Opcode.AveragePoolBackward:
    case Opcode.LpPoolBackward: return poolBackwardTasks(changetype<Window>(op));
    case Opcode.IdentityShortcut: return identityShortcutTasks(changetype<IdentityShortcut>(op));
    case Opcode.IdentityShortcutBackward: return identityShortcutBackwardTasks(changetype<IdentityShortcutBackward>(op));
    case Opcode.NormStatistics: return changetype<NormStatistics>(op).splits;
    case Opcode.NormFoldFilter: return normFoldFilterTasks(changetype<NormFoldFilter>(op));
    case Opcode.NormApply: return normTasks(changetype<NormApply>(op).rows, changetype<NormApply>(op).channels);
    case Opcode.NormBackwardSums: return changetype<NormBackwardSums>(op).splits;
    case Opcode.NormBackward: return normTasks(changetype<NormBackward>(op).rows, changetype<NormBackward>(op).channels);
    case Opcode.Unary: return elementTasks(changetype<Unary>(op).count);
    case Opcode.UnaryBackward: return elementTasks(changetype<UnaryBackward>(op).count);
    case Opcode.Add: return elementTasks(changetype<Add>(op).count);
    case Opcode.Dropout: return elementTasks(changetype<Dropout>(op).count);
    case Opcode.Softmax: return rowTasks(changetype<Softmax>(op).rows);
    case Opcode.SoftmaxBackward: return rowTasks(changetype<SoftmaxBackward>(op).rows);
    case Opcode.SoftmaxCrossEntropy: return rowTasks(changetype<SoftmaxCrossEntropy>(op).rows);
    case Opcode.ElementLoss: return rowTasks(changetype<ElementLoss>(op).rows);
    case Opcode.TopK: return rowTasks(changetype<TopK>(op).rows);
    case Opcode.Sgd: return elementTasks(changetype<Sgd>(op).count);
    case Opcode.Adam: return elementTasks(changetype<Adam>(op).count);
    case Opcode.Rmsprop: return elementTasks(changetype<Rmsprop>(op).count);
    case Opcode.Adagrad: return elementTasks(changetype<Adagrad>(op).count);
    case Opcode.MovingAverage: return elementTasks(changetype<MovingAverage>(op).count);
    case Opcode.SquareSum: return changetype<SquareSum>(op).splits;
    case Opcode.Clip: return elementTasks(changetype<Clip>(op).count);
    case Opcode.Argmax: return rowTasks(changetype<Argmax>(op).rows);
    case Opcode.Multiply: return elementTasks(changetype<Multiply>(op).count);
    case Opcode.Gate:
    case Opcode.SpatialDropout: return gatedTasks(changetype<Gated>(op));
    case Opcode.GateBackward: return gateBackwardTasks(changetype<GateBackward>(op));
    case Opcode.Rbf: return rbfTasks(changetype<Rbf>(op).rows);
    case Opcode.RbfBackwardInput: return rbfTasks(changetype<RbfBackwardInput>(op).rows);
    case Opcode.RbfBackwardKernel: return rbfTasks(changetype<RbfBackwardKernel>(op).features);
    case Opcode.ChannelPool: return channelPoolTasks(changetype<ChannelPool>(op).count, changetype<ChannelPool>(op).size);
    case Opcode.ChannelPoolBackward: return channelPoolTasks(changetype<ChannelPoolBackward>(op).count, changetype<ChannelPoolBackward>(op).size);
    case Opcode.Binomial: return binomialTasks(changetype<Binomial>(op));
    case Opcode.Lrn:
    case Opcode.LrnBackward: return lrnTasks(changetype<Normalization>(op));
    case Opcode.Pad: return padTasks(changetype<Pad>(op));
    case Opcode.PadBackward: return padBackwardTasks(changetype<PadBackward>(op));
    case Opcode.Upsample: return upsampleTasks(changetype<Upsample>(op));
    case Opcode.UpsampleBackward: return upsampleBackwardTasks(changetype<UpsampleBackward>(op));
    case Opcode.Concat: return concatTasks(changetype<Concat>(op));
    case Opcode.Fingerprints: return fingerprintsTasks(changetype<Fingerprints>(op));
    default: return 1;
  }
}

function execute(op: Op, task: i32, scratch: usize): void {
  switch (op.opcode) {
    case Opcode.Pack: pack(changetype<Pack>(op), task); break;
    case Opcode.PackFilter: packFilter(changetype<PackFilter>(op), task); break;
    case Opcode.Gemm: gemm(changetype<Gemm>(op), task, scratch); break;
    case Opcode.Conv: conv(changetype<Conv>(op), task, scratch); break;
    case Opcode.ConvBackwardInput: convBackwardInput(changetype<ConvBackwardInput>(op), task, scratch); break;
    case Opcode.ConvBackwardFilter: convBackwardFilter(changetype<ConvBackwardFilter>(op), task, scratch); break;
    case Opcode.WinogradFilter: winogradFilter(changetype<WinogradFilter>(op), task, scratch); break;
    case Opcode.Winograd: winograd(changetype<Winograd>(op), task, scratch); break;
    case Opcode.WinogradBackwardFilter: winogradBackwardFilter(changetype<WinogradBackwardFilter>(op), task, scratch); break;
    case Opcode.Depthwise: depthwise(changetype<Depthwise>(op), task, scratch); break;
    case Opcode.DepthwiseBackwardFilter: depthwiseBackwardFilter(changetype<DepthwiseBackwardFilter>(op), task, scratch); break;
    case Opcode.SumPartials: sumPartials(changetype<SumPartials>(op), task, scratch); break;
    case Opcode.ColumnSum: columnSum(changetype<ColumnSum>(op), task, scratch); break;
    case Opcode.Im2col: im2col(changetype<Im2col>(op), task, scratch); break;
    case Opcode.Col2im: col2im(changetype<Col2im>(op), task); break;
    case Opcode.MaxPool: maxPool(changetype<MaxPool>(op), task); break;
    case Opcode.MaxPoolBackward: maxPoolBackward(changetype<MaxPoolBackward>(op), task); break;
    case Opcode.AveragePool: averagePool(changetype<AveragePool>(op), task); break;
    case Opcode.AveragePoolBackward: averagePoolBackward(changetype<AveragePoolBackward>(op), task); break;
    case Opcode.LpPool: lpPool(changetype<LpPool>(op), task); break;
    case Opcode.LpPoolBackward: lpPoolBackward(changetype<LpPoolBackward>(op), task); break;
    case Opcode.IdentityShortcut: identityShortcut(changetype<IdentityShortcut>(op), task); break;
    case Opcode.IdentityShortcutBackward: identityShortcutBackward(changetype<IdentityShortcutBackward>(op), task); break;
    case Opcode.NormStatistics: normStatistics(changetype<NormStatistics>(op), task, scratch); break;
    case Opcode.NormMerge: normMerge(changetype<NormMerge>(op)); break;
    case Opcode.NormRunning: normRunning(changetype<NormRunning>(op)); break;
    case Opcode.NormFold: normFold(changetype<NormFold>(op)); break;
    case Opcode.NormFoldFilter: normFoldFilter(changetype<NormFoldFilter>(op), task); break;
    case Opcode.NormApply: normApply(changetype<NormApply>(op), task, scratch); break;
    case Opcode.NormBackwardSums: normBackwardSums(changetype<NormBackwardSums>(op), task, scratch); break;
    case Opcode.NormBackwardMerge: normBackwardMerge(changetype<NormBackwardMerge>(op)); break;
    case Opcode.NormBackward: normBackward(changetype<NormBackward>(op), task, scratch); break;
    case Opcode.Unary: unary(changetype<Unary>(op), task); break;
    case Opcode.UnaryBackward: unaryBackward(changetype<UnaryBackward>(op), task); break;
    case Opcode.Add: add(changetype<Add>(op), task); break;
    case Opcode.Dropout: dropout(changetype<Dropout>(op), task, scratch); break;
    case Opcode.Softmax: softmax(changetype<Softmax>(op), task); break;
    case Opcode.SoftmaxBackward: softmaxBackward(changetype<SoftmaxBackward>(op), task); break;
    case Opcode.SoftmaxCrossEntropy: softmaxCrossEntropy(changetype<SoftmaxCrossEntropy>(op), task); break;
    case Opcode.ElementLoss: elementLoss(changetype<ElementLoss>(op), task); break;
    case Opcode.Mean: mean(changetype<Mean>(op)); break;
    case Opcode.TopK: topK(changetype<TopK>(op), task); break;
    case Opcode.Sgd: sgd(changetype<Sgd>(op), task, scratch); break;
    case Opcode.Adam: adam(changetype<Adam>(op), task, scratch); break;
    case Opcode.Rmsprop: rmsprop(changetype<Rmsprop>(op), task, scratch); break;
    case Opcode.Adagrad: adagrad(changetype<Adagrad>(op), task, scratch); break;
    case Opcode.MovingAverage: movingAverage(changetype<MovingAverage>(op), task); break;
    case Opcode.SquareSum: squareSum(changetype<SquareSum>(op), task); break;
    case Opcode.ClipFactor: clipFactor(changetype<ClipFactor>(op)); break;
    case Opcode.Clip: clip(changetype<Clip>(op), task); break;
    case Opcode.Argmax: argmax(changetype<Argmax>(op), task); break;
    case Opcode.Multiply: multiply(changetype<Multiply>(op), task); break;
    case Opcode.Gate: gate(changetype<Gate>(op), task, scratch); break;
    case Opcode.GateBackward: gateBackward(changetype<GateBackward>(op), task, scratch); break;
    case Opcode.SpatialDropout: spatialDropout(changetype<SpatialDropout>(op), task, scratch); break;
    case Opcode.Rbf: rbf(changetype<Rbf>(op), task); break;
    case Opcode.RbfBackwardInput: rbfBackwardInput(changetype<RbfBackwardInput>(op), task); break;
    case Opcode.RbfBackwardKernel: rbfBackwardKernel(changetype<RbfBackwardKernel>(op), task); break;
    case Opcode.ChannelPool: channelPool(changetype<ChannelPool>(op), task); break;
    case Opcode.ChannelPoolBackward: channelPoolBackward(changetype<ChannelPoolBackward>(op), task); break;
    case Opcode.Binomial: binomial(changetype<Binomial>(op), task); break;
    case Opcode.Lrn: lrn(changetype<Lrn>(op), task, scratch); break;
    case Opcode.LrnBackward: lrnBackward(changetype<LrnBackward>(op), task, scratch); break;
    case Opcode.Pad: pad(changetype<Pad>(op), task); break;
    case Opcode.PadBackward: padBackward(changetype<PadBackward>(op), task); break;
    case Opcode.Upsample: upsample(changetype<Upsample>(op), task, scratch); break;
    case Opcode.UpsampleBackward: upsampleBackward(changetype<UpsampleBackward>(op), task, scratch); break;
    case Opcode.Concat: concat(changetype<Concat>(op), task); break;
    case Opcode.Fingerprints: fingerprints(changetype<Fingerprints>(op), task); break;
    default: unreachable();
  }
}
