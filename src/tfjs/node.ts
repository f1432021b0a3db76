// The entry `wasmgrad/tfjs` where Node imports it. Node finds missing packages before any code runs, and its message knows
// no way out; so this imports the entry later, and says it. Bundlers say it themselves, and `require` takes the entry as
// it is, since what is awaited here cannot be required.

import { EngineError } from '../base/errors.js';
import { INSTALL } from './name.js';

/** @throws {EngineError} where a package of TF.js is missing, or has not what the backend needs */
function explain(cause: Error): never {
  if (!(cause instanceof EngineError) && cause.message.includes('@tensorflow/'))
    throw new EngineError(
      `wasmgrad/tfjs needs @tensorflow/tfjs-core and @tensorflow/tfjs-backend-cpu, version 4: ${INSTALL}`,
      { cause },
    );
  throw cause;
}

const entry = await import('./index.js').catch(explain);

/** See the entry. */
export const { configure } = entry;
