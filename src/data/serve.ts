// What the augmenting worker does, whatever it runs in: it is given a data set, then asked for batches.

import type { Port } from '../platform/port.js';
import { serve } from '../platform/rpc.js';
import { type AugmentedSet, type Batch, fillBatch } from './batch.js';
import type { BatchRequest } from './draw.js';

/** First the set, then batches: an array to fill, and what with. */
export interface Calls {
  begin: { given: AugmentedSet; got: unknown };
  fill: { given: BatchRequest & { readonly to: Batch }; got: Batch };
}

/** Answers each request for a batch by the array, filled. */
export function serveBatches(self: Port): void {
  let set: AugmentedSet;
  serve<Calls>(
    self,
    {
      begin(given) {
        set = given;
      },
      fill(request) {
        fillBatch(request.to, set, request);
        return request.to;
      },
    },
    (filled) => (filled ? [(filled as Batch).buffer] : []),
  );
}
