// Weights of other libraries: `setWeights` with { from } is in wasmgrad/io, whose readers of tensors provide it here.

import { EngineError } from '../base/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Engine } from '../training/engine.js';

/** Sets an engine's weights from a record that another library wrote. */
export type Assign = (
  engine: Engine,
  record: Readonly<Record<string, Tensor>>,
  from: 'pytorch' | 'keras',
) => void;

/** Where nobody has read any. */
export const missing: Assign = () => {
  throw new EngineError(
    "setWeights: { from } comes with the readers of 'wasmgrad/io': call readSafetensors, readNpz or readNpy",
  );
};

/** What `setWeights` calls. */
export const foreign = { assign: missing };
