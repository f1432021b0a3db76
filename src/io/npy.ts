// Arrays in NumPy's format .npy, versions 1 to 3: a header, which is a Python dictionary, then the numbers. Its
// specification is numpy.lib.format's docstring.

import { FormatError } from '../base/errors.js';
import { type Bytes, bytesOf } from '../base/filebytes.js';
import { fileKind } from '../base/filekind.js';
import { naming } from '../base/naming.js';
import { MOST_RANK, type Shape } from '../base/shape.js';
import { shown } from '../base/shown.js';
import { Tensor } from '../tensor/tensor.js';
import { bytesIn, numbersOf } from './numbers.js';
import { permuted } from './permute.js';
import { beginReading, type ReadOptions } from './reading.js';
import { checkTensor } from './record.js';

const MAGIC = '\x93NUMPY';

/** NumPy refuses longer headers too: what is honest has about a hundred bytes. */
export const LONGEST_HEADER = 10_000;

/** Where numbers begin is a multiple of so many bytes. */
const ALIGNMENT = 64;

/** Our names of NumPy's types, by their letter and number of bytes. */
const types: Readonly<Record<string, string>> = {
  ...{ b1: 'BOOL', i1: 'I8', u1: 'U8', i2: 'I16', u2: 'U16', f2: 'F16', i4: 'I32', u4: 'U32' },
  ...{ f4: 'F32', i8: 'I64', u8: 'U64', f8: 'F64' },
};

/** What a header says. */
interface Header {
  readonly type: string;
  readonly shape: Shape;
  readonly isBigEndian: boolean;
  readonly isFortran: boolean;
  /** Where the numbers begin, and where the file ends. */
  readonly begin: number;
  readonly end: number;
}

/** An entry of the dictionary: its key, its value as text, and the comma. */
const ENTRY =
  /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*('[^']*'|"[^"]*"|True|False|\([\d\s,L]*\)|\[.*\])\s*(?:,|$)/sy;

/**
 * The header of a file, of which its first bytes are enough.
 *
 * @throws {FormatError} for anything but the header of an array of numbers
 */
export function npyHeader(bytes: Uint8Array): Header {
  const latin1 = String.fromCharCode(...bytes.subarray(0, MAGIC.length));
  if (latin1 !== MAGIC) {
    const kind = fileKind(bytes);
    throw new FormatError(kind ? `not a .npy file but ${kind.what}` : 'not a .npy file');
  }
  const major = bytes[6];
  if (bytes.length < 12) throw new FormatError(`its header is cut off at ${bytes.length} bytes`);
  if (!(major >= 1 && major <= 3))
    throw new FormatError(`it is of version ${major} of the format, of which 1 to 3 are read`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const [text, length] =
    major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > LONGEST_HEADER)
    throw new FormatError(`its header has ${length} bytes, more than ${LONGEST_HEADER}`);
  const begin = text + length;
  if (begin > bytes.length)
    throw new FormatError(`its header ends at ${begin} of ${bytes.length} bytes: is it cut off?`);
  // A copy: browsers do not decode shared memory.
  const header = new TextDecoder().decode(new Uint8Array(bytes.subarray(text, begin)));
  const { descr, fortran_order: order, shape: sides } = dictionaryOf(header);
  const [, endian, letters] = /^(['"])([<>|=]?)([a-z]\d+)\1$/.exec(descr)?.slice(1) ?? [];
  const type = Object.hasOwn(types, letters ?? '') ? types[letters] : undefined;
  if (!type || (order !== 'True' && order !== 'False') || !sides.startsWith('('))
    throw new FormatError(
      type
        ? `its header is damaged: ${shown(header.trim())}`
        : `its type is ${shown(descr)}: only numbers are read, not texts, records, complex numbers and Python objects`,
    );
  const shape = sides.match(/\d+/g)?.map(Number) ?? [];
  const end = begin + bytesIn(type, shape);
  if (shape.length > MOST_RANK || !Number.isSafeInteger(end))
    throw new FormatError(`its shape ${shown(shape)} is larger than can be`);
  return { type, shape, isBigEndian: endian === '>', isFortran: order === 'True', begin, end };
}

/** The three entries of the header's dictionary, as text. @throws {FormatError} for anything else */
function dictionaryOf(header: string): Record<'descr' | 'fortran_order' | 'shape', string> {
  const inside = /^\s*\{(.*)\}\s*$/s.exec(header)?.[1];
  const found = new Map<string, string>();
  let at = 0;
  while (inside !== undefined && inside.slice(at).trim() !== '') {
    ENTRY.lastIndex = at;
    const entry = ENTRY.exec(inside);
    if (!entry || found.has(entry[2])) break;
    found.set(entry[2], entry[3]);
    at = ENTRY.lastIndex;
  }
  if (inside === undefined || found.size !== 3 || inside.slice(at).trim() !== '')
    throw new FormatError(
      `its header is no dictionary of descr, fortran_order and shape: ${shown(header.trim())}`,
    );
  return Object.fromEntries(found) as Record<'descr' | 'fortran_order' | 'shape', string>;
}

/** The array of a whole file. @throws {FormatError} */
export function arrayOf(bytes: Uint8Array, options: ReadOptions): Tensor {
  const { type, shape, isBigEndian, isFortran, begin, end } = npyHeader(bytes);
  if (end !== bytes.length)
    throw new FormatError(
      `shape [${shape.join(', ')}] of ${type} ends at ${end} bytes, but the file has ${bytes.length}: is it cut off?`,
    );
  const numbers = numbersOf({ type, bytes: bytes.subarray(begin), isBigEndian }, options);
  if (!isFortran || shape.length < 2) return Tensor.from(numbers, shape);
  // Fortran's order of dimensions is that of the reversed shape in C's.
  const axes = shape.map((_, i) => shape.length - 1 - i);
  return Tensor.from(permuted(numbers, [...shape].reverse(), axes), shape);
}

/**
 * Reads an array that NumPy's `save` wrote, in any order of bytes and dimensions.
 *
 * @param options.dtype 'float32' for numbers of all types
 * @throws {FormatError} for anything but a complete file, and for numbers that are neither float32 nor int32, unless
 *   the option converts them
 * @throws {OutOfMemoryError}
 */
export function readNpy(file: Bytes, options: ReadOptions = {}): Tensor {
  return naming('io.readNpy', () => {
    beginReading(options);
    return arrayOf(bytesOf(file), options);
  });
}

/** The bytes of a file, version 1.0. */
export function npyOf(tensor: Tensor): Uint8Array<ArrayBuffer> {
  const { shape, dtype, numbers } = tensor;
  // A tuple of one has a comma.
  const sides = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
  const descr = dtype === 'int32' ? '<i4' : '<f4';
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${sides}, }`;
  const begin = Math.ceil((10 + header.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(begin + numbers.byteLength);
  bytes.set(Array.from(`${MAGIC}\x01\x00`, (letter) => letter.charCodeAt(0)));
  new DataView(bytes.buffer).setUint16(8, begin - 10, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(begin - 11)}\n`), 10);
  bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), begin);
  return bytes;
}

/** Writes a tensor as an array that NumPy's `load` reads: '<f4' or '<i4'. @throws {ValueError} for no tensor */
export function writeNpy(tensor: Tensor): Uint8Array<ArrayBuffer> {
  return naming('io.writeNpy', () => npyOf(checkTensor('what is written', tensor)));
}
