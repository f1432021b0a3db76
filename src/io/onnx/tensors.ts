// The arrays of an ONNX file as constants: of any number type, with the numbers in one of several fields or in a file beside it.

import { FormatError } from '../../base/errors.js';
import { naming } from '../../base/naming.js';
import { shown } from '../../base/shown.js';
import { Constant, type Kind } from '../importing/value.js';
import { DataType, type TensorProto, typeName } from './proto.js';

/** The bytes of a file that lies beside the model, by its name. */
export type ExternalFiles = (location: string) => Uint8Array;

/** How the numbers of a type lie in raw bytes, and what they become. */
interface Encoding {
  readonly bytes: number;
  readonly kind: Kind;
  readonly read: (view: DataView, at: number) => number;
}

/** The value of sixteen bits with 5 bits of exponent (IEEE 754 binary16). */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const words = new DataView(new ArrayBuffer(4));

/** The value of the upper sixteen bits of a float32. */
export function brainHalf(bits: number): number {
  words.setUint32(0, bits << 16);
  return words.getFloat32(0);
}

const encodings: Readonly<Record<number, Encoding>> = {
  [DataType.float]: { bytes: 4, kind: 'float', read: (v, at) => v.getFloat32(at, true) },
  [DataType.double]: { bytes: 8, kind: 'float', read: (v, at) => v.getFloat64(at, true) },
  [DataType.float16]: { bytes: 2, kind: 'float', read: (v, at) => half(v.getUint16(at, true)) },
  [DataType.bfloat16]: {
    bytes: 2,
    kind: 'float',
    read: (v, at) => brainHalf(v.getUint16(at, true)),
  },
  [DataType.int64]: { bytes: 8, kind: 'int', read: (v, at) => Number(v.getBigInt64(at, true)) },
  [DataType.uint64]: { bytes: 8, kind: 'int', read: (v, at) => Number(v.getBigUint64(at, true)) },
  [DataType.int32]: { bytes: 4, kind: 'int', read: (v, at) => v.getInt32(at, true) },
  [DataType.uint32]: { bytes: 4, kind: 'int', read: (v, at) => v.getUint32(at, true) },
  [DataType.int16]: { bytes: 2, kind: 'int', read: (v, at) => v.getInt16(at, true) },
  [DataType.uint16]: { bytes: 2, kind: 'int', read: (v, at) => v.getUint16(at, true) },
  [DataType.int8]: { bytes: 1, kind: 'int', read: (v, at) => v.getInt8(at) },
  [DataType.uint8]: { bytes: 1, kind: 'int', read: (v, at) => v.getUint8(at) },
  [DataType.bool]: { bytes: 1, kind: 'bool', read: (v, at) => (v.getUint8(at) ? 1 : 0) },
};

/** What a data type holds; undefined for text and other things. */
export const kindOf = (type: number): Kind | undefined => encodings[type]?.kind;

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * The constant that a tensor is. Its numbers are a view of the file's bytes where they are floats that lie aligned.
 *
 * @throws {FormatError} for a type that has no numbers, or another count of numbers than the shape says
 */
export function constantOf(tensor: TensorProto, files: ExternalFiles): Constant {
  return naming(`the array ${shown(tensor.name)}`, () => {
    const { dataType, dims, name } = tensor;
    const encoding = encodings[dataType];
    if (!encoding)
      throw new FormatError(`it is of ${typeName(dataType)}, and only numbers can be read`);
    const count = countOf(dims);
    const { kind } = encoding;
    const raw = tensor.isExternal ? externalBytes(tensor, files) : tensor.raw;
    if (raw) checkLength(raw, count, dataType);
    if (raw && dataType === DataType.float && isLittleEndian)
      return new Constant(dims, kind, floatsOf(raw), name);
    const data = raw ? decoded(raw, count, dataType) : listed(tensor, count, encoding);
    return new Constant(dims, kind, kind === 'float' ? floats(data) : Array.from(data), name);
  });
}

/** @throws {FormatError} for sides that are none, and more numbers than memory holds */
function countOf(dims: readonly number[]): number {
  const count = dims.reduce((product, side) => product * side, 1);
  if (dims.every((side) => Number.isSafeInteger(side) && side >= 0) && count < 2 ** 31)
    return count;
  throw new FormatError(`its shape is [${dims.join(', ')}], which no array can have`);
}

const floats = (data: ArrayLike<number>): Float32Array =>
  data instanceof Float32Array ? data : Float32Array.from(data);

function checkLength(raw: Uint8Array, count: number, type: number): void {
  const { bytes } = encodings[type];
  if (raw.length === count * bytes) return;
  throw new FormatError(
    `it has ${raw.length} bytes, but ${count} numbers of ${typeName(type)} take ${count * bytes}`,
  );
}

/** Floats where they lie, if they lie aligned; else they are copied when they are needed, whole and not one by one. */
const floatsOf = (raw: Uint8Array): Float32Array | ((to: Float32Array) => void) =>
  raw.byteOffset % 4 === 0
    ? new Float32Array(raw.buffer, raw.byteOffset, raw.length / 4)
    : (to) => new Uint8Array(to.buffer, to.byteOffset, to.byteLength).set(raw);

function decoded(raw: Uint8Array, count: number, type: number): ArrayLike<number> {
  const { bytes, read } = encodings[type];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const numbers = new Float64Array(count);
  for (let i = 0; i < count; i++) numbers[i] = read(view, i * bytes);
  return numbers;
}

/** Numbers in the field of their type: halves are bits in integers there. */
function listed(
  { dataType, floats, doubles, ints }: TensorProto,
  count: number,
  { kind }: Encoding,
): ArrayLike<number> {
  const list =
    dataType === DataType.float
      ? floats
      : dataType === DataType.double
        ? doubles
        : dataType === DataType.float16
          ? ints.map(half)
          : dataType === DataType.bfloat16
            ? ints.map(brainHalf)
            : ints;
  if (list.length === count) return kind === 'bool' ? list.map((value) => (value ? 1 : 0)) : list;
  throw new FormatError(`it has ${list.length} numbers, but its shape has ${count}`);
}

function externalBytes({ external }: TensorProto, files: ExternalFiles): Uint8Array {
  const location = external.get('location');
  if (!location) throw new FormatError('its numbers are in another file, whose name is missing');
  const file = files(location);
  const offset = Number(external.get('offset') ?? 0);
  const length = Number(external.get('length') ?? file.length - offset);
  const fits = [offset, length].every((value) => Number.isSafeInteger(value) && value >= 0);
  if (fits && offset + length <= file.length) return file.subarray(offset, offset + length);
  throw new FormatError(
    `its numbers are ${length} bytes from byte ${offset} on in ${shown(location)}, which has ${file.length}`,
  );
}
