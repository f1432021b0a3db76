// The arrays of a TF.js file: one after the other in its shards, perhaps quantized.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts

import { FormatError } from '../../base/errors.js';
import { about } from '../../base/naming.js';
import { sameShape, sizeOf } from '../../base/shape.js';
import { shown } from '../../base/shown.js';
import { storedConstant } from '../importing/stored.js';
import { Constant } from '../importing/value.js';
import { bytesIn } from '../numbers.js';
import { isObject, type Json, listAt, objectAt, sidesAt, textAt } from './json.js';

/** The types of numbers, by safetensors' names for them. */
const types: Readonly<Record<string, string>> = {
  ...{ float32: 'F32', float16: 'F16', int32: 'I32', uint16: 'U16', uint8: 'U8', bool: 'BOOL' },
};

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
      found.set(name, array.read(name, bytes, at));
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
  readonly #dtype: string;
  /** The type of the numbers that are stored. */
  readonly #type: string;
  /** For numbers that are stored as steps of a scale. */
  readonly #scaling: { readonly scale: number; readonly min: number } | undefined;

  constructor(spec: Json, dtype: string, shape: readonly number[], size: number) {
    const { quantization } = spec;
    const quantized = isObject(quantization) ? quantization : undefined;
    const stored = quantized ? textAt('the dtype of its quantization', quantized.dtype) : dtype;
    // Halves are fractions: no whole numbers are stored so.
    const steps = dtype === 'float32' ? ['uint8', 'uint16', 'float16'] : ['uint8', 'uint16'];
    const known = quantized ? steps : ['float32', 'int32', 'bool'];
    if (!known.includes(stored))
      throw new FormatError(
        `it is ${quantized ? 'quantized as' : 'of dtype'} ${shown(stored)}, which is none of ${known.join(', ')}`,
      );
    const isScaled = quantized && stored !== 'float16';
    const [scale, min] = isScaled ? [quantized.scale, quantized.min] : [1, 0];
    if (!Number.isFinite(scale) || !Number.isFinite(min))
      throw new FormatError(`its quantization has scale ${shown(scale)} and min ${shown(min)}`);
    this.#shape = shape;
    this.#dtype = dtype;
    this.#type = types[stored];
    this.#scaling = isScaled ? { scale: scale as number, min: min as number } : undefined;
    this.bytes = bytesIn(this.#type, [size]);
  }

  /** @throws {FormatError} where the shards end before */
  read(name: string, bytes: Uint8Array, at: number): Constant {
    if (at + this.bytes > bytes.length) throw cutOff(at, this.bytes, bytes.length);
    const kind = this.#dtype === 'float32' ? 'float' : this.#dtype === 'bool' ? 'bool' : 'int';
    const [shape, type] = [this.#shape, this.#type];
    const own = bytes.subarray(at, at + this.bytes);
    if (!this.#scaling) return storedConstant({ shape, kind, type, bytes: own }, name);
    const { scale, min } = this.#scaling;
    // The bytes may not be aligned. A copy by the constructor, as `slice` of a Node Buffer copies nothing.
    const steps = type === 'U8' ? own : new Uint16Array(new Uint8Array(own).buffer);
    if (kind !== 'float')
      return new Constant(
        shape,
        kind,
        Array.from(steps, (step) => Math.round(step * scale + min)),
        name,
      );
    // By a plain loop: `from` and `map` take several times as long.
    const decode = (to: Float32Array, first: number): void => {
      for (let i = 0; i < to.length; i++) to[i] = steps[first + i] * scale + min;
    };
    return new Constant(shape, kind, decode, name);
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
