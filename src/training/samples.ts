// Checked samples, and the batches made of them, which the engine computes.

import type { TargetKind } from '../operators/loss/loss.emit.js';

/** Samples that can be copied one by one. */
export interface InputSource {
  /** For messages. */
  readonly name: string;
  readonly count: number;
  /** Whether its numbers are bytes, such as pixels. */
  readonly bytes?: boolean;
  /** Copies a sample to `to` from index `at` on. */
  copy(sample: number, to: Room, at: number): void;
}

/** An array that samples are copied to. */
export type Room = Float32Array | Int32Array | Uint8Array;

/** Numbers for a sample's rows; `size` of them for each sample. */
export interface RowSource extends InputSource {
  readonly size: number;
}

/** Targets. */
export interface TargetSource extends RowSource {
  readonly kind: TargetKind;
}

/** Samples for all inputs and outputs. */
export interface Samples {
  /** The call that was given the samples, such as 'model.fit': errors begin with it. */
  readonly where: string;
  readonly x: readonly InputSource[];
  readonly y: readonly TargetSource[];
  /** The rows' weights, for each output; an empty list without weights. */
  readonly weights: readonly RowSource[];
  readonly count: number;
  /** The kinds of the targets, and whether rows have weights: programs depend on these. */
  readonly key: string;
}

/** Samples with their key. */
export function keyed(samples: Omit<Samples, 'key'>): Samples {
  const kinds = samples.y.map(({ kind }) => kind);
  return { ...samples, key: [...kinds, samples.weights.length > 0 ? 'weighted' : ''].join() };
}

/** Some samples: order[first], order[first + 1] …, or first, first + 1 … without an order. */
export interface Batch {
  readonly samples: Samples;
  readonly order: Int32Array | null;
  readonly first: number;
  readonly size: number;
  /** Augmented images for this batch, in its order; they replace the samples' own. */
  readonly images?: Float32Array;
}

/** All samples as one batch. */
export const wholeOf = (samples: Samples): Batch => ({
  samples,
  order: null,
  first: 0,
  size: samples.count,
});
