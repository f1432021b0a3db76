// One TF.js in a process, whoever asks for it: that of the benchmarks. Imported before what asks is loaded.

import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@tensorflow/')) return next(specifier, context);
    // face-api asks for all of TF.js, and uses the core of it.
    const name = specifier === '@tensorflow/tfjs' ? '@tensorflow/tfjs-core' : specifier;
    return next(name, { ...context, parentURL: import.meta.url });
  },
});
