// Files of tensors in the safetensors format, as PyTorch's users have them. The format itself is read by
// model/safetensors.ts, for models too.

import { ValueError } from '../base/errors.js';
import { type Bytes, bytesOf } from '../base/filebytes.js';
import { about, naming } from '../base/naming.js';
import { shown } from '../base/shown.js';
import { readContents } from '../model/safetensors.js';
import { writeSafetensors as write } from '../model/safetensorswriter.js';
import type { Tensor } from '../tensor/tensor.js';
import { recordOf, tensorOf } from './numbers.js';
import { beginReading, type ReadOptions } from './reading.js';
import { checkMetadata, checkRecord } from './record.js';

/** The name under which a file has its texts. */
const METADATA = '__metadata__';

/**
 * Reads a file of tensors: a record by their names, in the order of their bytes. They are yours to dispose of.
 *
 * @param options.dtype 'float32' for numbers of all types, such as float16 and the int64 of PyTorch's counters
 * @throws {FormatError} for anything but a complete, consistent file (github.com/huggingface/safetensors, README,
 *   "Format"), and for numbers that are neither float32 nor int32, unless the option converts them
 * @throws {OutOfMemoryError}
 */
export function readSafetensors(file: Bytes, options: ReadOptions = {}): Record<string, Tensor> {
  return naming('io.readSafetensors', () => {
    beginReading(options);
    const { entries, body } = readContents(bytesOf(file));
    return recordOf(
      entries.map(({ name, dtype: type, shape, begin, end }) => [
        name,
        () =>
          about(shown(name), () =>
            tensorOf({ type, shape, bytes: body.subarray(begin, end) }, options),
          ),
      ]),
    );
  });
}

/**
 * The texts that a safetensors file has beside its tensors, by their names.
 *
 * @throws {FormatError} as `readSafetensors`
 */
export function safetensorsMetadata(file: Bytes): Readonly<Record<string, string>> {
  return naming('io.safetensorsMetadata', () => readContents(bytesOf(file)).metadata);
}

/**
 * Writes tensors, float32 or int32, by name as a safetensors file.
 *
 * @param metadata texts by name
 * @throws {ValueError} for anything but tensors and texts, and for a tensor called `__metadata__`
 */
export function writeSafetensors(
  record: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  return naming('io.writeSafetensors', () => {
    const tensors = checkRecord(record).map(
      ([name, tensor]) => [name, { shape: tensor.shape, data: tensor.numbers }] as const,
    );
    if (Object.hasOwn(record, METADATA))
      throw new ValueError(`no tensor may be called ${METADATA}: the format keeps texts there`);
    return write({ metadata: checkMetadata(metadata), tensors: new Map(tensors) });
  });
}
