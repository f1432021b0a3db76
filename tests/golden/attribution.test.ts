// What pictures of a decision are made of, against PyTorch: replays attribution.json, which attribution.py makes.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, layers, Model, Tensor } from '../../src/index.js';
import * as vis from '../../src/vis/index.js';
import { close } from '../helpers/close.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const golden = JSON.parse(
  readFileSync(new URL('attribution.json', import.meta.url), 'utf8'),
) as Record<string, number[]>;
const [BATCH, SIDE, CHANNELS, CLASSES] = [3, 9, 2, 4];

/** The network of attribution.py. `fused` has activations in the layers before them, as most models have. */
function network(fused: boolean): Model {
  const image = input([SIDE, SIDE, CHANNELS]);
  const same = { kernelSize: 3, padding: 'same' } as const;
  const first = layers.conv2d({ filters: 6, ...same, activation: fused ? 'relu' : 'linear' });
  let x = first.apply(image);
  if (!fused) x = layers.relu().apply(x);
  x = layers.maxPool2d({ poolSize: 3, strides: 2 }).apply(x);
  const second = layers.conv2d({ filters: 6, ...same, useBias: false });
  const norm = layers.batchNorm({ epsilon: 1e-5 });
  x = layers.relu().apply(layers.add().apply([norm.apply(second.apply(x)), x]));
  const maps = layers.conv2d({ filters: 5, ...same, name: 'maps' });
  x = layers.globalAvgPool2d().apply(layers.relu6().apply(maps.apply(x)));
  const end = layers.dense({ units: CLASSES, activation: fused ? 'softmax' : 'linear' });
  x = end.apply(x);
  const model = new Model({ inputs: image, outputs: fused ? x : layers.softmax().apply(x) });
  const seeds = { [first.name]: [10, 11], [second.name]: [20], [maps.name]: [40, 41] };
  for (const [name, [kernel, bias]] of Object.entries(seeds)) {
    fill(model, `${name}/kernel`, kernel, 0.6);
    if (bias) fill(model, `${name}/bias`, bias, 0.2);
  }
  fill(model, `${norm.name}/movingMean`, 30, 0.2);
  fill(model, `${norm.name}/movingVariance`, 31, 0.2, 1);
  fill(model, `${norm.name}/gamma`, 32, 0.3, 1);
  fill(model, `${norm.name}/beta`, 33, 0.3);
  fill(model, `${end.name}/kernel`, 50, 0.8);
  fill(model, `${end.name}/bias`, 51, 0.1);
  return model;
}

function fill(model: Model, name: string, seed: number, scale: number, shift = 0): void {
  const weight = model.weights.find((one) => one.name === name);
  assert.ok(weight, name);
  const values = numbers(weight.tensor.size, seed).map((one) => one * scale + shift);
  weight.tensor.numbers.set(values);
}

const x = Tensor.from(numbers(BATCH * SIDE * SIDE * CHANNELS, 1), [BATCH, SIDE, SIDE, CHANNELS]);

const near = (actual: Tensor, expected: number[]): void =>
  close(actual.numbers, expected, { rtol: 1e-4, atol: 1e-6 });

for (const fused of [false, true]) {
  const model = network(fused);
  const ask = { output: golden.target, logits: true, wanted: 'input' } as const;

  test(`gradients of scores, and ReLU's rules${fused ? ', fused' : ''}`, async () => {
    near(await model.gradients(x, ask), golden.gradient);
    for (const relu of ['guided', 'deconvolution'] as const)
      near(await model.gradients(x, { ...ask, relu }), golden[relu]);
  });

  test(`values beside gradients${fused ? ', fused' : ''}`, async () => {
    const both = await model.gradients(x, { ...ask, wanted: ['maps', 'input'], values: true });
    near(both.values.maps, golden.maps);
    assert.equal(both.values.input.numbers, x.numbers);
    near(both.gradients.maps, golden.mapGradient);
    near(both.gradients.input, golden.gradient);
    // Layers before the maps need no backward pass: a batch norm there is folded.
    const alone = await model.gradients(x, { ...ask, wanted: 'maps', values: true });
    near(alone.values, golden.maps);
    near(alone.gradients, golden.mapGradient);
  });

  test(`attributions by gradients${fused ? ', fused' : ''}`, async () => {
    const { target } = golden;
    for (const method of ['gradient', 'guided', 'deconvolution'] as const)
      near(await vis.attribute(model, x, { target, method }), golden[method]);
    const product = golden.gradient.map((gradient, i) => gradient * x.numbers[i]);
    near(await vis.attribute(model, x, { target, method: 'inputXGradient' }), product);
  });

  test(`means of gradients${fused ? ', fused' : ''}`, async () => {
    const { target } = golden;
    const smooth = { method: 'smoothGrad', samples: 5, noise: 0.2, seed: 7 } as const;
    near(await vis.attribute(model, x, { target, ...smooth }), golden.smoothGrad);
    const path = { method: 'integratedGradients', samples: 6, baseline: 0.25 } as const;
    near(await vis.attribute(model, x, { target, ...path }), golden.integratedGradients);
  });

  test(`Grad-CAM${fused ? ', fused' : ''}`, async () => {
    for (const method of ['gradCam', 'gradCam++'] as const)
      near(
        await vis.gradCam(model, x, { target: golden.target, layer: 'maps', method }),
        golden[method],
      );
  });
}

test.run();
