// What all readers of tensors have in common: their options; and that whoever reads tensors may set weights from them.

import { oneOf, optionsOf } from '../base/options.js';
import { foreign } from '../model/foreign.js';
import { assignFrom } from './weights.js';

/** Options of the functions that read tensors. */
export interface ReadOptions {
  /**
   * 'float32' reads numbers of all types as float32: whole numbers beyond 2²⁴ are rounded, and what float32 does not
   * hold becomes infinite. Without it float32 and int32 are read as they are, and other types are an error.
   */
  dtype?: 'float32';
}

/**
 * Checks the options of a reader. From then on `setWeights` knows { from }: here and not when wasmgrad/io is imported,
 * because bundlers leave out what a file does beside its exports.
 *
 * @throws {ValueError}
 */
export function beginReading(options: ReadOptions): void {
  optionsOf(options, { dtype: oneOf('float32') });
  foreign.assign = assignFrom;
}
