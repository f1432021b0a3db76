// The arrays of a TF.js file: one after the other in its shards, perhaps quantized.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts

import { FormatError } from '../../base/errors.js';
import { about } from '../../base/naming.js';
import { sameShape, sizeOf } from '../../base/shape.js';
import { shown } from '../../base/shown.js';
import { Constant } from '../importing/value.js';
import { half } from '../numbers.js';
import { isObject, type Json, listAt, objectAt, sidesAt, textAt } from './json.js';

/** How numbers lie in the file. */
interface Encoding {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

const encodings: Readonly<Record<string, Encoding>> = {
  float32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  float16: { bytes: 2, read: (view, at) => half(view.getUint16(at, true)) },
  int32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  uint16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  uint8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  bool: { bytes: 1, read: (view, at) => view.getUint8(at) },
};

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * The arrays of a group of shards by name. Those of text and of complex numbers are left out: no layer reads them.
 *
 * @param specs the group's `weights` in the manifest
 * @param bytes its shards, joined
 * @throws {FormatError} where they do not fit each other
 */
export function readGroup(specs: readonly unknown[], bytes: Uint8Array): Map<string, Constant> {
  const found = new Map<string, Constant>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (const given of specs) {
    const spec = objectAt('an entry of the weights', given);
    const name = textAt('the name of a weight', spec.name);
    about(`the weight ${shown(name)}`, () => {
      const shape = sidesAt('its shape', spec.shape);
      const size = sizeOf(shape);
      // More would not be counted exactly.
      if (size > 2 ** 40) throw new FormatError(`its shape is [${shape.join(', ')}]`);
      const dtype = textAt('its dtype', spec.dtype);
      if (dtype === 'string' || dtype === 'complex64') {
        at += dtype === 'string' ? textBytes(view, at, size) : 8 * size;
        return;
      }
      const array = new Stored(spec, dtype, shape, size);
      const before = found.get(name);
      // TF.js writes weights twice whose layer lies in two networks.
      if (before && !sameShape(before.shape, shape))
        throw new FormatError('there are two of this name, of different shapes');
      found.set(name, array.read(name, bytes, view, at));
      at += array.bytes;
    });
  }
  if (at === bytes.length) return found;
  throw new FormatError(
    `the weights take ${at} bytes, but the shards have ${bytes.length}: they are of another file, or damaged`,
  );
}

/** The bytes of an array of texts, each after its length. */
function textBytes(view: DataView, from: number, count: number): number {
  let at = from;
  for (let i = 0; i < count; i++) {
    if (at + 4 > view.byteLength) throw cutOff(from, at + 4 - from, view.byteLength);
    at += 4 + view.getUint32(at, true);
  }
  return at - from;
}

const cutOff = (at: number, bytes: number, length: number): FormatError =>
  new FormatError(
    `its bytes ${at} to ${at + bytes} are beyond the shards' end, which is ${length}`,
  );

/** One array as it is stored. */
class Stored {
  readonly bytes: number;
  readonly #shape: readonly number[];
  readonly #size: number;
  readonly #dtype: string;
  readonly #encoding: Encoding;
  readonly #isStraight: boolean;
  readonly #scale: number;
  readonly #min: number;

  constructor(spec: Json, dtype: string, shape: readonly number[], size: number) {
    const { quantization } = spec;
    const quantized = isObject(quantization) ? quantization : undefined;
    const stored = quantized ? textAt('the dtype of its quantization', quantized.dtype) : dtype;
    const known = quantized ? ['uint8', 'uint16', 'float16'] : ['float32', 'int32', 'bool'];
    if (!known.includes(stored))
      throw new FormatError(
        `it is ${quantized ? 'quantized as' : 'of dtype'} ${shown(stored)}, which is none of ${known.join(', ')}`,
      );
    const isScaled = quantized && stored !== 'float16';
    const [scale, min] = isScaled ? [quantized.scale, quantized.min] : [1, 0];
    if (!Number.isFinite(scale) || !Number.isFinite(min))
      throw new FormatError(`its quantization has scale ${shown(scale)} and min ${shown(min)}`);
    this.#shape = shape;
    this.#size = size;
    this.#dtype = dtype;
    this.#encoding = encodings[stored];
    this.#isStraight = stored === 'float32' && isLittleEndian;
    this.#scale = scale as number;
    this.#min = min as number;
    this.bytes = size * this.#encoding.bytes;
  }

  /** @throws {FormatError} where the shards end before */
  read(name: string, bytes: Uint8Array, view: DataView, at: number): Constant {
    if (at + this.bytes > bytes.length) throw cutOff(at, this.bytes, bytes.length);
    const kind = this.#dtype === 'float32' ? 'float' : this.#dtype === 'bool' ? 'bool' : 'int';
    if (this.#isStraight) {
      const own = bytes.subarray(at, at + this.bytes);
      // Aligned numbers stay where they are: weights are copied once, into the model.
      const aligned = own.byteOffset % 4 === 0 ? own : own.slice();
      const data = new Float32Array(aligned.buffer, aligned.byteOffset, this.#size);
      return new Constant(this.#shape, kind, data, name);
    }
    const numbers = kind === 'float' ? new Float32Array(this.#size) : new Array(this.#size);
    const { read, bytes: step } = this.#encoding;
    for (let i = 0; i < this.#size; i++) {
      const value = read(view, at + i * step) * this.#scale + this.#min;
      numbers[i] = kind === 'float' ? value : Math.round(value);
    }
    return new Constant(this.#shape, kind, numbers, name);
  }
}

/** The weights of a file, and the shards that each group of them lies in. */
export interface Group {
  readonly paths: readonly string[];
  readonly specs: readonly unknown[];
}

/** Reads `weightsManifest`. @throws {FormatError} for anything else, and a shard that is there twice */
export function groupsOf(manifest: unknown): Group[] {
  const groups = listAt('weightsManifest', manifest).map((given): Group => {
    const group = objectAt('an entry of weightsManifest', given);
    const paths = listAt("a group's paths", group.paths).map((path) => textAt('a path', path));
    return { paths, specs: listAt("a group's weights", group.weights) };
  });
  const taken = new Set<string>();
  for (const path of groups.flatMap(({ paths }) => paths)) {
    if (taken.has(path))
      throw new FormatError(`weightsManifest has the shard ${shown(path)} twice`);
    taken.add(path);
  }
  return groups;
}
