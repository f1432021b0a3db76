// Writes the safetensors format. safetensors.ts reads it, and so do Python's safetensors and all hubs.

import type { Shape } from '../base/shape.js';

/** Headers are padded with spaces to a multiple of so many bytes, so that the numbers are aligned. */
const ALIGNMENT = 8;

/** Writes a file of tensors, float32 or int32. */
export function writeSafetensors({
  metadata,
  tensors,
}: {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<
    string,
    { readonly shape: Shape; readonly data: Float32Array | Int32Array }
  >;
}): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = [['__metadata__', metadata]];
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    const begin = end;
    end += data.byteLength;
    const dtype = data instanceof Int32Array ? 'I32' : 'F32';
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
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
