// Networks as JSON: { "inputShape": [28, 28, 1], "layers": [{ "type": "conv2d", "filters": 6, "kernelSize": 5 }, …] }, the
// options of the layers' factories with their names as types.

import { nearest } from '../base/options.js';
import { FormatError, layers, Sequential, type Shape, WasmgradError } from '../core.js';

/** The contents of such a file. */
interface Outline {
  readonly name?: string;
  readonly inputShape: Shape;
  readonly layers: readonly { readonly type: string; readonly [option: string]: unknown }[];
  readonly seed?: number;
}

/**
 * Makes the network that a JSON file describes; needs no engine.
 *
 * @param seed of the initial weights, in place of the file's
 * @throws {FormatError} for anything else, with the number of the layer that is wrong
 */
export function readLayers(bytes: Uint8Array, seed?: number): Sequential {
  const outline = parse(bytes);
  const made = outline.layers.map(({ type, ...options }, i) => {
    if (!Object.hasOwn(layers, type)) {
      throw new FormatError(
        `layer ${i} has the type '${type}', which there is not${nearest(type, Object.keys(layers))}`,
      );
    }
    return within(`layer ${i}`, () => layers[type as 'dense'](options as never));
  });
  const { inputShape, name } = outline;
  return within(
    'the network',
    () => new Sequential(made, { inputShape, name, seed: seed ?? outline.seed }),
  );
}

function parse(bytes: Uint8Array): Outline {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new FormatError(`not JSON (${(cause as Error).message})`, { cause });
  }
  const { inputShape, layers: list } = Object(value) as Partial<Outline>;
  const isList = Array.isArray(list) && list.every((one) => typeof one?.type === 'string');
  if (Array.isArray(inputShape) && isList) return value as Outline;
  throw new FormatError(
    'expected { "inputShape": [28, 28, 1], "layers": [{ "type": "conv2d", "filters": 6, "kernelSize": 5 }, …] }',
  );
}

function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof WasmgradError)) throw cause;
    throw new FormatError(`${where}: ${cause.message}`, { cause });
  }
}
