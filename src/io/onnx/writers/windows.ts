// What convolutions and pools share: their windows in the words of ONNX, and padding.

import type { Padding, Shape, Windows } from '../../../base/shape.js';
import type { LineOptions } from '../../../network/line.js';
import type { AxisWindows } from '../../../operators/arrays/windows.js';
import type { Attributes } from '../writeproto.js';
import type { Place } from './place.js';

/** Windows on an image of so many pixels. */
export interface Placed extends Windows {
  readonly height: number;
  readonly width: number;
}

/** A sample's shape, [steps, channels] or [height, width, channels], as a batch of one image. */
export const asBatch = (shape: Shape): Shape =>
  shape.length === 2 ? [1, 1, ...shape] : [1, ...shape];

/**
 * The options of a signal's windows for an image of one line. They are known to be sound: network/line.ts, which does the
 * same for layers, is in the core, which has no bytes left to export it.
 */
export const onLine = ({ strides = 1, padding = 'valid', dimRoundingMode }: LineOptions) => {
  const sides = typeof padding === 'number' ? [padding, padding] : padding;
  return {
    strides: [1, strides] as const,
    padding: (typeof sides === 'string' ? sides : [[0, 0], sides]) as Padding,
    dimRoundingMode,
  };
};

/**
 * kernel_shape, strides and pads. Padding at the end is what the windows see there, so that readers count as many windows
 * as there are, whatever the rounding.
 *
 * @param g its rows are left out for signals
 */
export function windowAttributes(g: Placed, { shape }: { readonly shape: Shape }) {
  const rows = [g.kernelHeight, g.strideHeight, g.dilationHeight, g.padTop, g.outputHeight];
  const columns = [g.kernelWidth, g.strideWidth, g.dilationWidth, g.padLeft, g.outputWidth];
  const axes = [
    [...rows, g.height],
    [...columns, g.width],
  ].slice(shape.length === 2 ? 1 : 0);
  const after = axes.map(([kernel, stride, dilation, before, outputs, side]) => {
    const seen = (outputs - 1) * stride + (kernel - 1) * dilation + 1;
    return Math.max(0, seen - before - side);
  });
  return {
    kernel_shape: axes.map(([kernel]) => kernel),
    strides: axes.map(([, stride]) => stride),
    pads: [...axes.map(([, , , before]) => before), ...after],
  } satisfies Attributes;
}

/** The same of windows over any number of axes, with the padding that the layer has. */
export const axesAttributes = (windows: readonly AxisWindows[]) =>
  ({
    kernel_shape: windows.map(({ kernel }) => kernel),
    strides: windows.map(({ stride }) => stride),
    dilations: windows.map(({ dilation }) => dilation),
    pads: [...windows.map(({ before }) => before), ...windows.map(({ after }) => after)],
  }) satisfies Attributes;

/** The sides of a padding of images. */
interface Margins {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Pads images, with zeros or their reflection. */
export function padded(
  at: Place,
  x: string,
  { top, bottom, left, right }: Margins,
  mode: 'constant' | 'reflect',
): string {
  const pads = at.ints([0, 0, top, left, 0, 0, bottom, right]);
  return at.node('Pad', [x, pads], { mode });
}
