// The kernels of assembly/arrays/, a module of its own: what the core calls for ops whose numbers are theirs.
// bindings/load.ts provides these functions.

import { Op } from './op';

/** The number of their first op. */
// @ts-ignore: decorator
@inline export const FIRST_OF_ARRAYS: u32 = 128;

/** Writes how many tasks the op has; returns how many bytes of scratch it needs beyond what all have. */
// @ts-ignore: decorator
@external("arrays", "prepare")
export declare function prepareArrays(op: Op): usize;

/** Does one task of the op. */
// @ts-ignore: decorator
@external("arrays", "execute")
export declare function executeArrays(op: Op, task: i32, scratch: usize): void;
