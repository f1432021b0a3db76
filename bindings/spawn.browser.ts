// Threads in a browser.

import type { spawn as nodeSpawn } from './spawn.js';

/** As text, so that it needs no file that a bundler might lose. */
const code = `
onmessage = ({ data: { module, memory, team, thread } }) => {
  const words = new Int32Array(memory.buffer);
  const sleep = (at, value, time) => Atomics.wait(words, at >> 2, value, time) !== 'timed-out';
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, team: { sleep } });
  postMessage('ready');
  exports.serve(team, thread);
};
`;

/** Starts a thread. */
export const spawn: typeof nodeSpawn = (data, lost) => {
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const worker = new Worker(url);
  const ready = new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      const why = new Error(event.message || 'the page does not allow workers from blob: URLs');
      reject(why);
      lost(why);
    };
    worker.postMessage(data);
  }).finally(() => URL.revokeObjectURL(url));
  const end = async (): Promise<void> => worker.terminate();
  return { ready, end };
};

/** Cores that there are, as far as the browser tells; in what has no workers, one. */
export const cores = (): number =>
  typeof Worker === 'function' ? (globalThis.navigator?.hardwareConcurrency ?? 1) : 1;
