// The errors of the engine and its memory; src/base/errors.ts adds those of models and data.

/** What every error of this library is: catch it to catch them all. */
export class WasmgradError extends Error {
  override name = 'WasmgradError';
}

/** The JavaScript engine lacks something, or the wasm module could not be had. */
export class EngineError extends WasmgradError {
  override name = 'EngineError';
}

/** Linear memory has no room: says how much was needed and what the limit is. */
export class OutOfMemoryError extends WasmgradError {
  override name = 'OutOfMemoryError';
}

/** The call came at the wrong time: before `init`, before `compile`, after `dispose`. */
export class StateError extends WasmgradError {
  override name = 'StateError';
}

/** An argument has a value that cannot be used. */
export class ValueError extends WasmgradError {
  override name = 'ValueError';
}
