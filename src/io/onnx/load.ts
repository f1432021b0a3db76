// `readOnnx`: loads the code that reads ONNX files, read.ts, when it is first called.

import type { Bytes } from '../../base/filebytes.js';
import { Later } from '../../base/later.js';
import type { Model } from '../../core.js';
import type { ReadOnnxOptions } from './read.js';

export type { ReadOnnxOptions } from './read.js';

export const onnxReader = new Later(() => import('./read.js'));

/**
 * Reads an ONNX file into a model that infers and trains. Weights are named after the file's; batch norms and activations
 * fuse as in models that are built here. The first dimension of inputs is the batch, of any size, where the network allows
 * it; otherwise inputs are given whole, with the file's shape.
 *
 * @param file the bytes
 * @throws {FormatError} for anything but a sound ONNX file, and for operators that there are not: all of them are named
 * @throws {ValueError} for options that do not fit the file
 * @throws {EngineError} if the code that reads ONNX files cannot be loaded
 */
export async function readOnnx(file: Bytes, options: ReadOnnxOptions = {}): Promise<Model> {
  const reader = await onnxReader.get('readOnnx');
  return reader.readOnnx(file, options);
}
