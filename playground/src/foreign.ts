// Models as other programs' files, in a worker. Loaded when the first such file is asked for.

import { loadModel, type Model } from 'wasmgrad/core';
import { readOnnx, readTfjs, writeOnnx } from 'wasmgrad/io';
import type { Files } from './messages.js';

/**
 * Reads a model of any kind that the library reads: `.safetensors`, `.onnx`, or TF.js's `.json` with its `.bin` files.
 * @throws what the library says of the files
 */
export function readFiles(files: Files): Promise<Model> {
  const names = Object.keys(files);
  const json = names.find((name) => name.endsWith('.json'));
  if (json) return readTfjs({ ...files, 'model.json': files[json] });
  const [name] = names;
  return name.endsWith('.onnx') ? readOnnx(files[name]) : loadModel(files[name]);
}

export { writeOnnx };
