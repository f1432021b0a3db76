// Archives of arrays in NumPy's format .npz: zip archives with a .npy file for each array.

import { FormatError, ValueError } from '../base/errors.js';
import { type Bytes, bytesOf } from '../base/filebytes.js';
import { about, naming } from '../base/naming.js';
import { shown } from '../base/shown.js';
import type { Tensor } from '../tensor/tensor.js';
import { arrayOf, LONGEST_HEADER, npyHeader, npyOf } from './npy.js';
import { recordOf } from './numbers.js';
import { beginReading, type ReadOptions } from './reading.js';
import { checkRecord } from './record.js';
import { headOf, readZip, unpack, writeZip, type ZipEntry } from './zip.js';

/** What the numbers of a zip archive count, without zip64. */
const MOST = 65_535;

/**
 * Reads all arrays that NumPy's `savez` or `savez_compressed` wrote: a record by their names. They are yours to dispose
 * of.
 *
 * @param options.dtype 'float32' for numbers of all types
 * @throws {FormatError} for anything but a complete archive of arrays, one that unpacks to more than its arrays'
 *   headers say, and for numbers that are neither float32 nor int32, unless the option converts them
 * @throws {OutOfMemoryError}
 */
export function readNpz(file: Bytes, options: ReadOptions = {}): Record<string, Tensor> {
  return naming('io.readNpz', () => {
    beginReading(options);
    const entries = readZip(bytesOf(file));
    return recordOf(
      entries.map((entry) => [
        entry.name.replace(/\.npy$/, ''),
        () => about(shown(entry.name), () => arrayIn(entry, options)),
      ]),
    );
  });
}

/** An archive's array. The header is looked at before the rest is unpacked. */
function arrayIn(entry: ZipEntry, options: ReadOptions): Tensor {
  const { end } = npyHeader(headOf(entry, 12 + LONGEST_HEADER));
  if (end !== entry.size)
    throw new FormatError(
      `by its header it has ${end} bytes, but the archive declares ${entry.size}: is it damaged, or a zip bomb?`,
    );
  return arrayOf(unpack(entry), options);
}

/**
 * Writes tensors by name as an archive that NumPy's `load` reads, not compressed, as `savez` does.
 *
 * @throws {ValueError} for anything but a record of tensors, and for more tensors, or
 *   longer names, than an archive can have
 */
export function writeNpz(record: Readonly<Record<string, Tensor>>): Uint8Array<ArrayBuffer> {
  return naming('io.writeNpz', () => {
    const entries = checkRecord(record);
    if (entries.length > MOST)
      throw new ValueError(`${entries.length} tensors are more than the ${MOST} of an archive`);
    const files = entries.map(([name, tensor]) => {
      if (new TextEncoder().encode(`${name}.npy`).length > MOST)
        throw new ValueError(`the name ${shown(name)} is too long for a zip archive`);
      return [`${name}.npy`, npyOf(tensor)] as const;
    });
    return writeZip(files);
  });
}
