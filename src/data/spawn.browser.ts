// A worker in a browser, by the pattern that bundlers know.

import type { Reply } from './serve.js';
import type { spawn as nodeSpawn } from './spawn.js';

/** Starts a worker that makes batches; undefined where there can be none. */
export const spawn: typeof nodeSpawn = (receive, fail) => {
  let worker: Worker;
  try {
    worker = new Worker(new URL('./augment-worker.browser.js', import.meta.url), {
      type: 'module',
    });
  } catch {
    return undefined;
  }
  worker.onmessage = ({ data }: MessageEvent<Reply>) => receive(data);
  worker.onerror = fail;
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    hold: () => {},
    close: () => worker.terminate(),
  };
};
