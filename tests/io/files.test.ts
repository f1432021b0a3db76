// Tensors to safetensors, .npy and .npz and back; what NumPy and an independent reader make of them; all types of
// numbers, orders of bytes and of dimensions.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { FormatError, io, memory, Tensor, ValueError } from '../../src/index.js';
import { rejects, sameBits } from '../helpers/models.js';
import { hasPython, python, withFolder } from '../helpers/python.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

type Record_ = Record<string, Tensor>;

/** Tensors of all ranks and both types, with names that need care. */
const made = (): Record_ => ({
  'layer1.0.conv/kernel': random([3, 3, 2, 5], 1),
  scalar: Tensor.from(-0.5),
  empty: Tensor.zeros([2, 0, 3]),
  'in dizes/ü "quoted"': Tensor.from(Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1), [3, 1]),
  odd: Tensor.from([Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45, 3.4e38]),
  ['__proto__']: random([7], 2),
});

const free = (...records: Record_[]): void => {
  for (const tensor of records.flatMap(Object.values)) tensor.dispose();
};

const bits = ({ data }: Tensor) => new Float32Array(new Uint8Array(copyOf(data)).buffer);
const copyOf = (data: ArrayBufferView) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

function same(actual: Record_, expected: Record_): void {
  assert.equal(Object.keys(actual), Object.keys(expected));
  for (const [name, { shape, dtype }] of Object.entries(expected)) {
    const tensor = Object.getOwnPropertyDescriptor(actual, name)?.value as Tensor;
    assert.equal([tensor.shape, tensor.dtype], [shape, dtype], name);
    const own = Object.getOwnPropertyDescriptor(expected, name)?.value as Tensor;
    sameBits(bits(tensor), bits(own), name);
  }
}

test('out and in again: the same names, shapes, types and bits, in any place of memory', () => {
  const before = memory().tensors;
  const record = made();
  const texts = { format: 'pt', made: 'by hand: ü' };
  const file = io.writeSafetensors(record, texts);
  assert.equal(io.safetensorsMetadata(file), texts);
  assert.ok(Buffer.from(file).equals(io.writeSafetensors(record, texts)), 'the same bytes again');
  for (let shift = 0; shift < 5; shift++) {
    const shifted = new Uint8Array(file.length + shift).subarray(shift);
    shifted.set(file);
    const read = io.readSafetensors(shifted);
    same(read, record);
    free(read);
  }
  const zip = io.writeNpz(record);
  const unzipped = io.readNpz(Buffer.from(zip));
  same(unzipped, record);
  assert.ok(Buffer.from(zip).equals(io.writeNpz(record)), 'the same bytes again');
  for (const [name, tensor] of Object.entries(record)) {
    const one = io.readNpy(io.writeNpy(tensor).buffer);
    same({ [name]: one }, { [name]: tensor });
    one.dispose();
  }
  const none = [io.readSafetensors(io.writeSafetensors({})), io.readNpz(io.writeNpz({}))];
  assert.equal(none, [{}, {}]);
  free(record, unzipped);
  assert.is(memory().tensors, before);
});

/** Each type with numbers that it holds, as bytes, little-endian. */
const types: Readonly<Record<string, readonly [number[], ArrayBufferView]>> = {
  F64: [[0.5, -1e300, 1 / 3], Float64Array.of(0.5, -1e300, 1 / 3)],
  F16: [
    [1, -2, 65504, 2 ** -24, 2 ** -14, Number.POSITIVE_INFINITY, -0, 1 / 3],
    Uint16Array.of(0x3c00, 0xc000, 0x7bff, 1, 0x400, 0x7c00, 0x8000, 0x3555),
  ],
  BF16: [[1, -2, 3.140625], Uint16Array.of(0x3f80, 0xc000, 0x4049)],
  I8: [[-128, 127], Int8Array.of(-128, 127)],
  U8: [[0, 255], Uint8Array.of(0, 255)],
  BOOL: [[0, 1], Uint8Array.of(0, 1)],
  I16: [[-32768, 32767], Int16Array.of(-32768, 32767)],
  U16: [[65535], Uint16Array.of(65535)],
  I32: [[-5, 2 ** 30], Int32Array.of(-5, 2 ** 30)],
  U32: [[2 ** 31], Uint32Array.of(2 ** 31)],
  I64: [[-(2 ** 40), 3], BigInt64Array.of(-(2n ** 40n), 3n)],
  U64: [[2 ** 63], BigUint64Array.of(2n ** 63n)],
};

/** A safetensors file of one tensor 'x'. */
function single(dtype: string, shape: number[], data: ArrayBufferView): Uint8Array {
  const entry = { dtype, shape, data_offsets: [0, data.byteLength] };
  const header = new TextEncoder().encode(JSON.stringify({ x: entry }));
  const file = new Uint8Array(8 + header.length + data.byteLength);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, 8);
  file.set(copyOf(data), 8 + header.length);
  return file;
}

test('safetensors of all types: float32 on request, otherwise an error that names tensor, type and option', async () => {
  for (const [dtype, [values, data]] of Object.entries(types)) {
    const file = single(dtype, [values.length], data);
    const { x } = io.readSafetensors(file, { dtype: 'float32' });
    assert.is(x.dtype, 'float32');
    // One rounding, to float32 or to half; a third of half is a little less.
    const expected = dtype === 'F16' ? [...values.slice(0, -1), 0.333251953125] : values;
    assert.equal([...x.data], [...Float32Array.from(expected)], dtype);
    x.dispose();
    if (dtype === 'I32') continue;
    const read = () => io.readSafetensors(file);
    await rejects(read, FormatError, 'io.readSafetensors', "'x'", dtype, "{ dtype: 'float32' }");
  }
  const f4 = () => io.readSafetensors(single('F4', [2], Uint8Array.of(1)), { dtype: 'float32' });
  await rejects(f4, FormatError, "'x'", 'F4', 'F32, F64');
});

/** A .npy file. */
function npy(
  descr: string,
  shape: string,
  data: ArrayBufferView,
  version = 1,
  more = '',
): Uint8Array {
  const header = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, ${more}}\n`;
  const text = new TextEncoder().encode(header);
  const begin = version === 1 ? 10 : 12;
  const file = new Uint8Array(begin + text.length + data.byteLength);
  file.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(file.buffer);
  if (version === 1) view.setUint16(8, text.length, true);
  else view.setUint32(8, text.length, true);
  file.set(text, begin);
  file.set(copyOf(data), begin + text.length);
  return file;
}

const reversed = (data: ArrayBufferView): Uint8Array => {
  const { BYTES_PER_ELEMENT: size } = data as Uint8Array;
  const bytes = Uint8Array.from(copyOf(data));
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
};

test('.npy of all types, byte orders and versions of the header', async () => {
  const letters: Record<string, string> = { F: 'f', I: 'i', U: 'u', B: 'b' };
  for (const [dtype, [, data]] of Object.entries(types)) {
    if (dtype === 'BF16') continue;
    const { BYTES_PER_ELEMENT: size, length } = data as Uint8Array;
    const name = `${letters[dtype[0]]}${size}`;
    const { x } = io.readSafetensors(single(dtype, [length], data), { dtype: 'float32' });
    for (const [order, bytes] of [
      ['<', data],
      ['|', data],
      ['>', reversed(data)],
    ] as const)
      for (const version of [1, 2, 3]) {
        const file = npy(`"${order}${name}"`, `(${length}L, )`, bytes, version);
        const y = io.readNpy(file, { dtype: 'float32' });
        assert.equal([...y.data], [...x.data], `${order}${name}`);
        y.dispose();
      }
    x.dispose();
  }
  const double = npy("'<f8'", '(1,)', Float64Array.of(1));
  await rejects(() => io.readNpy(double), FormatError, 'io.readNpy', 'F64', "dtype: 'float32'");
});

test('.npy: what is no array of numbers, or is not as its header says', async () => {
  const four = Float32Array.of(1, 2, 3, 4);
  const refuse = (file: Uint8Array, ...parts: string[]) =>
    rejects(() => io.readNpy(file), FormatError, 'io.readNpy', ...parts);
  await refuse(npy("'<U3'", '(4,)', four), 'numbers', 'texts');
  await refuse(npy("'|O'", '(4,)', four), 'Python objects');
  await refuse(npy("'<c8'", '(2,)', four), 'complex');
  await refuse(npy("[('x', '<f4')]", '(4,)', four), 'records');
  await refuse(npy("'<f4'", '(5,)', four), '[5]', 'cut off');
  await refuse(npy("'<f4'", '(3,)', four), '[3]');
  await refuse(npy("'<f4'", '(4,)', four, 4), 'version 4');
  await refuse(npy("'<f4'", '(4,)', four, 1, "'x': 1"), 'no dictionary');
  await refuse(npy("'<f4'", '(4,)', four, 1, "'descr': '<f4'"), 'no dictionary');
  await refuse(npy("'<f4'", 'True', four), 'damaged');
  await refuse(npy("'<f4'", `(${'1,'.repeat(65)})`, four), 'larger');
  await refuse(npy("'<f4'", '(9007199254740993, 9007199254740993)', four), 'larger');
  await refuse(npy("'<f4'", `(${' '.repeat(20_000)}4,)`, four), 'header has');
  await refuse(Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1), 'cut off at 7');
  await refuse(new TextEncoder().encode('<!doctype html>'), 'an HTML page');
  await refuse(npy("'<f4'", '(4,)', four).subarray(0, 40), 'is it cut off?');
});

test('bad arguments', async () => {
  const tensor = Tensor.zeros([2]);
  for (const [name, read] of Object.entries({
    'io.readSafetensors': io.readSafetensors,
    'io.readNpy': io.readNpy,
    'io.readNpz': io.readNpz,
  })) {
    await rejects(() => read('a.npz' as never), FormatError, name, 'readFile');
    const option = { dtype: 'float16' } as never;
    await rejects(() => read(new Uint8Array(9), option), ValueError, name, "'float32'");
    await rejects(() => read(new Uint8Array(9), { type: 1 } as never), ValueError, "'type'");
  }
  for (const [name, write] of Object.entries({
    'io.writeSafetensors': io.writeSafetensors,
    'io.writeNpz': io.writeNpz,
  })) {
    for (const given of [tensor, null, 3, [tensor], new Map([['a', tensor]])])
      await rejects(() => write(given as never), ValueError, name, 'a record of tensors');
    await rejects(() => write({ a: [1] as never }), ValueError, name, "'a'", 'Tensor.from');
  }
  await rejects(() => io.writeNpy([1] as never), ValueError, 'io.writeNpy', 'Tensor.from');
  await rejects(() => io.writeSafetensors({ __metadata__: tensor }), ValueError, '__metadata__');
  for (const texts of [null, { a: 1 }, 'text'])
    await rejects(() => io.writeSafetensors({}, texts as never), ValueError, 'metadata');
  await rejects(() => io.writeNpz({ ['x'.repeat(70_000)]: tensor }), ValueError, 'too long');
  tensor.dispose();
});

if (hasPython('files of tensors against NumPy')) {
  test('NumPy reads what is written here', () =>
    withFolder((folder) => {
      const record = made();
      writeFileSync(join(folder, 'all.npz'), io.writeNpz(record));
      writeFileSync(join(folder, 'one.npy'), io.writeNpy(record['layer1.0.conv/kernel']));
      const printed = python(
        folder,
        `
import json, numpy as np
archive = np.load('all.npz')
print(json.dumps({name: [list(a.shape), str(a.dtype), a.tobytes().hex()] for name, a in archive.items()}))
a = np.load('one.npy')
assert a.flags.c_contiguous and (a == archive['layer1.0.conv/kernel']).all()
`,
      );
      const expected = Object.entries(record).map(([name, { shape, dtype, data }]) => [
        name,
        [shape, dtype, Buffer.from(copyOf(data)).toString('hex')],
      ]);
      assert.equal(Object.entries(JSON.parse(printed)), expected);
      free(record);
    }));

  test('what NumPy writes is read here: compressed and stored, Fortran order, transposed, large', () =>
    withFolder((folder) => {
      python(
        folder,
        `
import numpy as np
a = np.arange(2 * 3 * 4, dtype='f4').reshape(2, 3, 4)
arrays = dict(c=a, fortran=np.asfortranarray(a), transposed=a.T, big=a.astype('>f4'), both=np.asfortranarray(a.astype('>i4')),
    scalar=np.float32(3), empty=np.zeros((0, 3), 'f4'), zeros=np.zeros((300, 1000), 'f4'))
np.savez('stored.npz', **arrays)
np.savez_compressed('compressed.npz', **arrays)
np.save('x.npy', a.T)
`,
      );
      const count = Array.from({ length: 24 }, (_, i) => i);
      for (const name of ['stored.npz', 'compressed.npz']) {
        const record = io.readNpz(readFileSync(join(folder, name)));
        const { c, fortran, transposed, big, both, scalar, empty, zeros } = record;
        for (const one of [c, fortran, big, both])
          assert.equal([one.shape, [...one.data]], [[2, 3, 4], count]);
        assert.is(both.dtype, 'int32');
        const turned = transposed.toArray<number[][][]>();
        assert.equal([transposed.shape, turned[3][2][1]], [[4, 3, 2], 23]);
        assert.equal(turned[1][0], [1, 13]);
        assert.equal([scalar.shape, [...scalar.data]], [[], [3]]);
        assert.equal(
          [empty.shape, zeros.shape],
          [
            [0, 3],
            [300, 1000],
          ],
        );
        assert.ok(zeros.data.every((value) => value === 0));
        const alone = io.readNpy(readFileSync(join(folder, 'x.npy')));
        same({ alone }, { alone: transposed });
        free(record, { alone });
      }
    }));

  test('an independent reader of safetensors, by the letter of its README, reads what is written here', () =>
    withFolder((folder) => {
      const record = made();
      writeFileSync(join(folder, 'a.safetensors'), io.writeSafetensors(record, { made: 'here' }));
      const printed = python(
        folder,
        `
import json, struct
data = open('a.safetensors', 'rb').read()
(n,) = struct.unpack('<Q', data[:8])
assert (8 + n) % 8 == 0 and data[8:9] == b'{'
header = json.loads(data[8:8 + n])
assert header.pop('__metadata__') == {'made': 'here'}
body, end, out = data[8 + n:], 0, []
for name, entry in header.items():
    begin, stop = entry['data_offsets']
    assert begin == end
    end = stop
    size = 4
    for side in entry['shape']: size *= side
    assert stop - begin == size
    out.append([name, [entry['shape'], entry['dtype'], body[begin:stop].hex()]])
assert end == len(body)
print(json.dumps(out))
`,
      );
      const expected = Object.entries(record).map(([name, { shape, dtype, data }]) => [
        name,
        [shape, dtype === 'int32' ? 'I32' : 'F32', Buffer.from(copyOf(data)).toString('hex')],
      ]);
      assert.equal(JSON.parse(printed), expected);
      free(record);
    }));
}

test.run();
