// Looks for the TF.js of a script tag, before anything is asked of it.

import { EngineError } from '../base/errors.js';

const { tf } = globalThis as { tf?: { findBackend?(name: string): unknown } };
const has = tf?.findBackend ? 'the backend "cpu"' : 'the global tf';
if (!tf?.findBackend?.('cpu'))
  throw new EngineError(
    `wasmgrad/tfjs-script does not find ${has}: load TF.js before it, by <script src="tf.min.js"></script>`,
  );
