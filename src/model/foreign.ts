// Weights of other libraries: `setWeights` with { from } is in wasmgrad/io, and provides itself here.

import { EngineError } from '../base/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Engine } from '../training/engine.js';

/** Sets an engine's weights from a record that another library wrote. */
export type Assign = (
  engine: Engine,
  record: Readonly<Record<string, Tensor>>,
  from: 'pytorch' | 'keras',
) => void;

/** Where nobody has imported it. */
export const missing: Assign = () => {
  throw new EngineError(
    "setWeights: what { from } takes is in 'wasmgrad/io': import one of its names",
  );
};

/** What `setWeights` calls. */
export const foreign = { assign: missing };
