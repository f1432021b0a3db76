// Connects a worker with its owner in a browser.

import type { Connect } from './connection.js';

/** The owner's end of a worker. */
export const connect: Connect = (given) => {
  const worker = given as unknown as Worker;
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    listen(receive, fail) {
      worker.onmessage = ({ data }) => receive(data);
      worker.onerror = ({ message }) => fail(new Error(message || NOT_LOADED));
      worker.onmessageerror = () => fail(new Error('an answer of it could not be read'));
    },
    hold: () => {},
    close: () => worker.terminate(),
  };
};

const NOT_LOADED =
  'its script could not be loaded: where a bundler leaves it behind, startWorker({ worker }) takes a worker of yours, whose script calls serveTraining(self)';
