// Damages files at random, for tests that a reader answers with a file's contents or a FormatError, whatever it is given.

import fc from 'fast-check';
import { FormatError } from '../../src/index.js';

/** How many damaged files each reader is given. */
const CASES = 20_000;

/** One damage: what is done, where (a share of the file), and with which number. */
const damage = fc.tuple(
  fc.constantFrom('set', 'flip', 'cut', 'insert', 'repeat', 'number', 'digit'),
  fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  fc.nat(255),
);

type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

/** Sizes and offsets that readers must not trust. */
const LARGE = [0xffffffff, 0x7fffffff, 0x80000000, 0xffff, 0x10000];

function damaged(file: Uint8Array, [what, share, value]: Damage): Uint8Array {
  const at = Math.floor(share * file.length);
  const bytes = Uint8Array.from(file);
  switch (what) {
    case 'set':
      bytes[at] = value;
      return bytes;
    case 'flip':
      bytes[at] ^= 1 << (value & 7);
      return bytes;
    case 'digit':
      // Numbers in text: a shape, an offset, a length.
      if (bytes[at] >= 0x30 && bytes[at] <= 0x39) bytes[at] = 0x30 + (value % 10);
      return bytes;
    case 'number':
      if (at + 4 <= bytes.length)
        new DataView(bytes.buffer).setUint32(at, LARGE[value % LARGE.length], value % 2 === 0);
      return bytes;
    case 'cut':
      return bytes.subarray(0, at);
    case 'insert':
      return Uint8Array.from([...bytes.subarray(0, at), value, ...bytes.subarray(at)]);
    default: {
      const end = Math.min(bytes.length, at + value);
      return Uint8Array.from([...bytes.subarray(0, end), ...bytes.subarray(at)]);
    }
  }
}

/**
 * Gives a reader damaged files.
 *
 * @param read throws only a FormatError
 * @returns how many it took, and how many it refused
 */
export async function fuzz(
  files: readonly Uint8Array[],
  read: (file: Uint8Array) => unknown,
  cases = CASES,
): Promise<{ taken: number; refused: number }> {
  const count = { taken: 0, refused: 0 };
  const file = fc.tuple(
    fc.constantFrom(...files),
    fc.array(damage, { minLength: 1, maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(file, async ([whole, damages]) => {
      try {
        await read(damages.reduce(damaged, whole));
        count.taken++;
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        count.refused++;
      }
    }),
    { numRuns: cases, seed: 1 },
  );
  return count;
}
