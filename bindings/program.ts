// Programs as JavaScript makes them: records written into linear memory, run by range.

import { type Backend, isCurrent } from './backend.js';
import { RECORD_BYTES } from './constants.js';
import { type KernelArguments, type KernelName, kernels } from './kernels.js';

/** A buffer that has an address once a program is made of it. */
interface Addressed {
  resolve(): number;
}

/** One op with its arguments: addresses and sizes. */
export interface OpRecord<K extends KernelName = KernelName> {
  readonly kernel: K;
  readonly args: KernelArguments<number | Addressed>[K];
  /** Whether other threads take part: true by default. */
  readonly shared?: boolean;
}

/** A list of ops in linear memory. */
export class Program {
  readonly #backend: Backend;
  /** Where its records are. */
  readonly address: number;
  readonly length: number;
  /** Where in memory its buffers' addresses are written, in elements: in the order of ops and fields. */
  readonly #buffers: number[] = [];

  /** @throws {OutOfMemoryError} where there is no room for its records or for what its ops need */
  constructor(backend: Backend, ops: readonly OpRecord[]) {
    this.#backend = backend;
    this.length = ops.length;
    this.address = backend.memory.allocate(ops.length * RECORD_BYTES, 'scratch', 'a program');
    const view = new DataView(
      backend.memory.memory.buffer,
      this.address,
      ops.length * RECORD_BYTES,
    );
    ops.forEach((op, index) => {
      writeRecord(view, index * RECORD_BYTES, op, (at) =>
        this.#buffers.push((this.address + at) / 4),
      );
    });
    try {
      backend.reserveScratch(
        backend.exports.prepare(this.address, ops.length, backend.info.threads),
      );
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Gives its buffers other addresses: all of them, in the order of ops and fields. */
  rebind(addresses: readonly number[]): void {
    const { int32 } = this.#backend.memory.views;
    for (let i = 0; i < addresses.length; i++) int32[this.#buffers[i]] = addresses[i];
  }

  /** Runs ops `first` … `last`−1: all of them by default. */
  run(first = 0, last = this.length): void {
    this.#backend.run(this.address, first, last);
  }

  /** Gives the records' memory back. */
  dispose(): void {
    if (isCurrent(this.#backend)) this.#backend.memory.free(this.address);
  }
}

/** @param note gets where the address of each buffer is written, in bytes */
function writeRecord(
  view: DataView,
  at: number,
  { kernel, args, shared = true }: OpRecord,
  note: (at: number) => void,
): void {
  const { opcode, fields } = kernels[kernel];
  view.setUint32(at, opcode, true);
  view.setUint32(at + 8, shared ? 1 : 0, true);
  for (const [name, type, offset] of fields) {
    const given = args[name as keyof typeof args] as number | Addressed;
    const value = typeof given === 'number' ? given : given.resolve();
    if (typeof given !== 'number') note(at + offset);
    if (type === 'f32') view.setFloat32(at + offset, value, true);
    else view.setUint32(at + offset, value, true);
  }
}
