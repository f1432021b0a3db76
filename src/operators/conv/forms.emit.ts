// Forms of Winograd's algorithm: how each dimension of a convolution is cut. assembly/winograd/form.ts says what they
// are, choice.emit.ts which is fastest.

import { MOST_POINTS } from '../../../bindings/constants.js';

/** One dimension of a form. */
export interface Side {
  /** Of the convolution, in all. */
  readonly taps: number;
  readonly stride: number;
  /** Along a side of the square that a patch gives. */
  readonly outputs: number;
}

/** What a patch is. */
export interface Form {
  readonly rows: Side;
  readonly columns: Side;
}

/** Parts that are transformed by themselves. */
export const partsOf = ({ taps, stride, outputs }: Side): number =>
  stride === 2 || outputs + taps - 1 > MOST_POINTS ? 2 : 1;

/** Points, the last of which is ∞. */
export const pointsOf = (side: Side): number =>
  side.outputs + (partsOf(side) === 2 ? Math.ceil(side.taps / 2) : side.taps) - 1;

/** Products of a patch along a dimension: a part with a tap less has none at ∞. */
export const productsOf = (side: Side): number => {
  const parts = partsOf(side);
  return parts * pointsOf(side) - (parts === 2 ? side.taps % 2 : 0);
};

/** Outputs that there are transforms for, by the taps of a part. */
const outputsFor: Readonly<Record<number, readonly number[]>> = {
  1: [1],
  2: [4, 2],
  3: [4, 2],
  4: [3],
  5: [2],
};

/** Which of its forms a convolution is computed by: that of the largest squares, or of the next smaller ones. */
export type Rank = 0 | 1;

/** A dimension's sides, that of the most outputs first. */
function sidesOf(taps: number, stride: number): Side[] {
  if (stride > 2 || (stride === 2 && taps < 3)) return [];
  const whole = stride === 1 && taps in outputsFor;
  const outputs = outputsFor[whole ? taps : Math.ceil(taps / 2)] ?? [];
  return outputs.map((each) => ({ taps, stride, outputs: each }));
}

/** Those for the gradient of filters. */
function gradientSidesOf(taps: number, stride: number): Side[] {
  // F(5, 2) would round 3.4 times as coarsely as naive sums: such filters are cut, too.
  if (stride === 1 && taps === 5) return [{ taps, stride, outputs: 4 }];
  // Nor are there transforms to 5 taps.
  if (taps > 8) return [];
  return sidesOf(taps, stride).slice(0, 1);
}

/** What decides which forms there are. */
type Windows = Pick<Work, 'kernelHeight' | 'kernelWidth' | 'strideHeight' | 'strideWidth'>;

/** What the choice of a form depends on: the sizes of a convolution, forward or of the gradient. */
export interface Work {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly yHeight: number;
  readonly yWidth: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Products that an output sums by the direct algorithm. */
  readonly depth: number;
}

/** Its forms, by rank. */
export const formsOf = (w: Windows): Form[] => combined(w, sidesOf);

/** The forms of the gradient of its filters. */
export const gradientFormsOf = (w: Windows): Form[] => combined(w, gradientSidesOf);

function combined(
  { kernelHeight, kernelWidth, strideHeight, strideWidth }: Windows,
  sides: typeof sidesOf,
): Form[] {
  if (kernelHeight * kernelWidth === 1) return [];
  const [rows, columns] = [sides(kernelHeight, strideHeight), sides(kernelWidth, strideWidth)];
  if (rows.length === 0 || columns.length === 0) return [];
  return Array.from({ length: Math.max(rows.length, columns.length) }, (_, rank) => ({
    rows: rows[Math.min(rank, rows.length - 1)],
    columns: columns[Math.min(rank, columns.length - 1)],
  }));
}
