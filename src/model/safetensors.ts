// The safetensors format: eight bytes of length, a JSON header, then the numbers. Readable by Python's
// safetensors and by every hub; specified at github.com/huggingface/safetensors.

import { FormatError } from '../base/errors.js';
import { type Shape, sizeOf } from '../base/shape.js';

/** A named array of the file. */
export interface StoredTensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** What a file holds. */
export interface Safetensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** Headers are padded with spaces to this, so that the numbers are aligned. */
const ALIGNMENT = 8;
/** The specification's own limit. */
const LARGEST_HEADER = 100_000_000;

/** Writes a file. */
export function writeSafetensors({ metadata, tensors }: Safetensors): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(text, 8);
  let at = 8 + padded;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a file of float32 tensors.
 *
 * @throws {FormatError} for anything that is not one, whole and consistent
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const { header, begin } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...entries } = header;
  const body = bytes.subarray(begin);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries))
    tensors.set(name, readTensor(name, entry, body));
  // The specification allows no holes, so the sizes of the tensors make up the file.
  const total = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  if (total !== body.length) fail(`its tensors take ${total} bytes, but it holds ${body.length}`);
  return { metadata: readMetadata(metadata), tensors };
}

function fail(what: string): never {
  throw new FormatError(`not a safetensors file of float32 numbers: ${what}`);
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; begin: number } {
  if (!(bytes instanceof Uint8Array)) fail('expected a Uint8Array or an ArrayBuffer');
  if (bytes.length < 8) fail(`it has only ${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > LARGEST_HEADER || 8 + length > bytes.length) {
    fail(`its header claims ${length} bytes, the file has ${bytes.length}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length)),
    );
  } catch {
    fail('its header is no JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    fail('its header is no object');
  return { header: header as Record<string, unknown>, begin: 8 + length };
}

function readMetadata(metadata: unknown): Record<string, string> {
  const entries =
    typeof metadata === 'object' && metadata !== null
      ? Object.entries(metadata)
      : fail('bad metadata');
  return Object.fromEntries(
    entries.map(([key, value]) =>
      typeof value === 'string' ? [key, value] : fail(`metadata '${key}' is no text`),
    ),
  );
}

function readTensor(name: string, entry: unknown, body: Uint8Array): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  if (dtype !== 'F32') fail(`'${name}' is ${String(dtype)}`);
  const whole = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(whole)) fail(`'${name}' has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole))
    fail(`'${name}' has no place`);
  const [begin, end] = offsets as [number, number];
  if (end > body.length)
    fail(`'${name}' ends at ${end} of ${body.length} bytes: is the file cut off?`);
  if (end - begin !== sizeOf(shape as number[]) * 4)
    fail(`'${name}' has ${end - begin} bytes for shape [${shape}]`);
  // A copy, because the place need not be aligned; not by slice, which of a Node Buffer copies nothing.
  const data = new Float32Array((end - begin) / 4);
  new Uint8Array(data.buffer).set(body.subarray(begin, end));
  return { shape: shape as number[], data };
}
