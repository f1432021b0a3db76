// Checked samples, and the batches that are taken of them: what the engine trains and measures on.

import type { TargetKind } from '../operators/loss/loss.emit.js';

/** Samples that can be copied one by one. */
export interface InputSource {
  /** For messages. */
  readonly name: string;
  readonly count: number;
  /** Whether its numbers are bytes, as those of pixels are. */
  readonly bytes?: boolean;
  /** Copies a sample to `to` from index `at` on. */
  copy(sample: number, to: Room, at: number): void;
}

/** Where samples are copied to. */
export type Room = Float32Array | Int32Array | Uint8Array;

/** Numbers for rows, with how many a sample has. */
export interface RowSource extends InputSource {
  readonly size: number;
}

/** Targets. */
export interface TargetSource extends RowSource {
  readonly kind: TargetKind;
}

/** Samples for all inputs and outputs. */
export interface Samples {
  /** The call that they were given to, which errors begin with: 'model.fit'. */
  readonly where: string;
  readonly x: readonly InputSource[];
  readonly y: readonly TargetSource[];
  /** For each output, where rows have weights; else none. */
  readonly weights: readonly RowSource[];
  readonly count: number;
  /** What a program for them depends on: the targets' forms, and whether rows have weights. */
  readonly key: string;
}

/** Samples with their key. */
export function keyed(samples: Omit<Samples, 'key'>): Samples {
  const kinds = samples.y.map(({ kind }) => kind);
  return { ...samples, key: [...kinds, samples.weights.length > 0 ? 'weighted' : ''].join() };
}

/** What one step takes: samples order[first …], or first … where there is no order. */
export interface Batch {
  readonly samples: Samples;
  readonly order: Int32Array | null;
  readonly first: number;
  readonly size: number;
  /** Images made for this batch, in its order, instead of the samples' own. */
  readonly images?: Float32Array;
}

/** All samples as one batch. */
export const wholeOf = (samples: Samples): Batch => ({
  samples,
  order: null,
  first: 0,
  size: samples.count,
});
