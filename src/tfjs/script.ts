// The entry `wasmgrad/tfjs-script`, for pages that load TF.js by a script tag, without a bundler: the entry `wasmgrad/tfjs`
// over the global `tf`, which the build puts in the place of TF.js's packages.

import './global.js';

export { configure } from './index.js';
