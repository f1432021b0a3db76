// The name of the method that `using` calls at the end of a block. WebKit has no Symbol.dispose yet; esbuild and other
// compilers then look for the one below.

/** `Symbol.dispose`, or its substitute where the engine has none. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
