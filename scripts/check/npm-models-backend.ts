// Trained models of TF.js that npm packages ship, run by TF.js on our backend, compared with its cpu backend: graph models
// and layers models, those too that the library's own importer does not read.

import assert from 'node:assert/strict';
import * as converter from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { TfjsArtifacts } from '../../src/io/index.js';
import { configure } from '../../src/tfjs/index.js';
import { drawn, type Shipped, shipped } from './shipped.js';

/** How far apart outputs may be, in parts of each output's largest number. */
const APART = 1e-5;
/**
 * Where sums in float32 show more, as cpu sums in float64: blazeface 1.1e-5, centernet 1.3e-5. TF.js's own wasm backend,
 * which sums in float32 too, is 1.4e-5 and 8.4e-6 apart from cpu there.
 */
const FURTHER: Readonly<Record<string, number>> = {
  '@vladmandic/human: blazeface': 2e-5,
  '@vladmandic/human: centernet': 2e-5,
};

type Model = converter.GraphModel | tfl.LayersModel;

async function load(file: TfjsArtifacts): Promise<Model> {
  const handler = tf.io.fromMemory(file as tf.io.ModelArtifacts);
  const isGraph = 'node' in (file.modelTopology ?? {});
  return isGraph ? converter.loadGraphModel(handler) : tfl.loadLayersModel(handler);
}

/** What a model makes of an image, on a backend. */
async function outputs(backend: string, { file, sizes, lacks }: Shipped): Promise<Float32Array[]> {
  assert(await tf.setBackend(backend));
  const model = await load(file());
  const [first] = model.inputs;
  const [height, width] = sizes?.[0] ?? [];
  const [, h, w, channels] = first.shape as number[];
  const shape = [1, height ?? h, width ?? w, channels];
  const values = drawn(shape.reduce((product, side) => product * side, 1));
  const isInteger = first.dtype === 'int32';
  const x = tf.tensor(
    isInteger ? values.map((value) => Math.floor(255 * value)) : values,
    shape,
    isInteger ? 'int32' : 'float32',
  );
  // TF.js asks for it where there is control flow.
  const isAsync = lacks?.includes('Switch') && 'executeAsync' in model;
  const made = isAsync ? await model.executeAsync(x) : model.predict(x);
  const list = (made instanceof tf.Tensor ? [made] : Object.values(made)) as tf.Tensor[];
  const results = list.map((y) => Float32Array.from(y.dataSync()));
  tf.dispose([x, ...list]);
  model.dispose();
  return results;
}

/** @returns how far apart they are, in parts of the largest number */
function apart(found: Float32Array, expected: Float32Array): number {
  assert.equal(found.length, expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert(largest > 0, 'cpu gives nothing but zeros');
  return found.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i])), 0) / largest;
}

configure({ threads: 1 });
let failed = 0;
for (const one of shipped.filter(({ isLarge }) => !isLarge)) {
  try {
    const found = await outputs('wasmgrad', one);
    const expected = await outputs('cpu', one);
    assert.equal(found.length, expected.length);
    const most = Math.max(...found.map((y, i) => apart(y, expected[i])));
    assert(most <= (FURTHER[one.name] ?? APART), `${most} of the largest number apart`);
    console.log(`${one.name}: ${most.toExponential(1)} of the largest number apart from cpu`);
  } catch (error) {
    failed++;
    console.error(`${one.name}: FAILED`, error);
  }
}
process.exit(failed > 0 ? 1 : 0);
