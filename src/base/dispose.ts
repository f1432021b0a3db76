// The name by which `using` finds what gives an object back. WebKit has none yet: esbuild and others look for this one then.

/** `Symbol.dispose`, or what stands in for it. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
