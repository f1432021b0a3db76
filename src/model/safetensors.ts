// Reads the safetensors format: eight bytes of length, a JSON header, then the numbers. Its specification is at
// github.com/huggingface/safetensors (README, "Format"). safetensorswriter.ts writes it.

import { FormatError } from '../base/errors.js';
import { duplicateKey } from '../base/json.js';
import { MOST_RANK, type Shape, sizeOf } from '../base/shape.js';
import { shown } from '../base/shown.js';

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

/** The specification's limit for the header, in bytes. */
const LARGEST_HEADER = 100_000_000;

/** A tensor as the header lists it. */
interface Entry {
  readonly name: string;
  /** 'F32', 'I64' … */
  readonly dtype: string;
  readonly shape: Shape;
  /** Its bytes in the body: from `begin` to `end` − 1. */
  readonly begin: number;
  readonly end: number;
}

/** The checked header, and the bytes after it. */
export interface Contents {
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors, in the order of their bytes. */
  readonly entries: readonly Entry[];
  readonly body: Uint8Array;
}

/** Bits of one number. */
const bitsOf: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16, I32: 32, U32: 32, F32: 32 },
  ...{ I64: 64, U64: 64, F64: 64, C64: 64 },
};

/**
 * Reads the header, and checks the file by the specification: no object has a key twice, and the tensors' bytes follow
 * each other without gaps and overlaps up to the end of the file. The header may list tensors in any order.
 *
 * @throws {FormatError} for anything but a complete, consistent safetensors file
 */
export function readContents(bytes: Uint8Array): Contents {
  const { header, begin } = readHeader(bytes);
  const { __metadata__: metadata = {}, ...listed } = header;
  const body = bytes.subarray(begin);
  const entries = Object.entries(listed).map(([name, entry]) => readEntry(name, entry));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  let before = 'the header';
  for (const { name, begin, end } of entries) {
    if (end > body.length)
      fail(`${shown(name)} ends at ${end} of ${body.length} bytes: is the file cut off?`);
    if (begin < at)
      fail(`${shown(name)} begins at ${begin}, inside ${before}, which ends at ${at}`);
    if (begin > at)
      fail(`between ${before} and ${shown(name)} are ${begin - at} bytes that belong to nothing`);
    at = end;
    before = shown(name);
  }
  if (at !== body.length) fail(`its tensors take ${at} bytes, but it holds ${body.length}`);
  return { metadata: readMetadata(metadata), entries, body };
}

/** The tensors with their numbers. @throws {FormatError} if one is not float32 */
export function readTensors({ entries, body }: Contents): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    if (dtype !== 'F32') fail(`${shown(name)} is ${dtype}, but only F32 is read`);
    // Copied, because the bytes may not be aligned. Not by `slice`: that of a Node Buffer copies nothing.
    const data = new Float32Array((end - begin) / 4);
    new Uint8Array(data.buffer).set(body.subarray(begin, end));
    tensors.set(name, { shape, data });
  }
  return tensors;
}

/**
 * Reads a file of float32 tensors.
 *
 * @throws {FormatError} for anything but a complete, consistent one
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const contents = readContents(bytes);
  return { metadata: contents.metadata, tensors: readTensors(contents) };
}

function fail(what: string): never {
  throw new FormatError(`not a sound safetensors file: ${what}`);
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; begin: number } {
  if (bytes.length < 8) fail(`it has only ${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (8 + length > bytes.length)
    fail(`its header claims ${length} bytes, the file has ${bytes.length}: is it cut off?`);
  if (length > LARGEST_HEADER)
    fail(`its header has ${length} bytes, of which there may be ${LARGEST_HEADER}`);
  let header: unknown;
  let text = '';
  try {
    // A byte order mark is not JSON: the decoder must not skip it.
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    // A copy: browsers do not decode shared memory.
    text = decoder.decode(new Uint8Array(bytes.subarray(8, 8 + length)));
    header = JSON.parse(text);
  } catch {
    fail('its header is no JSON');
  }
  if (!text.startsWith('{')) fail('its header is no object that begins with {');
  const twice = duplicateKey(text);
  if (twice !== undefined) fail(`its header has ${shown(twice)} twice`);
  return { header: header as Record<string, unknown>, begin: 8 + length };
}

function readMetadata(metadata: unknown): Record<string, string> {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    fail('its metadata are no object');
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string') fail(`metadata ${shown(key)} is no text`);
  return metadata as Record<string, string>;
}

function readEntry(name: string, entry: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const whole = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= 0;
  if (typeof dtype !== 'string' || !Object.hasOwn(bitsOf, dtype))
    fail(`${shown(name)} is of the type ${shown(dtype)}, which there is not`);
  if (!Array.isArray(shape) || shape.length > MOST_RANK || !shape.every(whole))
    fail(`${shown(name)} has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole))
    fail(`${shown(name)} has no place`);
  const [begin, end] = offsets as [number, number];
  if ((end - begin) * 8 !== sizeOf(shape) * bitsOf[dtype])
    fail(`${shown(name)} has ${end - begin} bytes for shape [${shape}] of ${dtype}`);
  return { name, dtype, shape, begin, end };
}
