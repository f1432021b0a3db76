// Models as other programs' files, in a worker.

import { loadModel, type Model } from 'wasmgrad/core';
import { readOnnx, readTfjs, writeOnnx } from 'wasmgrad/io';
import type { Files } from './messages.js';

/**
 * Reads a model of any kind that the library reads: `.safetensors`, `.onnx`, or TF.js's `.json` with its `.bin` files.
 * @throws what the library says of the files
 */
export function readFiles(files: Files): Promise<Model> {
  const names = Object.keys(files);
  // Old disks write it in capitals.
  const ends = (name: string, ending: string) => name.toLowerCase().endsWith(ending);
  // Browsers number files that are downloaded twice.
  const json = names.find((name) => ends(name, '.json'));
  const shards = names.filter((name) => ends(name, '.bin'));
  if (json && shards.length === 0)
    throw new Error(`“${json}” is half of a TF.js model: choose it together with its .bin files.`);
  if (json) return readTfjs({ ...files, 'model.json': files[json] });
  if (shards.length > 0)
    throw new Error(`“${shards[0]}” is half of a TF.js model: choose its model.json with it.`);
  const [name] = names;
  return ends(name, '.onnx') ? readOnnx(files[name]) : loadModel(files[name]);
}

export { writeOnnx };
