// Every error a user can meet. Messages name the op or layer, what was expected, what was received
// and the way out.

export {
  EngineError,
  OutOfMemoryError,
  StateError,
  ValueError,
  WasmgradError,
} from '../../bindings/errors.js';

import { WasmgradError } from '../../bindings/errors.js';

/** Shapes that do not fit each other or the op. */
export class ShapeError extends WasmgradError {
  override name = 'ShapeError';
}

/** Numbers that are not finite where they must be: NaN in the data, a loss that exploded. */
export class NumericError extends WasmgradError {
  override name = 'NumericError';
}

/** A file of another format, or a damaged one. */
export class FormatError extends WasmgradError {
  override name = 'FormatError';
}
