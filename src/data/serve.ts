// What the augmenting worker does, whatever it runs in: it is given a data set, then asked for batches.

import { type AugmentedSet, fillBatch } from './batch.js';
import type { BatchRequest } from './draw.js';

/** First the set, then batches: an array to fill, and what with. */
export type Message = AugmentedSet | (BatchRequest & { readonly to: Float32Array<ArrayBuffer> });

/** The array, filled. */
export type Reply = Float32Array<ArrayBuffer>;

/** The worker's end of its connection. */
export interface Port {
  onmessage: ((event: MessageEvent<Message>) => void) | null;
  postMessage(reply: Reply, transfer: ArrayBuffer[]): void;
}

/** Answers each request for a batch by the array, filled. */
export function serve(port: Port): void {
  let set: AugmentedSet;
  port.onmessage = ({ data }) => {
    if ('images' in data) {
      set = data;
      return;
    }
    fillBatch(data.to, set, data);
    port.postMessage(data.to, [data.to.buffer]);
  };
}
