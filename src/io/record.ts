// Checks of the records that are written to files.

import { ValueError } from '../base/errors.js';
import { shown } from '../base/shown.js';
import { Tensor } from '../tensor/tensor.js';

/** @throws {ValueError} for anything but a tensor */
export function checkTensor(what: string, tensor: Tensor): Tensor {
  if (tensor instanceof Tensor) return tensor;
  throw new ValueError(
    `${what} must be a tensor, not ${shown(tensor)}: Tensor.from(numbers, shape) makes one`,
  );
}

/** The names and tensors of a record. @throws {ValueError} for anything but a record of tensors */
export function checkRecord(record: Readonly<Record<string, Tensor>>): [string, Tensor][] {
  // A Map would be an empty file.
  const isRecord = typeof record === 'object' && record !== null && !(Symbol.iterator in record);
  if (!isRecord || record instanceof Tensor)
    throw new ValueError(`expected a record of tensors by their names, not ${shown(record)}`);
  return Object.entries(record).map(([name, tensor]) => [name, checkTensor(shown(name), tensor)]);
}

/** @throws {ValueError} for anything but texts by name */
export function checkMetadata(
  metadata: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const isRecord = typeof metadata === 'object' && metadata !== null;
  const bad = isRecord
    ? Object.values(metadata).find((text) => typeof text !== 'string')
    : metadata;
  if (isRecord && bad === undefined) return metadata;
  throw new ValueError(`metadata must be texts by their names, not ${shown(bad)}`);
}
