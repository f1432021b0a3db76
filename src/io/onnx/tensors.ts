// The arrays of an ONNX file as constants: of any number type, with the numbers in one of several fields or in a file beside it.

import { FormatError } from '../../base/errors.js';
import { about } from '../../base/naming.js';
import { shown } from '../../base/shown.js';
import { storedConstant } from '../importing/stored.js';
import { Constant, type Kind } from '../importing/value.js';
import { bytesIn, numbersOf } from '../numbers.js';
import { DataType, type TensorProto, typeName } from './proto.js';

/** The bytes of a file that lies beside the model, by its name. */
export type ExternalFiles = (location: string) => Uint8Array;

/** What each type of numbers is, and its name among safetensors' types, which are read in the same way. */
const types: Readonly<Record<number, readonly [kind: Kind, type: string]>> = {
  [DataType.float]: ['float', 'F32'],
  [DataType.double]: ['float', 'F64'],
  [DataType.float16]: ['float', 'F16'],
  [DataType.bfloat16]: ['float', 'BF16'],
  [DataType.int64]: ['int', 'I64'],
  [DataType.uint64]: ['int', 'U64'],
  [DataType.int32]: ['int', 'I32'],
  [DataType.uint32]: ['int', 'U32'],
  [DataType.int16]: ['int', 'I16'],
  [DataType.uint16]: ['int', 'U16'],
  [DataType.int8]: ['int', 'I8'],
  [DataType.uint8]: ['int', 'U8'],
  [DataType.bool]: ['bool', 'BOOL'],
};

/** What a data type holds; undefined for text and other things. */
export const kindOf = (type: number): Kind | undefined => types[type]?.[0];

/**
 * The constant that a tensor is. Its numbers are a view of the file's bytes where they are floats that lie aligned.
 *
 * @throws {FormatError} for a type that has no numbers, or another count of numbers than the shape says
 */
export function constantOf(tensor: TensorProto, files: ExternalFiles): Constant {
  return about(`the array ${shown(tensor.name)}`, () => {
    const { dataType, dims, name } = tensor;
    if (!Object.hasOwn(types, dataType))
      throw new FormatError(`it is of ${typeName(dataType)}, and only numbers can be read`);
    const [kind, type] = types[dataType];
    const count = countOf(dims);
    const raw = tensor.isExternal ? externalBytes(tensor, files) : tensor.raw;
    if (!raw) return new Constant(dims, kind, listed(tensor, count, kind), name);
    const bytes = bytesIn(type, dims);
    if (raw.length !== bytes)
      throw new FormatError(
        `it has ${raw.length} bytes, but ${count} numbers of ${typeName(dataType)} take ${bytes}`,
      );
    return storedConstant({ shape: dims, kind, type, bytes: raw }, name);
  });
}

/** @throws {FormatError} for sides that are none, and more numbers than memory holds */
function countOf(dims: readonly number[]): number {
  const count = dims.reduce((product, side) => product * side, 1);
  if (dims.every((side) => Number.isSafeInteger(side) && side >= 0) && count < 2 ** 31)
    return count;
  throw new FormatError(`its shape is [${dims.join(', ')}], which no array can have`);
}

/** Numbers in the field of their type: halves are bits in whole numbers there. */
function listed(
  { dataType, floats, doubles, ints }: TensorProto,
  count: number,
  kind: Kind,
): Float32Array | number[] {
  const isHalf = dataType === DataType.float16 || dataType === DataType.bfloat16;
  const list = dataType === DataType.float ? floats : dataType === DataType.double ? doubles : ints;
  if (list.length !== count)
    throw new FormatError(`it has ${list.length} numbers, but its shape has ${count}`);
  if (isHalf) {
    const [, type] = types[dataType];
    const bytes = new Uint8Array(Uint16Array.from(list).buffer);
    return numbersOf({ type, bytes }, { dtype: 'float32' }) as Float32Array;
  }
  if (kind === 'bool') return list.map((value) => Number(value !== 0));
  return kind === 'float' ? Float32Array.from(list) : list;
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
