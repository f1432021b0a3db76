// Starts the augmenting worker in a browser, by the expression that bundlers recognize.

/** A worker from a file of the package. @throws if the platform has none */
export const spawnAugment = () =>
  new Worker(new URL('./augment-worker.js', import.meta.url), { type: 'module' });
