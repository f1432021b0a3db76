// Connects a worker with its owner in Node, Deno and Bun.

import type { Connect } from './connection.js';

/** The owner's end of a worker. */
export const connect: Connect = (worker) => {
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[]),
    listen(receive, fail) {
      worker.on('message', receive).on('error', fail).on('messageerror', fail);
      worker.on('exit', (code) => fail(new Error(`it ended with exit code ${code}`)));
    },
    hold: (on) => (on ? worker.ref() : worker.unref()),
    close: () => void worker.terminate(),
  };
};
