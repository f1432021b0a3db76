// Tensors that TF.js has disposed of: the next results of their shapes take their place. To give memory back and to take
// it anew takes longer than a small kernel, and the numbers of the last ones may still be in the cache.

import { type Backend, backend } from '../../bindings/backend.js';
import { type Shape, sameShape } from '../base/shape.js';
import { offerSpare, type Spare } from '../program/spare.js';
import { hasForms } from '../tensor/calls.js';
import { Tensor } from '../tensor/tensor.js';

/** Numbers of the largest that is kept, and of all; and how many are. */
const LARGEST = 1 << 20;
const MOST_NUMBERS = 1 << 24;
const MOST_TENSORS = 1024;

class Recycled implements Spare {
  readonly owner: Backend;
  /** By their size. */
  readonly #tensors = new Map<number, Tensor[]>();
  #count = 0;
  #numbers = 0;

  constructor(owner: Backend) {
    this.owner = owner;
  }

  find(shape: Shape, size: number): Tensor | undefined {
    const kept = this.#tensors.get(size);
    // The last one's numbers may still be in the cache.
    let at = kept ? kept.length - 1 : -1;
    while (at >= 0 && !sameShape((kept as Tensor[])[at].shape, shape)) at--;
    if (at < 0) return undefined;
    this.#count--;
    this.#numbers -= size;
    const [tensor] = (kept as Tensor[]).splice(at, 1);
    this.owner.memory.assign(tensor.address, 'tensors');
    return tensor;
  }

  keep(tensor: Tensor, size: number): void {
    this.#numbers += size;
    if (this.#count === MOST_TENSORS || this.#numbers > MOST_NUMBERS) {
      this.dispose();
      this.#numbers = size;
    }
    const kept = this.#tensors.get(size);
    if (kept) kept.push(tensor);
    else this.#tensors.set(size, [tensor]);
    this.owner.memory.assign(tensor.address, 'scratch');
    if (!this.#count++) offerSpare(this.owner, this);
  }

  /** Gives all memory back: see `Spare`. */
  dispose(): void {
    for (const tensor of [...this.#tensors.values()].flat()) tensor.dispose();
    this.#tensors.clear();
    this.#count = 0;
    this.#numbers = 0;
  }
}

/** Those of the backend that runs. */
let recycled: Recycled | undefined;

function current(): Recycled {
  const owner = backend();
  if (recycled?.owner !== owner) recycled = new Recycled(owner);
  return recycled;
}

/** A tensor whose content is not defined yet. @throws {OutOfMemoryError} */
export function create(shape: Shape): Tensor {
  let size = 1;
  for (const side of shape) size *= side;
  const kept = size > LARGEST ? undefined : current().find(shape, size);
  return kept ?? Tensor.create(shape);
}

/** The end of a tensor that nobody will use again. */
export function recycle(tensor: Tensor): void {
  const { size, dtype } = tensor;
  // Forms of its numbers would be taken for those of the next ones.
  const isKept = size <= LARGEST && dtype === 'float32' && !hasForms(tensor) && isAlive(tensor);
  if (isKept) current().keep(tensor, size);
  else tensor.dispose();
}

/** Whether its memory is that of the backend that runs. */
function isAlive(tensor: Tensor): boolean {
  try {
    return tensor.address > 0;
  } catch {
    return false;
  }
}
