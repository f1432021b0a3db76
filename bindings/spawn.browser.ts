// Threads in a browser. They start from a file of the package, as strict content security policies want it; where
// that cannot be had, from a blob: URL of the same text. Bundlers that do not know `new Worker(new URL(…))` lose
// the file, and a worker cannot be started from another origin.

// @ts-expect-error: only the build can import the text
import text from './kernel-thread.browser.js';
import type { Spawn } from './thread.js';

type Make = () => Worker;

const fromFile: Make = () => new Worker(new URL('./kernel-thread.js', import.meta.url));
let url: string | undefined;
const fromText: Make = () => {
  url ??= URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  return new Worker(url);
};

/** How the first thread could be started: the others are started likewise. */
let proven: Promise<Make> | undefined;

/** Starts a thread. */
export const spawn: Spawn = (data, lost) => {
  let worker: Worker | undefined;
  let ended = false;
  const start = (make: Make): Promise<Make> =>
    new Promise((resolve, reject) => {
      if (ended) throw new Error('it was ended');
      const made = allowed(make);
      worker = made;
      made.onerror = ({ message }) => {
        made.terminate();
        reject(new Error(message || BLOCKED));
      };
      made.onmessage = () => {
        made.onerror = ({ message }) => lost(new Error(message));
        resolve(make);
      };
      made.postMessage(data);
    });
  const first = (): Promise<Make> => {
    proven = start(fromFile).catch(() => start(fromText));
    proven.catch(() => {
      proven = undefined;
    });
    return proven;
  };
  const ready = (proven ? proven.then(start) : first()).then(() => {});
  const end = async (): Promise<void> => {
    ended = true;
    worker?.terminate();
  };
  return { ready, end };
};

const BLOCKED =
  "the page allows no workers: its Content-Security-Policy needs worker-src 'self' and the package's kernel-thread.js beside its bundle, or worker-src blob:";

/** Makes a worker. Where a policy forbids it, WebKit throws here, without saying why; others report it in an event. */
function allowed(make: Make): Worker {
  try {
    return make();
  } catch (cause) {
    if ((cause as Error).name === 'SecurityError') throw new Error(BLOCKED, { cause });
    throw cause;
  }
}
