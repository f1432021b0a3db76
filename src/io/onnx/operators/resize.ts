// Resize and Upsample, of any axes.

import { layers, type SymbolicTensor } from '../../../core.js';
import type { ResizeOptions } from '../../../operators/arrays/index.js';
import { arrays } from '../../importing/arrays.js';
import { isBatch, NeedsWhole } from '../../importing/builder.js';
import { fromOrder, inOrder, orderOf } from '../../importing/moves.js';
import { type Activation, BatchSide, type Side, type Value } from '../../importing/value.js';
import type { Node } from '../node.js';

/** A word of the file as the layer has it: half_pixel is halfPixel. */
const camelled = (word: string): string =>
  word.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** The scales and sizes of all axes; those that are not resized have scale 1. The batch's size follows the batch. */
interface Extent {
  readonly axes: number[];
  readonly scales: number[] | undefined;
  readonly sizes: Side[] | undefined;
  readonly roi: number[] | undefined;
}

const sidesOf = (node: Node, index: number): Side[] | undefined => {
  const value = node.known(index);
  return value && value.size > 0 ? [...value.data] : undefined;
};

const numbersOf = (node: Node, index: number): number[] | undefined =>
  sidesOf(node, index) as number[] | undefined;

function extentOf(node: Node, x: Activation): Extent {
  // Resize had no region of interest in its first version; Upsample has none, and scales in an attribute before.
  const isUpsample = node.op === 'Upsample';
  const first = isUpsample || node.opset < 11 ? 1 : 2;
  const scales = numbersOf(node, first) ?? node.floats('scales');
  const sizes = first === 2 ? sidesOf(node, 3) : undefined;
  if (!scales && !sizes) node.fail('it has neither scales nor sizes');
  const given = sizes ?? (scales as number[]);
  const axes = node.axes(node.ints('axes') ?? [...x.axes.keys()].slice(-given.length), x.rank);
  if (axes.length !== given.length)
    node.fail(`it has ${given.length} scales or sizes for ${axes.length} axes`);
  const roi = first === 2 ? numbersOf(node, 1) : undefined;
  return { axes, scales: sizes ? undefined : scales, sizes, roi };
}

/** One scale for all axes: the layer's word. */
const aspects: Readonly<Record<string, ResizeOptions['aspect']>> = {
  not_larger: 'notLarger',
  not_smaller: 'notSmaller',
};

/** Resamples along axes. */
export function resize(node: Node): Value {
  const x = node.activation();
  const isOlder = node.op === 'Upsample' || node.opset < 11;
  // Upsample had another word for it.
  const mode = node.text('mode', 'nearest').replace('bilinear', 'linear');
  const own = isOlder ? 'asymmetric' : node.text('coordinate_transformation_mode', 'half_pixel');
  const rounding = isOlder ? 'floor' : node.text('nearest_mode', 'round_prefer_floor');
  const { axes, scales, sizes, roi } = extentOf(node, x);
  const aspect = sizes && aspects[node.text('keep_aspect_ratio_policy')];
  const isIdle = (i: number): boolean =>
    own !== 'tf_crop_and_resize' &&
    !aspect &&
    (sizes ? sizes[i] === x.shape[axes[i]] : (scales as number[])[i] === 1);
  const keepsBatch = (i: number): boolean => {
    const size = sizes?.[i];
    if (aspect) return false;
    if (size instanceof BatchSide) return size.times === 1;
    return size === undefined ? scales?.[i] === 1 : size === node.builder.fileBatch;
  };
  const stays = axes.map((axis, i) => {
    if (isBatch(x.axes[axis]) && !keepsBatch(i)) throw new NeedsWhole();
    return isIdle(i) || isBatch(x.axes[axis]);
  });
  const order = orderOf(x);
  const place = (i: number): number => order.indexOf(axes[i]);
  const active = axes.flatMap((_, i) => (stays[i] ? [] : [i])).sort((a, b) => place(a) - place(b));
  if (active.length === 0) return x;
  const factors = sizes ? undefined : active.map((i) => (scales as number[])[i]);
  // Whole pixels: the core has a faster layer.
  const isImage = x.rank === 4 && x.hasBatch && active.every((i) => axes[i] >= 2);
  const [height, width] = [2, 3].map(
    (axis) => factors?.[active.findIndex((i) => axes[i] === axis)] ?? 1,
  );
  const isFast =
    isImage &&
    factors?.every((factor) => Number.isInteger(factor)) &&
    (mode === 'nearest'
      ? own === 'asymmetric' && rounding === 'floor'
      : mode === 'linear' && (own === 'half_pixel' || own === 'pytorch_half_pixel'));
  if (isFast) {
    return node.builder.overImages(x, (name) =>
      layers.upsampling2d({
        name,
        size: [height, width],
        interpolation: mode === 'nearest' ? 'nearest' : 'bilinear',
      }),
    );
  }
  // The layer checks the words.
  const optionsOf = (some: readonly number[], nearest: string): ResizeOptions => {
    const pick = <T>(values: readonly T[]): T[] => some.map((i) => values[i]);
    const words = { mode, coordinates: camelled(own), nearest: camelled(nearest) };
    return {
      axes: some.map(place),
      ...(words as Pick<ResizeOptions, keyof typeof words>),
      ...(sizes ? { sizes: pick(sizes) as number[] } : { scales: pick(scales as number[]) }),
      ...(aspect ? { aspect } : {}),
      ...(mode === 'cubic' ? { cubicCoefficient: node.float('cubic_coeff_a', -0.75) } : {}),
      ...(node.int('exclude_outside') ? { excludeOutside: true } : {}),
      ...(node.int('antialias') ? { antialias: true } : {}),
      ...(own === 'tf_crop_and_resize'
        ? {
            extrapolation: node.float('extrapolation_value', 0),
            roi: [
              ...pick((roi ?? []).slice(0, axes.length)),
              ...pick((roi ?? []).slice(axes.length)),
            ],
          }
        : {}),
    };
  };
  // In its first version, Resize took the next number where an axis becomes smaller.
  const isFirst = isOlder && node.op === 'Resize' && mode === 'nearest';
  const smaller = active.filter((i) => isFirst && (scales as number[])[i] < 1);
  const others = active.filter((i) => !smaller.includes(i));
  const apply = (from: SymbolicTensor, some: readonly number[], nearest: string): SymbolicTensor =>
    some.length === 0
      ? from
      : node.builder.apply((name) => arrays().resize({ ...optionsOf(some, nearest), name }), from);
  const y = apply(apply(inOrder(x, order), others, rounding), smaller, 'ceil');
  return fromOrder(y, order, x.hasBatch);
}
