// Memory that forgives nothing: every block stands between sentinels, and is full of NaN at first. What a
// kernel reads beside a block, or before it was written, shows in its results; what it writes beside one
// is found.

import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { RECORD_BYTES } from '../../bindings/constants.js';
import type { Program } from '../../bindings/program.js';
import type { Shape } from '../../src/base/shape.js';
import { type Emitter, Value } from '../../src/program/emitter.js';
import { assignAddresses, buildProgram, planMemory } from '../../src/program/plan.js';

/** Floats on either side: as far as kernels may read (bindings/memory.ts). */
const SIDE = 16;
/**
 * A NaN that no arithmetic makes by itself. But arithmetic hands a NaN on: each block has another, so that what is
 * read beside one block and written beside the next is found.
 */
const SENTINEL = 0x7fc12345;

/** Programs are prepared for one thread, two, … five, one after another: that decides what tasks there are. */
let prepared = 0;

/** Bytes of scratch that a thread brings to a program that so many threads share. */
export function scratchOf(
  { address, length }: Pick<Program, 'address' | 'length'>,
  threads: number,
): number {
  return Math.ceil(backend().exports.prepare(address, length, threads) / 64) * 64;
}

/** The blocks of one program, which runs in them. */
export class Guarded {
  readonly #blocks: { address: number; floats: number; what: string; sentinel: number }[] = [];

  /** A block for `shape`, with numbers in it where they are given. */
  value(what: string, shape: Shape, numbers?: ArrayLike<number>): Value {
    const value = new Value(shape);
    value.address = this.#block(what, value.size);
    if (numbers) backend().memory.views.float32.set(numbers, value.address / 4);
    return value;
  }

  #block(what: string, floats: number): number {
    const { memory } = backend();
    const address = memory.allocate((floats + 2 * SIDE) * 4, 'tensors', what);
    const sentinel = SENTINEL + this.#blocks.length;
    memory.views.int32.fill(sentinel, address / 4, address / 4 + floats + 2 * SIDE);
    this.#blocks.push({ address, floats, what, sentinel });
    return address + SIDE * 4;
  }

  /**
   * Runs what `e` has collected, its buffers in a block too, each op with scratch of its own. Fails where
   * a block is left.
   */
  run(e: Emitter, what: string): void {
    const plan = planMemory(e);
    assignAddresses(plan, this.#block('the arena', plan.bytes / 4));
    const program = buildProgram(backend(), e.ops);
    const threads = 1 + (prepared++ % 5);
    const scratch = this.#block('scratch', scratchOf(program, threads) / 4);
    const beside = this.#blocks[this.#blocks.length - 1].sentinel;
    const { exports, memory } = backend();
    const { int32 } = memory.views;
    const intact = (first: number, sentinel: number) =>
      int32.subarray(first, first + SIDE).every((word) => word === sentinel);
    e.ops.forEach(({ kernel }, i) => {
      const bytes = scratchOf({ address: program.address + RECORD_BYTES * i, length: 1 }, threads);
      // Alone, but in the tasks of so many.
      exports.run(program.address, i, i + 1, 0, 1, scratch, bytes, true);
      const behind = (scratch + bytes) / 4;
      assert.ok(intact(behind, beside), `${what}: ${kernel} writes behind its scratch`);
      int32.fill(beside, scratch / 4, behind);
    });
    program.dispose();
    for (const { address, floats, what: block, sentinel } of this.#blocks) {
      assert.ok(intact(address / 4, sentinel), `${what}: something is written before ${block}`);
      const behind = address / 4 + SIDE + floats;
      assert.ok(intact(behind, sentinel), `${what}: something is written behind ${block}`);
    }
  }

  /** A copy of what a block holds. */
  read(value: Value): Float32Array {
    const at = value.resolve() / 4;
    return backend().memory.views.float32.slice(at, at + value.size);
  }

  free(): void {
    for (const { address } of this.#blocks.splice(0)) backend().memory.free(address);
  }
}
