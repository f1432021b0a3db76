// What a kernel of ours is: a plan for given shapes, over the ops that layers are made of.

import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs-core';
import { type Shape, sizeOf } from '../base/shape.js';
import type { Emitter, Value } from '../program/emitter.js';

/** The types that lie in linear memory: 'bool' as floats, 0 and 1. */
export type Resident = 'float32' | 'int32' | 'bool';

/** Whether tensors of a type lie in linear memory. */
export const isResident = (dtype: unknown): dtype is Resident =>
  dtype === 'float32' || dtype === 'int32' || dtype === 'bool';

/** Whether an array is a row of `channels` numbers, perhaps with dimensions of 1 before it. */
export const isRow = (shape: Shape, channels: number | undefined): boolean =>
  shape.at(-1) === channels && sizeOf(shape) === channels;

/** What TF.js gives a kernel besides tensors. */
export type Attributes = NamedAttrMap & Readonly<Record<string, unknown>>;

/** How results are computed of inputs of given shapes. */
export interface Plan {
  /** Those of the results: whole numbers above 0. */
  readonly shapes: readonly Shape[];
  /** Emits the ops that fill `ys`. An input that was not given is undefined. */
  readonly emit: (e: Emitter, ys: readonly Value[], xs: readonly Value[]) => void;
}

/**
 * Plans a call. What it throws as ShapeError or ValueError, and calls for which it returns undefined, are left to
 * TF.js's cpu kernel.
 *
 * @param shapes of the inputs; null for those that were not given
 * @param type that of the inputs which may have any
 */
export type Planner = (
  shapes: readonly Shape[],
  // biome-ignore lint/suspicious/noExplicitAny: each kernel has attributes of its own, which TF.js does not type
  attrs: any,
  type: Resident,
) => Plan | undefined;

/** What a kernel asks of a call besides its types and shapes. */
export interface Asked {
  readonly inputs: readonly (TensorInfo | undefined)[];
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly attrs: any;
  /** The numbers of an input. */
  readonly numbers: (input: number) => ArrayLike<number>;
}

/** A kernel. */
export interface Native {
  /** TF.js's name. */
  readonly name: string;
  /** The names of its inputs, in order; without them all that there are, which are then a list. */
  readonly inputs?: readonly string[];
  /**
   * Their types, the last for all that follow: 'float32' by default. Inputs of 'any' type have one in common; they are
   * moved as they are, or the plan looks at it.
   */
  readonly types?: readonly (Resident | 'any')[];
  /** The type of the results: 'float32' by default; 'any' for that of the inputs; or what the attribute `dtype` says. */
  readonly result?: Resident | 'any' | 'dtype';
  /** Whether the results are a list, however many there are. */
  readonly isList?: boolean;
  /** Whether a call is for this kernel; what is not, is left to TF.js's. All are by default. */
  readonly wants?: (call: Asked) => boolean;
  /**
   * Whether the result waits until it is read: 'always' where it is often thrown away, 'taped' where a later call may
   * do the same work together with more.
   */
  readonly waits?: 'always' | 'taped';
  /** Whether a third input is a bias; and whether `activation` may be 'relu'. */
  readonly takesBias?: boolean;
  readonly takesRelu?: boolean;
  /** What the call adds to another that computes its first input and waits: see call.ts. */
  readonly adds?: 'bias' | 'relu' | 'norm';
  readonly plan: Planner;
  /** While gradients are taped: a plan with one more result, which stays with the first for the gradient. */
  readonly planKept?: Planner;
  /** The input whose kept result is one more input, where it has one. */
  readonly kept?: number;
}

/** The inputs of a call, in order. */
export function inputsOf(
  { inputs: names }: Native,
  inputs: Readonly<Record<string, TensorInfo | undefined>>,
): (TensorInfo | undefined)[] {
  if (!names) return Object.values(inputs);
  return names.map((name) => inputs[name] ?? undefined);
}
