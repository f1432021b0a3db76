// Convolution at stride 1 by Winograd's algorithm as ops, with filters of 3×3 and 5×5, and where it is faster than the
// direct one.

import { GAP, PATCH, PLANES } from '../../../bindings/constants.js';
import { type Emitter, none, type Operand, type Value } from '../../program/emitter.js';
import { panelSize, sumInParts } from '../dense/matrix.emit.js';
import type { Epilogue } from './epilogue.emit.js';
import { type ConvGeometry, whyNotWinograd } from './geometry.emit.js';

/** One convolution, forward or of the gradient: of what images, with which padding, to which size. */
interface Pass {
  /** Along a side of the filters. */
  readonly taps: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly filters: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly yHeight: number;
  readonly yWidth: number;
}

/** Outputs along a side of the square that a patch gives. */
const stepOf = (taps: number): number => PATCH + 1 - taps;

const forwardPass = (g: ConvGeometry): Pass => ({
  ...g,
  taps: g.kernelHeight,
  yHeight: g.outputHeight,
  yWidth: g.outputWidth,
});

/** dx is dy convolved with the filters turned by 180°, and padded by what they reach less the padding of forward. */
const backwardPass = (g: ConvGeometry): Pass => ({
  taps: g.kernelHeight,
  batch: g.batch,
  height: g.outputHeight,
  width: g.outputWidth,
  channels: g.filters,
  filters: g.channels,
  padTop: g.kernelHeight - 1 - g.padTop,
  padLeft: g.kernelWidth - 1 - g.padLeft,
  yHeight: g.height,
  yWidth: g.width,
});

/** The fields of `Window` in assembly/conv/im2col.ts: patches of 6×6. */
function patchFields(pass: Pass) {
  const { taps, batch, height, width, channels, padTop, padLeft, yHeight, yWidth } = pass;
  const step = stepOf(taps);
  return {
    batch,
    height,
    width,
    pixelChannels: channels,
    channels,
    kernelHeight: PATCH,
    kernelWidth: PATCH,
    strideHeight: step,
    strideWidth: step,
    padTop,
    padLeft,
    dilationHeight: 1,
    dilationWidth: 1,
    outputHeight: Math.ceil(yHeight / step),
    outputWidth: Math.ceil(yWidth / step),
  };
}

function emitPass(
  e: Emitter,
  y: Value,
  x: Value,
  filter: Value,
  pass: Pass,
  { bias = none, residual = none, rectify = false }: Epilogue,
  flip: boolean,
): void {
  const { taps, channels, filters, yHeight, yWidth } = pass;
  const [inputs, outputs] = flip ? [filters, channels] : [channels, filters];
  const sizes = { taps, channels: inputs, filters: outputs, flip: flip ? 1 : 0 };
  const most = e.keepsForms ? filters : columnsAtOnce(channels);
  for (let first = 0; first < filters; first += most) {
    const columns = Math.min(most, filters - first);
    const part = (all: Operand): Operand => (all === none ? none : all.view([columns], first));
    const room = [PLANES, panelSize(channels, columns) + GAP];
    const packed = e.form(filter, room, (to, form) =>
      to.emit('winogradFilter', { packed: form, filter, ...sizes, first, columns }),
    );
    e.emit('winograd', {
      ...patchFields(pass),
      y: part(y),
      x,
      packed,
      bias: part(bias),
      residual: part(residual),
      filters: columns,
      yHeight,
      yWidth,
      yColumn: filters,
      rectify: rectify ? 1 : 0,
    });
  }
}

/** Floats of transformed filters that are still in cache when they are multiplied with: 9 MiB. */
const AT_ONCE = 9 << 18;

/** How many filters are transformed together, where that is done in each run: whole panels. */
const columnsAtOnce = (channels: number): number =>
  Math.max(64, Math.floor(AT_ONCE / (PLANES * channels) / 64) * 64);

/** y = filter ⋆ x, and what `after` says. */
export function winogradForward(
  e: Emitter,
  y: Value,
  x: Value,
  filter: Value,
  g: ConvGeometry,
  after: Epilogue,
): void {
  emitPass(e, y, x, filter, forwardPass(g), after, false);
}

/** dx, and what `after` says: see `convBackwardInput`. */
export function winogradBackwardInput(
  e: Emitter,
  dx: Value,
  dy: Value,
  filter: Value,
  g: ConvGeometry,
  after: Epilogue,
): void {
  emitPass(e, dx, dy, filter, backwardPass(g), after, true);
}

/** Patches that one partial sum of a filter gradient takes at least. */
const SPLIT_PATCHES = 128;

/** dw = patches(x)ᵀ·dy, of filters of 3×3. */
export function winogradBackwardFilter(
  e: Emitter,
  dw: Value,
  x: Value,
  dy: Value,
  g: ConvGeometry,
): void {
  const pass = forwardPass(g);
  const { filters, yHeight, yWidth } = pass;
  const patches = patchFields(pass);
  const count = g.batch * patches.outputHeight * patches.outputWidth;
  sumInParts(e, dw, count, SPLIT_PATCHES, (partials, splits) =>
    e.emit('winogradBackwardFilter', {
      ...patches,
      partials,
      x,
      dy,
      filters,
      yHeight,
      yWidth,
      splits,
    }),
  );
}

/** With fewer channels or filters, the transforms take longer than the multiplication saves. */
const LEAST_CHANNELS = 8;
/** The least share of the patches' outputs that must lie inside the image. */
const LEAST_USE = 1 / 3;
/**
 * Patches times the side of their squares: with fewer, transforming the filters, or the sums of their gradient, takes
 * longer than it saves.
 */
const LEAST_LINES = 48;
/** With fewer patches, reading transformed filters takes longer than it saves, even if they are kept. */
const LEAST_KEPT_PATCHES = 4;

/**
 * Whether it is faster than the direct algorithm, or was asked for.
 *
 * @param kept whether transformed filters are kept from run to run
 */
export function prefersWinograd(g: ConvGeometry, kept: boolean): boolean {
  if (g.algorithm !== 'auto') return g.algorithm === 'winograd';
  if (whyNotWinograd(g) || Math.min(g.channels, g.filters) < LEAST_CHANNELS) return false;
  const step = stepOf(g.kernelHeight);
  const squares = Math.ceil(g.outputHeight / step) * Math.ceil(g.outputWidth / step);
  const use = (g.outputHeight * g.outputWidth) / (squares * step * step);
  return use >= LEAST_USE && g.batch * squares >= (kept ? LEAST_KEPT_PATCHES : LEAST_LINES / step);
}
