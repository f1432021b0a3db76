// A worker's end of its connection: a file of its own, as users' types name it, and those of calls they need not know.

/** `self` in a browser, `parentPort` of `node:worker_threads` in Node: what messages can be posted to. */
export interface Port {
  postMessage(...args: never[]): void;
}
