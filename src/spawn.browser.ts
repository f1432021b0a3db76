// Workers in a browser, by the pattern that bundlers know.

import type { Connection, connect as nodeConnect, spawn as nodeSpawn } from './spawn.js';

/** The workers that there are: files of the package. */
const start = {
  augment: () => new Worker(new URL('./augment-worker.js', import.meta.url), { type: 'module' }),
  training: () => new Worker(new URL('./training-worker.js', import.meta.url), { type: 'module' }),
};

/** Starts a worker. @throws where there can be none */
export const spawn: typeof nodeSpawn = (kind) => connection(start[kind]());

/** A worker that was started elsewhere. */
export const connect: typeof nodeConnect = (worker) => connection(worker as unknown as Worker);

function connection<Message, Reply>(worker: Worker): Connection<Message, Reply> {
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    listen(receive, fail) {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => receive(data);
      worker.onerror = ({ message }) => fail(new Error(message || NOT_LOADED));
      worker.onmessageerror = () => fail(new Error('an answer of it could not be read'));
    },
    hold: () => {},
    close: () => worker.terminate(),
  };
}

const NOT_LOADED =
  'its script could not be loaded: where a bundler leaves it behind, startWorker({ worker }) takes a worker of yours, whose script calls serveTraining(self)';
