// What a layer becomes in TF.js: steps, each one of its layers.

import type { Layer, Shape, SymbolicTensor } from '../../../core.js';
import type { Json } from '../json.js';

/** What a step reads: an input of our layer, or a step before it. */
export type Read = { readonly input: number } | { readonly step: number };

/** A layer of TF.js. */
export interface Step {
  readonly type: string;
  readonly config: Json;
  /** Put after the name of our layer. One of the steps has none, and so our layer's own name. */
  readonly end?: string;
  /** The first reads the inputs of our layer, each other one the one before it, where nothing is said. */
  readonly reads?: readonly Read[];
  /** Our weights by TF.js's names, which may have shapes of their own there. */
  readonly weights?: Readonly<Record<string, string>>;
  readonly shapes?: Readonly<Record<string, Shape>>;
}

/** The steps of a layer; or why there are none. */
export type Writer = (
  layer: Layer,
  ...inputs: readonly SymbolicTensor[]
) => readonly Step[] | string;

/** The options of a layer, whose type says which they are. */
// biome-ignore lint/suspicious/noExplicitAny: each writer knows its layer's options
export const optionsOf = (layer: Layer): any => layer.options;

export const channelsLast = { data_format: 'channels_last' };

/** TF.js rounds down. */
export const roundsUp = 'its dimRoundingMode is ceil, which TF.js has not';

/** Zeros around [height, width, channels], on sides that have some: channels take the place of a side for it. */
export function zeros([rows, columns, channels]: readonly (readonly number[])[]): Step[] {
  const around = (padding: readonly (readonly number[])[], end: string): Step => ({
    ...{ type: 'ZeroPadding2D', config: { padding, ...channelsLast }, end },
  });
  const swap = (end: string): Step => ({ type: 'Permute', config: { dims: [1, 3, 2] }, end });
  const any = (sides: readonly number[]): boolean => sides.some((side) => side > 0);
  return [
    ...(any(rows) || any(columns) ? [around([rows, columns], '_pad')] : []),
    ...(any(channels)
      ? [swap('_swap'), around([[0, 0], channels], '_channels'), swap('_back')]
      : []),
  ];
}

/** Steps of which the last has our layer's name. */
export const lastNamed = (steps: readonly Step[]): Step[] =>
  steps.map((step, i) => (i === steps.length - 1 ? { ...step, end: undefined } : step));
