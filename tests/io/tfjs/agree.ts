// What a model computes here is what TF.js computes.

import * as assert from 'uvu/assert';
import { type Shape, sizeOf } from '../../../src/base/shape.js';
import { type Model, Tensor } from '../../../src/index.js';
import { readTfjs, type TfjsArtifacts } from '../../../src/io/index.js';
import { numbers } from '../../helpers/random.js';
import { graphModelOf } from '../../helpers/tfgraph.js';
import { predicted } from '../../helpers/tfjs.js';

/** An array of numbers. */
export interface Numbers {
  readonly data: Float32Array;
  readonly shape: Shape;
}

/** That a model gives this, up to 1e-5 of the largest number of each output. */
export function gives(
  model: Model,
  inputs: readonly Numbers[],
  expected: readonly Numbers[],
  what = 'it',
): void {
  const tensors = inputs.map((x) => Tensor.from(x.data, x.shape));
  const made = [model.predict(tensors.length === 1 ? tensors[0] : tensors)].flat() as Tensor[];
  assert.is(made.length, expected.length, what);
  made.forEach(({ data: y, shape }, i) => {
    assert.equal([...shape], expected[i].shape, what);
    const largest = expected[i].data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const apart = y.reduce(
      (most, value, k) => Math.max(most, Math.abs(value - expected[i].data[k])),
      0,
    );
    assert.ok(apart <= 1e-5 * largest, `${what}: ${apart} apart, the largest is ${largest}`);
    assert.ok(largest > 0, `${what}: TF.js gives nothing but zeros`);
  });
  for (const tensor of [...tensors, ...made]) tensor.dispose();
}

/** That a graph model gives what TF.js gives. @param shapes of inputs, with the batch */
export async function agree(
  artifacts: TfjsArtifacts,
  shapes: readonly Shape[],
  { seed = 7, positive = false, theirs = artifacts } = {},
): Promise<Model> {
  const own = await readTfjs(artifacts);
  const inputs = shapes.map((shape, i) => {
    const drawn = numbers(sizeOf(shape), seed + i);
    return { shape, data: positive ? drawn.map((x) => 1.5 + x) : drawn };
  });
  gives(own, inputs, predicted(graphModelOf(theirs), inputs));
  return own;
}
