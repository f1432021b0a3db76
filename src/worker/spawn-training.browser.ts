// Starts the training worker in a browser, by the pattern that bundlers know.

/** A worker from a file of the package. @throws where there can be none */
export const spawnTraining = () =>
  new Worker(new URL('./training-worker.js', import.meta.url), { type: 'module' });
