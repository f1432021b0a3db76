// Files that are damaged or made to harm: readers of tensors answer with tensors or a FormatError, in little time and
// memory.

import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../../src/base/crc32.js';
import { FormatError, io, Tensor } from '../../src/index.js';
import { damagedBytes, damagedHeader, withHeader } from '../helpers/damage.js';
import { CASES, fuzz, seed } from '../helpers/fuzz.js';
import { rejects } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

type Record_ = Record<string, Tensor>;

const disposeAll = (made: Tensor | Record_): void => {
  for (const tensor of made instanceof Tensor ? [made] : Object.values(made)) tensor.dispose();
};

/** A file in a zip archive that is made by hand. */
interface Member {
  name: string;
  packed: Uint8Array;
  size: number;
  crc: number;
  method?: number;
  flags?: number;
  /** Where the directory says that it is, instead of where it is. */
  at?: number;
}

/** A zip archive, of whose numbers each may lie. */
function zip(members: readonly Member[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let end = 0;
  for (const { name, packed, size, crc, method = 8, flags = 0, at = end } of members) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc, 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = [Buffer.from('PK\x03\x04'), fields, Buffer.from(name), Buffer.from(packed)];
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00'), fields, rest, Buffer.from(name));
    parts.push(...local);
    end += local.reduce((sum, { length }) => sum + length, 0);
  }
  const list = Buffer.concat(directory);
  const tail = Buffer.alloc(22);
  tail.write('PK\x05\x06');
  tail.writeUInt16LE(members.length, 10);
  tail.writeUInt32LE(list.length, 12);
  tail.writeUInt32LE(end, 16);
  return Buffer.concat([...parts, list, tail]);
}

const member = (name: string, bytes: Uint8Array): Member => ({
  name,
  packed: deflateRawSync(bytes),
  size: bytes.length,
  crc: crc32(bytes),
});

const readers = { readSafetensors: io.readSafetensors, readNpy: io.readNpy, readNpz: io.readNpz };

for (const [name, read] of Object.entries(readers)) {
  test(`${name}: damaged files`, async () => {
    const record = { a: random([2, 3], 1), 'b/c': Tensor.from(Int32Array.of(1, 2)) };
    const npy = Object.values(record).map((tensor) => io.writeNpy(tensor));
    const files = {
      readSafetensors: [io.writeSafetensors(record, { x: 'y' }), io.writeSafetensors(record)],
      readNpy: npy,
      readNpz: [io.writeNpz(record), zip(npy.map((bytes, i) => member(`${i}.npy`, bytes)))],
    }[name] as Uint8Array[];
    disposeAll(record);
    await fuzz({
      name: `io.${name}`,
      files: damagedBytes(files),
      read: (file) => disposeAll(read(file, { dtype: 'float32' })),
      taken: 20,
      refused: 10_000,
    });
  });

  test(`${name}: any bytes`, () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        assert.throws(
          () => read(bytes),
          (error: unknown) => error instanceof FormatError,
        );
      }),
      { numRuns: 2000, seed },
    ));
}

test('readSafetensors: damaged headers', async () => {
  const record = { a: random([2, 3], 1), 'b/c': random([2], 2) };
  const file = io.writeSafetensors(record, { x: 'y' });
  disposeAll(record);
  await fuzz({
    name: 'io.readSafetensors',
    files: damagedHeader(file),
    read: (damaged) => disposeAll(io.readSafetensors(damaged)),
    cases: CASES / 2,
    taken: 100,
    refused: 3000,
  });
});

/** The header of a .npy file of so many float32. */
const headerOf = (count: number): Uint8Array => {
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count},), }\n`;
  const bytes = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${text}`, 'latin1');
  bytes.writeUInt16LE(text.length, 8);
  return bytes;
};

test('zip bombs: refused by what is declared, before they are unpacked', async () => {
  const refuse = (file: Uint8Array, ...parts: string[]) =>
    rejects(() => io.readNpz(file), FormatError, 'io.readNpz', ...parts);
  const before = process.memoryUsage().arrayBuffers;
  const zeros = deflateRawSync(Buffer.concat([headerOf(1), Buffer.alloc(64 << 20)]));
  const size = headerOf(1).length + (64 << 20);
  // What it unpacks to is declared, but the array has one number.
  await refuse(
    zip([{ name: 'a.npy', packed: zeros, size, crc: 0 }]),
    "'a.npy'",
    `${headerOf(1).length + 4} bytes`,
    `declares ${size}`,
    'zip bomb',
  );
  // It unpacks to more than is declared.
  const honest = headerOf(1).length + 4;
  await refuse(
    zip([{ name: 'a.npy', packed: zeros, size: honest, crc: 0 }]),
    "'a.npy'",
    'more than',
  );
  // Sizes that the bytes cannot have, in the header and in the archive.
  const few = deflateRawSync(headerOf(2 ** 29));
  const huge = headerOf(2 ** 29).length + 2 ** 31;
  await refuse(
    zip([{ name: 'a.npy', packed: few, size: huge, crc: 0 }]),
    'cannot unpack',
    `${huge}`,
  );
  const stored = { name: 'a.npy', packed: headerOf(9), method: 0, crc: 0 };
  await refuse(zip([{ ...stored, size: huge }]), "'a.npy'", 'stored');
  // All files share the same bytes.
  const one = member('a.npy', headerOf(0));
  const twins = Array.from({ length: 1000 }, (_, i) => ({ ...one, name: `${i}.npy`, at: 0 }));
  await refuse(zip(twins), "'1.npy' begins at 0, inside '0.npy'");
  assert.ok(process.memoryUsage().arrayBuffers - before < 300 << 20, 'little memory is taken');
});

test('archives that are not as they should be', async () => {
  const refuse = (file: Uint8Array, ...parts: string[]) =>
    rejects(() => io.readNpz(file), FormatError, 'io.readNpz', ...parts);
  const tensor = Tensor.from([1, 2, 3]);
  const npy = io.writeNpy(tensor);
  tensor.dispose();
  const one = member('a.npy', npy);
  await refuse(zip([one, { ...one, name: 'a.npy' }]), "'a.npy' twice");
  await refuse(zip([{ ...one, flags: 1 }]), 'encrypted');
  await refuse(zip([{ ...one, method: 12 }]), 'method 12');
  await refuse(zip([{ ...one, crc: (one.crc ^ 1) >>> 0 }]), 'checksum');
  await refuse(zip([{ ...one, at: 5 }]), 'no file at 5');
  await refuse(zip([{ ...one, at: 2 ** 31 }]), 'cut off');
  await refuse(zip([member('readme.txt', Buffer.from('no array'))]), "'readme.txt'", 'not a .npy');
  await refuse(zip([one]).subarray(0, 60), 'directory is missing', 'cut off');
  await refuse(npy, 'not a zip archive', 'NumPy');
  await refuse(new Uint8Array(0), 'an empty file');
  const { a } = io.readNpz(zip([one]));
  assert.equal([...a.data], [1, 2, 3]);
  a.dispose();
});

test('headers of safetensors that nest deeply, or list enormous shapes', async () => {
  const refuse = (header: string, ...parts: string[]) =>
    rejects(
      () => io.readSafetensors(withHeader(header, new Uint8Array(0))),
      FormatError,
      'io.readSafetensors',
      ...parts,
    );
  const nested = '['.repeat(200_000) + ']'.repeat(200_000);
  await refuse(nested);
  for (const word of ['dtype', 'shape', 'data_offsets'])
    await refuse(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"${word}":${nested}}}`);
  await refuse(`{"__metadata__":{"a":${nested}}}`, "'a'");
  await refuse(
    `{"a":{"dtype":"F32","shape":[${'1,'.repeat(100_000)}1],"data_offsets":[0,4]}}`,
    'shape',
  );
  await refuse('{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}', "'a'");
  await refuse(
    '{"a":{"dtype":"F32","shape":[1073741824],"data_offsets":[0,4294967296]}}',
    'cut off',
  );
});

test.run();
