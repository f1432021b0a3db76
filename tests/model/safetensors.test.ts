// Safetensors by the letter of the specification (github.com/huggingface/safetensors, README "Format"): what its own
// reader refuses is refused here too, and what it takes is taken.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError } from '../../src/index.js';
import { readContents, readSafetensors } from '../../src/model/safetensors.js';
import { rejects } from '../helpers/models.js';

/** A file of this header, written as it stands, and so many bytes 0, 1, 2 … */
function file(header: string, bytes: number): Uint8Array {
  const text = new TextEncoder().encode(header);
  const all = new Uint8Array(8 + text.length + bytes);
  new DataView(all.buffer).setBigUint64(0, BigInt(text.length), true);
  all.set(text, 8);
  for (let i = 0; i < bytes; i++) all[8 + text.length + i] = i;
  return all;
}

const entry = (name: string, begin: number, end: number, shape = [(end - begin) / 4]) =>
  `"${name}":{"dtype":"F32","shape":[${shape}],"data_offsets":[${begin},${end}]}`;

const refuses = (header: string, bytes: number, ...parts: string[]) =>
  rejects(() => readSafetensors(file(header, bytes)), FormatError, 'safetensors', ...parts);

test('tensors follow each other: no overlap, no gap, to the end of the file', async () => {
  const both = (a: string, b: string) => `{${a},${b}}`;
  // Gamma at beta's place, wholly or in part.
  await refuses(both(entry('gamma', 0, 8), entry('beta', 0, 8)), 8, "'beta'", "'gamma'", 'inside');
  await refuses(both(entry('gamma', 0, 8), entry('beta', 4, 12)), 12, 'begins at 4', 'ends at 8');
  await refuses(both(entry('a', 0, 16), entry('b', 4, 8)), 16, "'b'", 'inside');
  await refuses(both(entry('a', 0, 8), entry('b', 12, 16)), 16, '4 bytes', 'nothing');
  await refuses(`{${entry('a', 4, 8)}}`, 8, 'the header', '4 bytes');
  await refuses(`{${entry('a', 0, 8)}}`, 12, '8 bytes', '12');
  await refuses(`{${entry('a', 0, 8)}}`, 4, 'ends at 8 of 4', 'cut off');
  await refuses(`{${entry('a', 8, 0, [2])}}`, 8, "'a'");
  await refuses('{}', 4, 'holds 4');
});

test('what the specification allows: any order, empty and scalar tensors, odd places, spaces at the end', () => {
  const { tensors } = readSafetensors(
    file(`{${entry('b', 4, 12)},${entry('none', 4, 4, [3, 0])},${entry('a', 0, 4, [])}}   `, 12),
  );
  assert.equal([...tensors.keys()], ['a', 'none', 'b']);
  assert.equal(
    [...tensors.values()].map(({ shape }) => shape),
    [[], [3, 0], [2]],
  );
  const expected = new Float32Array(Uint8Array.from({ length: 12 }, (_, i) => i).buffer);
  assert.equal([...(tensors.get('a')?.data ?? [])], [expected[0]]);
  assert.equal([...(tensors.get('b')?.data ?? [])], [expected[1], expected[2]]);
  assert.is(readSafetensors(file('{}', 0)).tensors.size, 0);
});

test('a key that stands twice is refused, wherever it does and however it is written', async () => {
  const a = entry('a', 0, 4);
  await refuses(`{${a},${a}}`, 4, "'a' twice");
  // The same name in escapes, between other things.
  await refuses(`{${entry('\\u0061', 0, 4)},${entry('x', 4, 4)},${a}}`, 4, "'a' twice");
  await refuses('{"__metadata__":{"format":"pt","format":"wasmgrad"}}', 0, "'format' twice");
  await refuses('{"a\\n\\u001b":{"dtype":"F33"}}', 0, "'a\\n\\u001b' is of the type");
  await refuses('{"__metadata__":{},"__metadata__":{}}', 0, "'__metadata__' twice");
  await refuses(
    '{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    4,
    "'dtype'",
  );
  // One key in several objects, colons, braces and quotes inside strings are no such thing.
  const tricky =
    '{"__metadata__":{"dtype":"{\\"a\\":1,\\"a\\":2}","x\\\\":"shape: [","shape":"x"},';
  const { metadata } = readSafetensors(file(`${tricky}${a},${entry('b', 4, 8)}}`, 8));
  assert.equal(metadata, { dtype: '{"a":1,"a":2}', 'x\\': 'shape: [', shape: 'x' });
});

test('the header: an object from its first byte, of at most 100 MB, in UTF-8', async () => {
  await refuses(' {}', 0, 'begins with {');
  await refuses('\ufeff{}', 0, 'no JSON');
  await refuses('[]', 0, 'begins with {');
  await refuses('{', 0, 'no JSON');
  await refuses('{}{}', 0, 'no JSON');
  const claims = file('{}', 0);
  new DataView(claims.buffer).setBigUint64(0, 2n ** 63n, true);
  await rejects(() => readSafetensors(claims), FormatError, 'claims');
  const large = new Uint8Array(8 + 100_000_001).fill(0x20);
  new DataView(large.buffer).setBigUint64(0, 100_000_001n, true);
  large[8] = 0x7b;
  await rejects(() => readSafetensors(large), FormatError, '100000000');
});

test('types and sizes: bytes are those of shape and type', async () => {
  const typed = (dtype: string, shape: string, end: number) =>
    `{"a":{"dtype":${dtype},"shape":${shape},"data_offsets":[0,${end}]}}`;
  for (const [dtype, bytes] of [
    ['I64', 48],
    ['F64', 48],
    ['F32', 24],
    ['BF16', 12],
    ['BOOL', 6],
    ['F4', 3],
  ] as const) {
    const { entries } = readContents(file(typed(`"${dtype}"`, '[2,3]', bytes), bytes));
    assert.equal(entries, [{ name: 'a', dtype, shape: [2, 3], begin: 0, end: bytes }]);
    await refuses(typed(`"${dtype}"`, '[2,3]', bytes - 1), bytes - 1, `${bytes - 1} bytes`, dtype);
  }
  await refuses(typed('"I64"', '[1]', 8), 8, "'a' is I64");
  for (const dtype of ['"F31"', '"toString"', '32', 'null'])
    await refuses(typed(dtype, '[1]', 4), 4, "'a'", 'type', dtype.replaceAll('"', "'"));
  for (const shape of ['[-1,-1]', '[1.5]', '["1"]', '1', 'null', '[1e300]'])
    await refuses(typed('"F32"', shape, 4), 4, "'a'", 'shape');
  // A product that is only finite, or only right, by rounding.
  await refuses(typed('"F32"', `[${new Array(40).fill(2 ** 40)}]`, 4), 4, "'a' has 4 bytes");
  for (const header of ['{"a":5}', '{"a":null}', '{"__metadata__":[]}', '{"__metadata__":{"x":1}}'])
    await refuses(header, 0);
});

test.run();
