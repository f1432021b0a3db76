// Data that come item by item: from generators, files, the network.

import { ValueError } from '../base/errors.js';
import { abortSignal, checkOptions, whole } from '../base/options.js';
import { shown } from '../base/shown.js';

/** Anything that `for await` takes: an array, a generator, a stream. */
export type Source<T> = Iterable<T> | AsyncIterable<T>;

/** Options of `prefetch`. */
export interface PrefetchOptions {
  /** How many items are pulled before they are needed: 2 by default. */
  depth?: number;
  /** Once it is aborted, waiting for an item ends with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * The items of `source`, pulled before they are needed: the source works while the consumer does. Nothing is pulled
 * before the consumer takes its first item, and one item is pulled at a time.
 *
 * An error of the source is thrown in its place, after the items before it. If the consumer stops early, the source is
 * ended too, after it has delivered the item that it was already asked for.
 *
 * @throws {ValueError} for a source that cannot be iterated, and a depth that is not a whole number ≥ 1
 */
export function prefetch<T>(source: Source<T>, options: PrefetchOptions = {}): AsyncGenerator<T> {
  const words = { depth: whole(1), signal: abortSignal };
  const { depth = 2, signal } = checkOptions('data.prefetch', options, words);
  if (typeof Object(source)[Symbol.asyncIterator] !== 'function') {
    if (typeof Object(source)[Symbol.iterator] !== 'function') {
      const hint = typeof source === 'function' ? ': call it, as in prefetch(batches())' : '';
      throw new ValueError(
        `data.prefetch: expected something to iterate, such as a generator, not ${shown(source)}${hint}`,
      );
    }
  }
  return pullAhead(source, depth, signal);
}

async function* pullAhead<T>(
  source: Source<T>,
  depth: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  const items = each(source);
  let stopped = false;
  let last: Promise<IteratorResult<T>> = Promise.resolve({ done: false, value: null as T });
  const pull = () => {
    last = last.then((before) =>
      before.done || stopped ? { done: true, value: undefined } : items.next(),
    );
    last.catch(() => {}); // Its error is thrown when its turn comes.
    return last;
  };
  const ahead = Array.from({ length: depth }, pull);
  try {
    for (;;) {
      const item = await orAborted(ahead.shift() as typeof last, signal);
      if (item.done) return;
      ahead.push(pull());
      yield item.value;
    }
  } finally {
    stopped = true;
    const ended = last.then(
      () => items.return(undefined),
      () => {}, // It has ended with an error of its own.
    );
    // After an abort, a source that hangs is not waited for.
    if (signal?.aborted) ended.catch(() => {});
    else await ended;
  }
}

/** The items of any iterable one after another, with promises awaited. */
async function* each<T>(source: Source<T>): AsyncGenerator<T, undefined> {
  yield* source;
}

/** The promise's result, or the signal's reason if that comes first. */
function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
