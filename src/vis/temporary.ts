// Tensors that are made on the way: none is left behind, by an error neither.

import type { Tensor } from '../core.js';

/** Remembers a tensor, to be disposed of at the end of the work. */
export type Keep = <T extends Tensor>(tensor: T) => T;

/** Does `work`, then disposes of what it kept. */
export function temporarily<R>(work: (keep: Keep) => R): R {
  const kept = new Kept();
  try {
    return work(kept.keep);
  } finally {
    kept.dispose();
  }
}

/** As `temporarily`, for work that awaits. */
export async function temporarilyAsync<R>(work: (keep: Keep) => Promise<R>): Promise<R> {
  const kept = new Kept();
  try {
    return await work(kept.keep);
  } finally {
    kept.dispose();
  }
}

class Kept {
  readonly #tensors: Tensor[] = [];

  readonly keep: Keep = (tensor) => {
    this.#tensors.push(tensor);
    return tensor;
  };

  dispose(): void {
    for (const tensor of this.#tensors) tensor.dispose();
  }
}
