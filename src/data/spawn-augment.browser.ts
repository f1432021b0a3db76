// Starts the augmenting worker in a browser, by the pattern that bundlers know.

/** A worker from a file of the package. @throws where there can be none */
export const spawnAugment = () =>
  new Worker(new URL('./augment-worker.js', import.meta.url), { type: 'module' });
