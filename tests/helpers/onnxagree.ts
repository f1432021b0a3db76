// Compares a model with the ONNX file written of it.

import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import type { Tensor } from '../../src/index.js';
import { close } from './close.js';
import type { Net } from './onnxmodels.js';
import { type Numbers, type Optimization, run } from './onnxruntime.js';
import { numbers } from './random.js';

/** Samples for all inputs of a model, by name. */
export function samplesFor(model: Net, count: number, seed = 1): Record<string, Numbers> {
  const entries = model.inputs.map(({ shape }, i) => {
    const data = numbers(count * sizeOf(shape), seed + i);
    return [model.inputNames[i], { shape: [count, ...shape], data }];
  });
  return Object.fromEntries(entries);
}

/** Copies of a model's outputs for samples. */
export function outputsOf(model: Net, samples: Readonly<Record<string, Numbers>>): Numbers[] {
  const list = model.inputNames.map((name) => samples[name].data);
  const made: Tensor | Tensor[] = model.predict(list.length === 1 ? list[0] : list);
  return [made].flat().map((tensor) => {
    const copy = { shape: tensor.shape, data: Float32Array.from(tensor.data) };
    tensor.dispose();
    return copy;
  });
}

/** Every second layer does not learn, from the first on: files must say so. */
export function freeze({ layers }: Net): void {
  layers.forEach((layer, i) => {
    layer.trainable = i % 2 === 1;
  });
}

/** Fails unless a model that was read has weights like those of the one that was written, and learns in the same. */
export function learnsAlike(actual: Net, expected: Net): void {
  const said = ({ layers: all, weights }: Net) => {
    const frozen = new Set(all.filter(({ trainable }) => !trainable).map(({ name }) => name));
    const texts = weights.map(({ name, tensor, trainable }) => {
      const learns = trainable && !frozen.has(name.slice(0, name.lastIndexOf('/')));
      return `${tensor.size} numbers that ${learns ? 'learn' : 'do not learn'}`;
    });
    // A weight that is read in two orders comes back as two, and what is no node has the name of what reads it.
    return [...new Set(texts)];
  };
  assert.equal(said(actual), said(expected));
}

/** Fails unless the file's outputs are the model's, to 1e-4 of the largest number. */
export async function agrees(
  model: Net,
  file: Uint8Array,
  count: number,
  { what = 'it', optimization }: { what?: string; optimization?: Optimization } = {},
): Promise<void> {
  const samples = samplesFor(model, count);
  const expected = outputsOf(model, samples);
  const actual = Object.values(await run(file, samples, { optimization }));
  assert.is(actual.length, expected.length, `${what}: outputs`);
  expected.forEach(({ shape, data }, i) => {
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.equal(actual[i].shape, shape, `${what}: output ${i}`);
    close(actual[i].data, data, { rtol: 1e-4, atol: 1e-5 * largest }, `${what}: output ${i}`);
  });
}
