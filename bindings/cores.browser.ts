// How many cores there are, as far as the browser says.

/** Cores that there are; one where there are no workers. */
export const cores = (): number =>
  typeof Worker === 'function' ? (globalThis.navigator?.hardwareConcurrency ?? 1) : 1;
