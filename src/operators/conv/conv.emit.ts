// Convolution as ops: forward, backward-data, backward-filter and the bias's gradient.

import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { packedMatrix, panelSize, sumInParts, sumRows } from '../dense/matrix.emit.js';
import { padBackward, padForward, padOutputShape } from '../spatial/pad.emit.js';
import { advised, choose, chooseGradient, convolvingCost, scatterCost } from './choice.emit.js';
import {
  depthwiseBackwardFilter,
  depthwiseBackwardInput,
  depthwiseForward,
  isDepthwise,
} from './depthwise.emit.js';
import { type Epilogue, finish } from './epilogue.emit.js';
import type { Form } from './forms.emit.js';
import {
  type BackwardWindows,
  backwardCount,
  backwardWindows,
  type ConvGeometry,
  whyNotWinograd,
} from './geometry.emit.js';
import {
  backwardPass,
  forwardPass,
  type Images,
  imagesOf,
  pairsOf,
  winogradBackwardFilter,
  winogradPass,
} from './winograd.emit.js';

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

/** The image as its pairs of pixels are seen. */
function inPairs(e: Emitter, x: Value, { pairing }: Images): Value {
  if (!pairing) return x;
  const padded = e.value(padOutputShape(pairing));
  padForward(e, padded, x, pairing);
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
  const images = pairsOf(g) ?? imagesOf(g);
  const pass = forwardPass(images);
  const { form } = choose(advised(e, 'forward', g), pass, e.keepsForms);
  if (form) {
    winogradPass(e, y, inPairs(e, x, images), filter, pass, form, after);
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
 * convolution. For dense filters, forms of Winograd's algorithm, convolutions of dy, or col2im: what costs least is taken.
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
  if (winogradInput(e, dx, dy, filter, advised(e, 'input', g), after)) return;
  const windows = backwardCount(g) > MOST_WINDOWS ? [] : backwardWindows(g);
  if (windows.length === 0 || scatterCost(g) < convolvingCost(g, windows)) {
    scatterInput(e, dx, dy, filter, g);
    finish(e, dx, after);
  } else {
    convolveInput(e, dx, dy, filter, { images: imagesOf(g), windows, forms: [] }, after);
  }
}

/** dx as convolutions of dy: one for each of the windows, by its form if it has one. */
interface Convolutions {
  readonly images: Images;
  readonly windows: readonly BackwardWindows[];
  readonly forms: readonly (Form | undefined)[];
}

/** dx by Winograd's algorithm, for some windows at least, where that is fastest: says whether it was. */
function winogradInput(
  e: Emitter,
  dx: Value,
  dy: Value,
  filter: Value,
  g: ConvGeometry,
  after: Epilogue,
): boolean {
  if (g.algorithm === 'direct' || whyNotWinograd(g)) return false;
  const ways = [pairsOf(g), imagesOf(g)].flatMap((images) => {
    if (!images) return [];
    const windows = backwardWindows(images);
    const choices = windows.map((each) => choose(g, backwardPass(images, each), e.keepsForms));
    const forms = choices.map(({ form }) => form);
    // Pairs of pixels are for these kernels alone.
    if (images.pairing ? forms.includes(undefined) : !forms.some(Boolean)) return [];
    return { images, windows, forms, cost: choices.reduce((sum, { cost }) => sum + cost, 0) };
  });
  const fastest = ways.sort((a, b) => a.cost - b.cost).at(0);
  if (!fastest || (g.algorithm === 'auto' && fastest.cost > scatterCost(g))) return false;
  const { pairing } = fastest.images;
  if (!pairing) {
    convolveInput(e, dx, dy, filter, fastest, after);
    return true;
  }
  const padded = e.value(padOutputShape(pairing));
  convolveInput(e, padded, dy, filter, fastest, {});
  padBackward(e, dx, padded, pairing);
  finish(e, dx, after);
  return true;
}

/** With more convolutions than this, planning them takes longer than running one op that scatters. */
const MOST_WINDOWS = 256;

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
  { images: g, windows, forms }: Convolutions,
  { bias = none, residual = none, rectify = false }: Epilogue,
): void {
  const channels = g.channels / g.groups;
  const filters = g.filters / g.groups;
  windows.forEach((each, i) => {
    const { row, column, first, fields } = each;
    const to = dx.view(dx.shape, first);
    const added: Operand = residual ? residual.view(dx.shape, first) : none;
    const form = forms[i];
    if (form) {
      const after = { bias, residual: added, rectify };
      winogradPass(e, to, dy, filter, backwardPass(g, each), form, after);
      return;
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
      y: to,
      x: dy,
      packed,
      bias,
      residual: added,
      filters: channels,
      groups: g.groups,
      rectify: rectify ? 1 : 0,
    });
  });
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
  const images = pairsOf(g) ?? imagesOf(g);
  const pass = forwardPass(images);
  const { form } = chooseGradient(advised(e, 'filter', g), pass);
  if (form) {
    winogradBackwardFilter(e, dw, inPairs(e, x, images), dy, pass, form);
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
