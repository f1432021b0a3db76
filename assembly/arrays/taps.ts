// Which elements of a dimension an output is made of, and by which shares: resizing as ONNX's operator Resize has it
// (https://onnx.ai/onnx/operators/onnx__Resize.html), borders, and windows of pooling.

import { Op } from '../core/op';

/** How an output's place becomes one of the input. */
export const enum Coordinates {
  HalfPixel = 0,
  HalfPixelSymmetric,
  PytorchHalfPixel,
  AlignCorners,
  Asymmetric,
  TfHalfPixelForNn,
  TfCropAndResize,
}

/** What is taken there. */
export const enum Sampling {
  /** One element: of two equally near ones, the one before. */
  PreferFloor = 0,
  PreferCeil,
  Floor,
  Ceil,
  Linear,
  Cubic,
  // Borders: one element.
  Reflect,
  Edge,
  Wrap,
  /** Windows: those that lie inside. */
  Window,
}

/** x[outer, n, inner], y[outer, m, inner]. */
@unmanaged
export class Axis extends Op {
  outer: i32;
  n: i32;
  m: i32;
  inner: i32;
  sampling: i32;
  coordinates: i32;
  /** Outputs for each input; 0 for m / n. */
  scale: f32;
  /** The part of the input that TfCropAndResize takes, 0 to 1, and what is outside of the input. */
  roiStart: f32;
  roiEnd: f32;
  extrapolation: f32;
  /** The cubic's a. */
  coefficient: f32;
  /** Elements outside have no share, not that of the nearest. */
  excludes: i32;
  antialias: i32;
  /** Elements before the first: of borders and windows. Of windows also: after the last. */
  before: i32;
  after: i32;
  kernel: i32;
  stride: i32;
  dilation: i32;
  /** 0: shares of 1; 1: of the elements inside; 2: of those that the padding has besides. */
  average: i32;
}

/** Outputs for each input. */
// @ts-ignore: decorator
@inline
function scaleOf(op: Axis): f64 {
  return op.scale ? <f64>op.scale : <f64>op.m / <f64>op.n;
}

/** 1 where it is not antialiased, or enlarges. */
// @ts-ignore: decorator
@inline
function shrinking(op: Axis): f64 {
  return op.antialias ? min(scaleOf(op), 1.0) : 1;
}

/** The first tap, counted from the element before the place. */
// @ts-ignore: decorator
@inline
function firstTap(op: Axis): i32 {
  const reach: f64 = op.sampling == Sampling.Cubic ? 2 : 1;
  return <i32>floor(-reach / shrinking(op)) + 1;
}

/** How many taps each output has; some may have no share. */
export function tapsOf(op: Axis): i32 {
  const sampling = op.sampling;
  if (sampling == Sampling.Window) return op.kernel;
  if (sampling == Sampling.Linear || sampling == Sampling.Cubic) return 2 - 2 * firstTap(op);
  return 1;
}

/** A tap in memory: the element's index, and its share. */
export const TAP: usize = 8;

/** Columns of a task. */
// @ts-ignore: decorator
@inline export const COLUMNS: i32 = 1024;
/** Numbers of a task's outputs: the taps, which each task computes, take as long as some hundred of them. */
const ENOUGH: i32 = 65536;

/** How many blocks of columns there are. */
// @ts-ignore: decorator
@inline
export function blocksOf(op: Axis): i32 {
  return (op.inner + COLUMNS - 1) / COLUMNS;
}

/** How many of the outer indices a task takes. */
// @ts-ignore: decorator
@inline
export function outersOf(op: Axis): i32 {
  return max(1, ENOUGH / max(1, op.m * min(op.inner, COLUMNS)));
}

export function axisTasks(op: Axis): i32 {
  return ((op.outer + outersOf(op) - 1) / outersOf(op)) * blocksOf(op);
}

/** Bytes of all taps. */
export function axisScratch(op: Axis): usize {
  return <usize>(op.m * tapsOf(op)) * TAP;
}

/** Writes the taps of output o. An index of −1 in the first says that it is outside of all. */
export function writeTaps(op: Axis, to: usize, o: i32): void {
  const sampling = op.sampling;
  if (sampling == Sampling.Window) return writeWindow(op, to, o);
  const n = op.n;
  if (sampling >= Sampling.Reflect) {
    store<i32>(to, bordered(sampling, o - op.before, n));
    store<f32>(to, 1, 4);
    return;
  }
  const x = placeOf(op, <f64>o);
  if (op.coordinates == Coordinates.TfCropAndResize && (x < 0 || x > <f64>(n - 1))) {
    for (let k = tapsOf(op); k > 0; k--) {
      store<i32>(to, -1);
      store<f32>(to, 0, 4);
      to += TAP;
    }
    return;
  }
  if (sampling < Sampling.Linear) {
    store<i32>(to, min(n - 1, max(0, nearestTo(sampling, x))));
    store<f32>(to, 1, 4);
    return;
  }
  writeShares(op, to, x);
}

/** Where on the input output o lies. */
function placeOf(op: Axis, o: f64): f64 {
  const scale = scaleOf(op);
  const n = <f64>op.n;
  // As ONNX has it: not always whole.
  const length = scale * n;
  switch (op.coordinates) {
    case Coordinates.AlignCorners:
      return length == 1 ? 0 : (o * (n - 1)) / (length - 1);
    case Coordinates.Asymmetric:
      return o / scale;
    case Coordinates.TfHalfPixelForNn:
      return (o + 0.5) / scale;
    case Coordinates.TfCropAndResize: {
      const start = <f64>op.roiStart;
      const part = (<f64>op.roiEnd - start) * (n - 1);
      return start * (n - 1) + (length == 1 ? part / 2 : (o * part) / (length - 1));
    }
    case Coordinates.PytorchHalfPixel:
      return length == 1 ? -0.5 : (o + 0.5) / scale - 0.5;
    case Coordinates.HalfPixelSymmetric:
      return (n / 2) * (1 - <f64>op.m / length) + (o + 0.5) / scale - 0.5;
    default:
      return (o + 0.5) / scale - 0.5;
  }
}

// @ts-ignore: decorator
@inline
function nearestTo(sampling: i32, x: f64): i32 {
  if (sampling == Sampling.PreferFloor) return <i32>ceil(x - 0.5);
  if (sampling == Sampling.PreferCeil) return <i32>floor(x + 0.5);
  return <i32>(sampling == Sampling.Floor ? floor(x) : ceil(x));
}

/** Index `at` beyond a border. */
function bordered(sampling: i32, at: i32, n: i32): i32 {
  if (sampling == Sampling.Edge || n == 1) return min(n - 1, max(0, at));
  const period = sampling == Sampling.Wrap ? n : 2 * (n - 1);
  const rest = at % period;
  const i = rest < 0 ? rest + period : rest;
  return i < n ? i : period - i;
}

/** Taps of linear and cubic sampling, around the element before x. */
function writeShares(op: Axis, to: usize, x: f64): void {
  const n = op.n;
  const first = firstTap(op);
  const taps = 2 - 2 * first;
  const base = ceil(x) - 1;
  const s = shrinking(op);
  const cubic = op.sampling == Sampling.Cubic;
  let sum: f64 = 0;
  for (let k = 0; k < taps; k++) {
    const i = <i32>base + first + k;
    const d = abs(<f64>(first + k) - (x - base)) * s;
    let share = cubic ? cubicShare(d, <f64>op.coefficient) : max(0, 1 - d);
    if (op.excludes && (i < 0 || i >= n)) share = 0;
    sum += share;
    store<i32>(to + <usize>k * TAP, min(n - 1, max(0, i)));
    store<f32>(to + <usize>k * TAP, <f32>share, 4);
  }
  if (!op.excludes && !op.antialias) return;
  for (let k = 0; k < taps; k++) {
    const at = to + <usize>k * TAP;
    store<f32>(at, <f32>(<f64>load<f32>(at, 4) / sum), 4);
  }
}

/** The share of an element at distance d (Keys, 1981). */
// @ts-ignore: decorator
@inline
function cubicShare(d: f64, a: f64): f64 {
  if (d >= 2) return 0;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
}

/** Index of the window's element k of output o; it may be outside. */
// @ts-ignore: decorator
@inline
export function windowElement(op: Axis, o: i32, k: i32): i32 {
  return o * op.stride + k * op.dilation - op.before;
}

function writeWindow(op: Axis, to: usize, o: i32): void {
  const n = op.n;
  let inside = 0,
    padded = 0;
  for (let k = 0; k < op.kernel; k++) {
    const i = windowElement(op, o, k);
    if (<u32>i < <u32>n) inside++;
    // With rounding up a window may reach beyond the padding too.
    if (i < n + op.after) padded++;
  }
  const share: f32 = op.average == 0 ? 1 : 1 / <f32>(op.average == 1 ? inside : padded);
  for (let k = 0; k < op.kernel; k++) {
    const i = windowElement(op, o, k);
    const isInside = <u32>i < <u32>n;
    store<i32>(to, isInside ? i : 0);
    store<f32>(to, isInside ? share : 0, 4);
    to += TAP;
  }
}
