// A thread of a team (team.ts): runs what it is told to over the shared memory, and says when it has.

import { parentPort, workerData } from 'node:worker_threads';

const { module, memory, wide, thread, threads, scratch, barrier } = workerData;
const { exports } = new WebAssembly.Instance(module, { env: { memory } });

exports.useWideTile(wide);

parentPort.on('message', ([program, first, last]) => {
  exports.run(program, first, last, thread, threads, scratch, barrier);
  parentPort.postMessage('done');
});
parentPort.postMessage('ready');
