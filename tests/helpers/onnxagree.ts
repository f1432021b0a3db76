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
