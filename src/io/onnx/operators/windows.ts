// What convolutions and pools share: how ONNX's attributes place windows.

import type { Activation } from '../../importing/value.js';
import type { Node } from '../node.js';

/** Pixels before and after each spatial axis. */
type Sides = [before: number, after: number][];

/** Where windows lie, a number for each spatial axis. */
export interface Placement {
  readonly strides: number[];
  readonly dilations: number[];
  readonly pads: Sides;
}

const ones = (length: number): number[] => new Array(length).fill(1);

/** A list of an attribute, of one number per spatial axis. */
function perAxis(node: Node, name: string, count: number): number[] {
  const list = node.ints(name) ?? ones(count);
  if (list.length === count && list.every((value) => Number.isInteger(value) && value > 0))
    return list;
  return node.fail(`its ${name} must be ${count} numbers of at least 1, not [${list.join(', ')}]`);
}

/** The kernel's sides, of an attribute. */
export const kernelShape = (node: Node, count: number): number[] =>
  node.has('kernel_shape')
    ? perAxis(node, 'kernel_shape', count)
    : node.fail('its kernel_shape is missing');

/**
 * Reads strides, dilations, and padding, which `auto_pad` may tell by the input's sides.
 *
 * @param sides the input's, of its spatial axes
 */
export function placementOf(
  node: Node,
  sides: readonly number[],
  kernel: readonly number[],
): Placement {
  const strides = perAxis(node, 'strides', sides.length);
  const dilations = perAxis(node, 'dilations', sides.length);
  const mode = node.text('auto_pad', 'NOTSET');
  const pads = sides.map((side, i): [number, number] => {
    if (mode === 'NOTSET') return explicit(node, sides.length)[i];
    if (mode === 'VALID') return [0, 0];
    const extent = (kernel[i] - 1) * dilations[i] + 1;
    const outputs = Math.ceil(side / strides[i]);
    return halves(node, Math.max(0, (outputs - 1) * strides[i] + extent - side));
  });
  return { strides, dilations, pads };
}

/** A padding in two halves, the odd pixel where `auto_pad` wants it. */
export function halves(node: Node, total: number): [number, number] {
  const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
  const mode = node.text('auto_pad', 'NOTSET');
  if (mode === 'SAME_UPPER') return [less, more];
  if (mode === 'SAME_LOWER' || mode === 'NOTSET') return [more, less];
  return node.fail(`its auto_pad must be NOTSET, VALID, SAME_UPPER or SAME_LOWER, not ${mode}`);
}

function explicit(node: Node, count: number): Sides {
  const pads = node.ints('pads') ?? new Array(2 * count).fill(0);
  if (pads.length !== 2 * count)
    node.fail(`its pads must be ${2 * count} numbers, not [${pads.join(', ')}]`);
  return pads.slice(0, count).map((before, i) => [before, pads[count + i]]);
}

/** The spatial sides of [batch, channels, ...spatial]. @throws {FormatError} for too few dimensions */
export function spatialSides(node: Node, x: Activation): number[] {
  if (x.rank >= 3 && x.rank <= 5) return x.shape.slice(2);
  return node.fail('it takes [batch, channels, ...], with one to three dimensions after these');
}

/** Options of windows for a layer of the core over signals: numbers in place of lists of one. */
export const onLine = (options: object): never =>
  Object.fromEntries(
    Object.entries(options).map(([word, value]) => [
      word,
      Array.isArray(value) && value.length === 1 ? value[0] : value,
    ]),
  ) as never;
