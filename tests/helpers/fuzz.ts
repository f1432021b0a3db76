// Gives a reader damaged files, thousands of them: each ends with what the file holds or with an error that says what is
// wrong with it, takes little memory, and leaves nothing behind. How files are damaged is in damage.ts.

import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { FormatError, memory, WasmgradError } from '../../src/index.js';
import { predictions, sameBits, samples, tiny } from './models.js';

/** How many damaged files each reader is given. */
export const CASES = 20_000;

/** SEED=7 tries other files; a failure says its own. */
export const seed = Number(process.env.SEED ?? 1);

/** The most memory that one small file may take: more than any of them holds, less than a machine notices. */
const MOST_BYTES = 64 << 20;

/** What the readers below are held to. */
export interface Reading<T> {
  /** What every error's message begins with. */
  readonly name: string;
  /** Files, most of them damaged. */
  readonly files: fc.Arbitrary<T>;
  /** Reads one, and disposes of what it holds. */
  readonly read: (file: T) => unknown;
  /** The least that are taken and refused: otherwise the damage is of no use. Some of it hits numbers, or nothing. */
  readonly taken: number;
  readonly refused: number;
  readonly cases?: number;
  /** Errors that are right, besides FormatError: a file may leave open what its reader must be told. */
  readonly allows?: (error: WasmgradError) => boolean;
}

/** Bytes in this process that JavaScript has, garbage included: what one call adds is what it has asked for. */
function bytesTaken(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory + memory().bytes;
}

/** Gives a reader its files. Fails where it does not behave. */
export async function fuzz<T>(reading: Reading<T>): Promise<void> {
  const { name, files, read, cases = CASES, allows = () => false } = reading;
  // Most of the time would go into stacks that nobody reads.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const { x } = samples(4);
  const model = tiny();
  const before = predictions(model, x);
  const uses = ['tensors', 'parameters', 'gradients', 'optimizer', 'activations'] as const;
  const used = () => {
    const now = memory();
    return uses.map((use) => `${use}: ${now[use]}`);
  };
  const had = used();
  const count = { taken: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(files, async (file) => {
      const bytes = bytesTaken();
      try {
        await read(file);
        count.taken++;
      } catch (error) {
        const isRight =
          error instanceof FormatError || (error instanceof WasmgradError && allows(error));
        if (!isRight || !error.message.startsWith(`${name}: `)) throw error;
        count.refused++;
      }
      const took = bytesTaken() - bytes;
      assert.ok(took < MOST_BYTES, `a file takes ${took} bytes`);
    }),
    { numRuns: cases, seed, includeErrorInReport: true },
  );
  Error.stackTraceLimit = stackTraceLimit;
  assert.ok(
    count.taken >= reading.taken && count.refused >= reading.refused,
    `${count.taken} taken, ${count.refused} refused`,
  );
  assert.equal(used(), had, 'something is left behind');
  sameBits(predictions(model, x), before, 'a model that was there before');
  model.dispose();
}
