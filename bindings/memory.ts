// The one linear memory: who may use which bytes. Nothing else hands out addresses.
//
// Blocks are 64-byte aligned, so that no two share a cache line, and every block may be read 64
// bytes past its end: kernels load whole vectors. Address 0 stays null.

import { OutOfMemoryError, ValueError } from './errors.js';
import type { WasmMemory } from './wasmtypes.js';

const ALIGNMENT = 64;
const PAGE = 65536;
const MIB = 1 << 20;
const LARGEST = 4096 * MIB;

/** What a block holds, for `memory()`. */
export type Use = 'parameters' | 'gradients' | 'optimizer' | 'activations' | 'scratch' | 'tensors';

/** Linear memory as arrays: the element at address a is at index a / 4. */
export interface Views {
  readonly float32: Float32Array;
  readonly int32: Int32Array;
}

interface Block {
  address: number;
  bytes: number;
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Where less than this can be reserved, there is no memory for threads. */
const LEAST_RESERVED = 64 * MIB;

/** Memory that threads share, and how large it may become. @throws {RangeError} where the engine has none */
function reserve(limit: number): { memory: WebAssembly.Memory; limit: number } {
  try {
    const maximum = Math.ceil(limit / PAGE);
    return { memory: new WebAssembly.Memory({ initial: 1, maximum, shared: true }), limit };
  } catch (error) {
    if (limit < 2 * LEAST_RESERVED) throw error;
    return reserve(limit / 2);
  }
}

/** Memory of one thread's own, which grows as it is needed. @throws {OutOfMemoryError} */
function own(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: 1 });
  } catch (cause) {
    throw new OutOfMemoryError(
      'init: the engine gives no memory: the process is near a limit, or has several wasm memories',
      { cause },
    );
  }
}

/** First-fit allocation over a WebAssembly.Memory that grows on demand. */
export class LinearMemory {
  readonly memory: WasmMemory;
  /** Free blocks by ascending address; no two touch. */
  #free: Block[] = [];
  readonly #used = new Map<number, { bytes: number; use: Use }>();
  readonly #limit: number;
  #end = 0;
  /** Called before an allocation fails: frees what can be made again, and returns whether there was any. */
  onShortage: (() => boolean) | undefined;
  #views: Views | undefined;

  /**
   * @param maximumMiB the limit, 4096 at most: what 32-bit addresses reach
   * @param shared whether threads share it: all of the limit is then reserved, and where the engine refuses
   *   that, half of it, and so on
   * @throws {RangeError} where the engine refuses even the least
   */
  constructor(maximumMiB = 4096, shared = false) {
    if (!(Number.isFinite(maximumMiB) && maximumMiB >= 1 && maximumMiB <= 4096)) {
      throw new ValueError(`init: maximumMemory is 1 to 4096 MiB, not ${maximumMiB}`);
    }
    const wanted = Math.min(LARGEST, Math.floor(maximumMiB * MIB));
    const { memory, limit } = shared ? reserve(wanted) : { memory: own(), limit: wanted };
    this.memory = memory;
    this.#limit = Math.min(LARGEST - ALIGNMENT, limit);
  }

  /** MiB that may be used at most. */
  get limitMiB(): number {
    return Math.ceil(this.#limit / MIB);
  }

  /** Makes everything from `base` on available; called once, when the module's own data is known. */
  open(base: number): void {
    this.#end = align(Math.max(base, ALIGNMENT));
  }

  /** The whole memory as numbers; to be asked for again after anything that may allocate. */
  get views(): Views {
    const { buffer } = this.memory;
    if (this.#views?.float32.buffer !== buffer) {
      this.#views = {
        float32: new Float32Array(buffer),
        int32: new Int32Array(buffer),
      };
    }
    return this.#views as Views;
  }

  /** Bytes of linear memory, used or not. */
  get bytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Bytes in use, by purpose. */
  used(use: Use): number {
    let sum = 0;
    for (const block of this.#used.values()) if (block.use === use) sum += block.bytes;
    return sum;
  }

  /**
   * Returns the address of `bytes` free bytes, whose content is not defined.
   *
   * @param what names it in an error; a function where making the text takes time
   * @throws {OutOfMemoryError} where they do not fit below the limit, or the engine has no more
   */
  allocate(bytes: number, use: Use, what: string | (() => string) = use): number {
    try {
      return this.#take(bytes, use, what);
    } catch (error) {
      if (!this.onShortage?.()) throw error;
      return this.#take(bytes, use, what);
    }
  }

  #take(bytes: number, use: Use, what: string | (() => string)): number {
    const size = align(Math.max(1, bytes));
    const index = this.#free.findIndex((block) => block.bytes >= size);
    let address = this.#end;
    if (index >= 0) {
      const block = this.#free[index] as Block;
      address = block.address;
      block.address += size;
      block.bytes -= size;
      if (block.bytes === 0) this.#free.splice(index, 1);
    } else {
      // A free block at the very end becomes part of the new one.
      const tail = this.#free.at(-1);
      const joins = tail !== undefined && tail.address + tail.bytes === this.#end;
      if (joins) address = tail.address;
      this.#grow(address + size, size, typeof what === 'string' ? what : what());
      if (joins) this.#free.pop();
      this.#end = address + size;
    }
    this.#used.set(address, { bytes: size, use });
    return address;
  }

  /** Says what a block holds from now on. */
  assign(address: number, use: Use): void {
    (this.#used.get(address) as { use: Use }).use = use;
  }

  /** Gives a block back. */
  free(address: number): void {
    const block = this.#used.get(address);
    if (!block) return;
    this.#used.delete(address);
    const at = this.#free.findIndex((other) => other.address > address);
    const index = at < 0 ? this.#free.length : at;
    const entry = { address, bytes: block.bytes };
    this.#free.splice(index, 0, entry);
    const next = this.#free[index + 1];
    if (next && entry.address + entry.bytes === next.address) {
      entry.bytes += next.bytes;
      this.#free.splice(index + 1, 1);
    }
    const previous = this.#free[index - 1];
    if (previous && previous.address + previous.bytes === entry.address) {
      previous.bytes += entry.bytes;
      this.#free.splice(index, 1);
    }
  }

  #grow(end: number, size: number, what: string): void {
    const needed = end + ALIGNMENT;
    const fail = (cause?: unknown): never => {
      // 32-bit addresses reach no further.
      const raise = this.#limit < LARGEST - ALIGNMENT ? '; or raise init({ maximumMemory })' : '';
      const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`;
      throw new OutOfMemoryError(
        `${what} needs ${mib(size)}; ${mib(this.#limit)} is the limit and ${mib(this.#inUse())} of it in use: use a smaller batch or model, or dispose what is no longer needed${raise}`,
        { cause },
      );
    };
    if (needed > this.#limit) fail();
    const missing = Math.ceil((needed - this.bytes) / PAGE);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch (cause) {
      fail(cause);
    }
  }

  #inUse(): number {
    let sum = 0;
    for (const block of this.#used.values()) sum += block.bytes;
    return sum;
  }
}
