// The training worker from the sources: Node's workers do not inherit what reads TypeScript. With layers of its
// own where a module with some is given.

import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { Layer } = await import('../../src/index.ts');
const { serveTraining } = await import('../../src/worker/index.ts');

/** Hands on what it is given. */
class Same extends Layer {
  constructor(options = {}) {
    super('same', options, []);
  }
  shapeFor(x) {
    return x;
  }
  parametersFor() {
    return [];
  }
  emitForward(_to, x) {
    return { y: x };
  }
  emitBackward(_to, dy) {
    return dy;
  }
}

serveTraining(parentPort, workerData ? { layers: { same: (options) => new Same(options) } } : {});
