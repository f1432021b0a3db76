// Convolution as ops: forward, backward-data, backward-filter and the bias's gradient.

import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { packedMatrix, panelSize, sumInParts, sumRows } from '../dense/matrix.emit.js';
import { padBackward, padForward, padOutputShape } from '../spatial/pad.emit.js';
import {
  depthwiseBackwardFilter,
  depthwiseBackwardInput,
  depthwiseForward,
  isDepthwise,
} from './depthwise.emit.js';
import { type Epilogue, finish } from './epilogue.emit.js';
import {
  type BackwardWindows,
  backwardCount,
  backwardWindows,
  type ConvGeometry,
  whyNotWinograd,
} from './geometry.emit.js';
import { cheapest, costOf, directCost, type Form, formsOf, gradientFormsOf, type Work } from './forms.emit.js';
import { backwardPass, forwardPass, winogradBackwardFilter, winogradPass } from './winograd.emit.js';

/** The fields of `Window` in assembly/conv/im2col.ts; `channels` counts those of one group. */
function windowFields(g: ConvGeometry) {
  const { batch, height, width, channels, groups, filters, algorithm, reflection, ...windows } = g;
  return { ...windows, batch, height, width, pixelChannels: channels, channels: channels / groups };
}

/** The image with its reflection around it, where that is wanted. It is not kept: backward makes it again. */
function withBorder(e: Emitter, image: Value, { reflection }: ConvGeometry): Value {
  if (!reflection) return image;
  const padded = e.value(padOutputShape(reflection));
  padForward(e, padded, image, reflection);
  return padded;
}

/** y = filter ⋆ x, and what `after` says. */
export function convForward(
  e: Emitter,
  y: Value,
  image: Value,
  filter: Value,
  g: ConvGeometry,
  after: Epilogue = {},
): void {
  const { bias = none, residual = none, rectify = false } = after;
  const x = withBorder(e, image, g);
  if (isDepthwise(g)) {
    depthwiseForward(e, y, x, filter, bias, g, rectify && !residual);
    finish(e, y, { residual, rectify: rectify && residual !== none });
    return;
  }
  const form = formFor(g, workOf(g), e.keepsForms);
  if (form) {
    winogradPass(e, y, x, filter, forwardPass(g), form, after);
    return;
  }
  const n = g.filters / g.groups;
  const k = (g.kernelHeight * g.kernelWidth * g.channels) / g.groups;
  const packed = packedMatrix(e, filter, { k, n, ldb: g.filters, groups: g.groups });
  const yRow = g.outputWidth * g.filters;
  e.emit('conv', {
    ...windowFields(g),
    y,
    x,
    packed,
    bias,
    residual,
    filters: n,
    groups: g.groups,
    yImage: g.outputHeight * yRow,
    yRow,
    yColumn: g.filters,
    rectify: rectify ? 1 : 0,
  });
}

/**
 * dx, and what `after` says: adds another gradient; or a bias and ReLU, where dx is the output of a transposed
 * convolution. For dense filters there are two ways: the one that multiplies less is taken.
 */
export function convBackwardInput(
  e: Emitter,
  dx: Value,
  dy: Value,
  filter: Value,
  g: ConvGeometry,
  after: Epilogue = {},
): void {
  if (g.reflection) {
    const padded = e.value(padOutputShape(g.reflection));
    convBackwardInput(e, padded, dy, filter, { ...g, reflection: undefined });
    padBackward(e, dx, padded, g.reflection);
    finish(e, dx, after);
    return;
  }
  if (isDepthwise(g)) {
    const { bias = none, residual = none, rectify = false } = after;
    depthwiseBackwardInput(e, dx, dy, filter, g, bias, rectify && !residual);
    finish(e, dx, { residual, rectify: rectify && residual !== none });
    return;
  }
  const filters = g.filters / g.groups;
  const patch = (g.kernelHeight * g.kernelWidth * g.channels) / g.groups;
  const windows = backwardCount(g) > MOST_WINDOWS ? [] : backwardWindows(g);
  const seen = windows.reduce((sum, { row, column }) => {
    return sum + row.count * row.taps * column.count * column.taps;
  }, 0);
  const convolving = seen * panelSize(filters, g.channels / g.groups);
  const scattering = g.outputHeight * g.outputWidth * (panelSize(filters, patch) + SCATTER * patch);
  const fast = windows.some((each) => formFor(g, windowWork(g, each), e.keepsForms));
  if (!fast && (scattering < convolving || windows.length === 0)) {
    scatterInput(e, dx, dy, filter, g);
    finish(e, dx, after);
  } else {
    convolveInput(e, dx, dy, filter, g, windows, after);
  }
}

/** With more convolutions than this, planning them takes longer than running one op that scatters. */
const MOST_WINDOWS = 256;

/** What adding one number to its pixel costs, in multiply-adds of a register tile. */
const SCATTER = 4;

/** dx by col2im: dy·filterᵀ are the gradients of the patches, to be added where those lie. */
function scatterInput(e: Emitter, dx: Value, dy: Value, filter: Value, g: ConvGeometry): void {
  const k = g.filters / g.groups;
  const n = (g.kernelHeight * g.kernelWidth * g.channels) / g.groups;
  const packed = packedMatrix(e, filter, {
    k,
    n,
    ldb: g.filters,
    transpose: true,
    groups: g.groups,
  });
  e.emit('convBackwardInput', { ...windowFields(g), dx, dy, packed, filters: k, groups: g.groups });
}

/**
 * dx by convolution: for each residue of input pixels modulo the stride, one of dy at stride 1 with
 * the taps that reach those pixels, flipped.
 */
function convolveInput(
  e: Emitter,
  dx: Value,
  dy: Value,
  filter: Value,
  g: ConvGeometry,
  windows: readonly BackwardWindows[],
  { bias = none, residual = none, rectify = false }: Epilogue,
): void {
  const channels = g.channels / g.groups;
  const filters = g.filters / g.groups;
  for (const each of windows) {
    const { row, column, first, fields } = each;
    const form = formFor(g, windowWork(g, each), e.keepsForms);
    if (form) {
      const part = (all: Operand): Operand => (all === none ? none : all.view(dx.shape, first));
      const to = dx.view(dx.shape, first);
      const rest = { bias, residual: part(residual), rectify };
      winogradPass(e, to, dy, filter, backwardPass(g, each), form, rest);
      continue;
    }
    const k = row.taps * column.taps * filters;
    const room = [g.groups, Math.max(1, panelSize(k, channels))];
    const packed = e.form(filter, room, (to, form) =>
      to.emit('packFilter', {
        packed: form,
        filter,
        kernelWidth: g.kernelWidth,
        channels,
        filters,
        groups: g.groups,
        firstRow: row.firstTap,
        rowStep: row.tapStep,
        rows: row.taps,
        firstColumn: column.firstTap,
        columnStep: column.tapStep,
        columns: column.taps,
      }),
    );
    e.emit('conv', {
      ...fields,
      pixelChannels: g.filters,
      channels: filters,
      y: dx.view(dx.shape, first),
      x: dy,
      packed,
      bias,
      residual: residual ? residual.view(dx.shape, first) : none,
      filters: channels,
      groups: g.groups,
      rectify: rectify ? 1 : 0,
    });
  }
}

/** Pixels that one partial sum of a filter gradient takes at least: eight blocks of KC. */
const SPLIT_PIXELS = 2048;

/** dw = patches(x)ᵀ·dy. */
export function convBackwardFilter(
  e: Emitter,
  dw: Value,
  image: Value,
  dy: Value,
  g: ConvGeometry,
): void {
  const x = withBorder(e, image, g);
  if (isDepthwise(g)) {
    depthwiseBackwardFilter(e, dw, x, dy, g);
    return;
  }
  const form = formFor(g, workOf(g), false, gradientFormsOf(workOf(g)));
  if (form) {
    winogradBackwardFilter(e, dw, x, dy, forwardPass(g), form);
    return;
  }
  const pixels = g.batch * g.outputHeight * g.outputWidth;
  sumInParts(e, dw, pixels, SPLIT_PIXELS, (partials, splits) =>
    e.emit('convBackwardFilter', {
      ...windowFields(g),
      partials,
      x,
      dy,
      filters: g.filters / g.groups,
      groups: g.groups,
      splits,
    }),
  );
}

/** db = dy summed over all pixels. */
export function convBackwardBias(e: Emitter, db: Value, dy: Value, g: ConvGeometry): void {
  sumRows(e, db, dy, g.batch * g.outputHeight * g.outputWidth, g.filters);
}

const workOf = (g: ConvGeometry): Work => ({ ...g, yHeight: g.outputHeight, yWidth: g.outputWidth });

/** That of one of the convolutions of dy that make dx. */
const windowWork = (g: ConvGeometry, { row, column }: BackwardWindows): Work => ({
  ...{ batch: g.batch, channels: g.filters, filters: g.channels },
  ...{ yHeight: row.count, yWidth: column.count, kernelHeight: row.taps, kernelWidth: column.taps },
  ...{ strideHeight: 1, strideWidth: 1 },
});

/** With fewer channels or filters, the transforms take longer than the multiplication saves. */
const LEAST_CHANNELS = 8;

/**
 * The form that computes a convolution faster than the direct algorithm, or that was asked for.
 *
 * @param kept whether transformed filters are kept from run to run
 */
function formFor(
  g: ConvGeometry,
  work: Work,
  kept: boolean,
  forms = formsOf(work),
): Form | undefined {
  if (g.algorithm === 'direct' || whyNotWinograd(g) || forms.length === 0) return undefined;
  const form =
    g.rank === undefined ? cheapest(forms, work, kept) : forms[Math.min(g.rank, forms.length - 1)];
  if (g.algorithm === 'winograd') return form;
  if (Math.min(work.channels, work.filters) < LEAST_CHANNELS) return undefined;
  return costOf(form, work, kept) < directCost(work) ? form : undefined;
}
