// Layers without an op of their own, in small networks against PyTorch: replays convlayers.json, which
// convlayers.py makes. Outputs, loss, and the gradient of every weight.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Layer, layers, optimizers, Sequential } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { made, type Spec, type Stored, unpacked } from '../helpers/golden.js';
import '../helpers/start.js';

/** Of an output's largest magnitude: that of layers.test.ts. */
const TOLERANCE = 2 ** -18;

interface Case {
  name: string;
  layers: { type: string; options: object }[];
  weights: Spec[];
  inputs: { x: Spec; target: Spec };
  outputs: Stored;
}

const { cases } = JSON.parse(readFileSync(new URL('convlayers.json', import.meta.url), 'utf8')) as {
  cases: Case[];
};

const factories = layers as unknown as Record<string, (options: object) => Layer>;

for (const { name, layers: list, weights, inputs, outputs } of cases) {
  test(name, () => {
    const [x, target] = [made(inputs.x), made(inputs.target)];
    const model = new Sequential(
      list.map(({ type, options }) => factories[type](options)),
      { inputShape: x.shape.slice(1) },
    );
    assert.equal(
      model.weights.map(({ tensor }) => tensor.shape),
      weights.map(({ shape }) => shape),
    );
    model.weights.forEach(({ tensor }, i) => {
      const value = made(weights[i]);
      tensor.data.set(value.data);
      value.dispose();
    });
    model.compile({
      optimizer: optimizers.sgd({ learningRate: 0 }),
      loss: 'meanSquaredError',
    });
    const y = model.predict(x);
    assert.equal(y.shape, outputs.y.shape);
    const { loss } = model.trainOnBatch(x, target);
    const actual: Record<string, ArrayLike<number> | undefined> = { y: y.data, loss: [loss] };
    model.weights.forEach(({ gradient }, i) => {
      actual[`gradient ${i}`] = gradient?.data;
    });
    assert.equal(Object.keys(actual), Object.keys(outputs));
    for (const [key, { float32 }] of Object.entries(outputs)) {
      const expected = unpacked(float32);
      const size = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      close(actual[key] ?? [], expected, { atol: TOLERANCE * size }, key);
    }
    for (const one of [x, target, y, model]) one.dispose();
  });
}

test.run();
