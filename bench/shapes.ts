// Shorthand for convolutions, and their names in tables.

import type { ConvSizes, ConvWork } from './work.js';

/** Forward; padded by half the filter, which keeps the side at stride 1, unless told otherwise. */
export function convWork(
  kernel: number,
  side: number,
  channels: number,
  filters: number,
  others: Partial<ConvSizes> = {},
): ConvWork {
  const pad = (kernel - 1) / 2;
  const sizes = { kernel, side, channels, filters, batch: 1, stride: 1, pad, groups: 1 };
  return { kind: 'conv', ...sizes, ...others };
}

/** A 3×3 filter for every channel. */
export const depthwise = (side: number, channels: number, others: Partial<ConvSizes> = {}) =>
  convWork(3, side, channels, channels, { groups: channels, ...others });

/** Such as "3×3 s2, 56², 64→128, batch 32". */
export function nameOf({ kernel, stride, side, channels, filters, groups, batch }: ConvSizes) {
  const window = `${kernel}×${kernel}${stride > 1 ? ` s${stride}` : ''}`;
  const depth = groups > 1 ? `${channels} depthwise` : `${channels}→${filters}`;
  return [window, `${side}²`, depth, ...(batch > 1 ? [`batch ${batch}`] : [])].join(', ');
}
