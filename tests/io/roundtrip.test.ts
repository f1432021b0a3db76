// Models become ONNX files and models again: the same inputs and outputs, the same predictions, labels and preprocessing,
// and the same weights that learn.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, layers, Model, Sequential } from '../../src/index.js';
import { readOnnx, writeOnnx } from '../../src/io/index.js';
import { close } from '../helpers/close.js';
import { sameBits } from '../helpers/models.js';
import { freeze, learnsAlike, outputsOf, samplesFor } from '../helpers/onnxagree.js';
import { chainOf, chains } from '../helpers/onnxchains.js';
import { singles } from '../helpers/onnxlayers.js';
import { type Net, networks, stirred, zooNetworks } from '../helpers/onnxmodels.js';
import '../helpers/start.js';

/** What comes back as other layers, which round in another way. */
const rounded = /^(lpPool2d (1|3|4)|lrn (2|3|5)|average)/;

async function roundTrip(name: string, model: Net): Promise<void> {
  freeze(model);
  const again: Net = await readOnnx(writeOnnx(model));
  try {
    learnsAlike(again, model);
    assert.equal(again.inputNames, model.inputNames);
    // Layers over signals too are themselves again, and no images of one line.
    if (Object.hasOwn(zooNetworks, name) || /1d \d/.test(name)) {
      assert.equal(again.outputNames, model.outputNames);
      assert.equal(
        again.layers.map((layer) => layer.name),
        model.layers.map((layer) => layer.name),
      );
    }
    const shapes = (net: Net) =>
      [net.inputs, net.outputs].map((all) => all.map(({ shape }) => shape));
    assert.equal(shapes(again), shapes(model));
    for (const count of [1, 3]) {
      const samples = samplesFor(model, count);
      const expected = outputsOf(model, samples);
      outputsOf(again, samples).forEach(({ data }, i) => {
        if (!rounded.test(name)) sameBits(data, expected[i].data, `output ${i}`);
        const largest = expected[i].data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        close(data, expected[i].data, { rtol: 1e-5, atol: 1e-6 * largest }, `output ${i}`);
      });
    }
  } finally {
    again.dispose();
  }
}

for (const [name, make] of Object.entries({ ...singles, ...networks, ...zooNetworks }))
  test(name, async () => {
    const model = make();
    try {
      await roundTrip(name, model);
    } finally {
      model.dispose();
    }
  });

test('a shared layer comes back as one, and trains as one', async () => {
  const [a, b] = [input([5, 5, 2], { name: 'a' }), input([5, 5, 2], { name: 'b' })];
  const shared = [
    layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu', name: 'twin' }),
    layers.batchNorm({ name: 'norm' }),
    layers.globalAvgPool2d(),
    layers.dense({ units: 2, activation: 'tanh', name: 'end' }),
  ];
  const [y, z] = [a, b].map((x) => shared.reduce((from, layer) => layer.apply(from), x));
  const outputs = layers.add({ name: 'sum' }).apply([y, z]);
  const model = stirred(new Model({ inputs: [a, b], outputs }));
  const again = await readOnnx(writeOnnx(model));
  const names = ({ weights }: Pick<Net, 'weights'>) => weights.map(({ name }) => name);
  assert.equal(names(again), names(model));
  const x = Object.values(samplesFor(model, 4)).map(({ data }) => data);
  const target = new Float32Array(8).fill(0.5);
  for (const net of [model, again]) {
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    await net.fit(x, target, { epochs: 3, batchSize: 4, shuffle: false });
  }
  again.weights.forEach(({ name, tensor }, i) => {
    sameBits(tensor.data as Float32Array, model.weights[i].tensor.data as Float32Array, name);
  });
  model.dispose();
  again.dispose();
});

test('two layers stay two, whatever their activation', async () => {
  const list = () => [
    layers.conv2d({ filters: 2, kernelSize: 1, name: 'a' }),
    layers.relu({ name: 'b' }),
    layers.conv2d({ filters: 2, kernelSize: 1, activation: 'relu6', name: 'c' }),
    layers.relu({ name: 'c_1' }),
    layers.dropout({ rate: 0.25, name: 'drop' }),
    layers.flatten({ name: 'flat' }),
    layers.dense({ units: 2, activation: 'softmax', name: 'd' }),
  ];
  const model = new Sequential(list(), { inputShape: [2, 2, 3] });
  const again = await readOnnx(writeOnnx(model));
  const said = (net: Pick<Net, 'layers'>) =>
    net.layers.map(({ name, options }) => [
      name === 'flat' ? 'flatten' : name,
      (options as { activation?: string }).activation,
      (options as { rate?: number }).rate,
    ]);
  assert.equal(said(again), said(model));
  model.dispose();
  again.dispose();
});

test('random chains of all layers', async () => {
  const property = fc.asyncProperty(chains(), async (plan) => {
    const model = new Sequential(chainOf(plan), { inputShape: plan.inputShape });
    try {
      stirred(model, plan.seed);
      const again: Net = await readOnnx(writeOnnx(model));
      const samples = samplesFor(model, 2);
      const [expected, actual] = [model, again].map((net) => outputsOf(net, samples)[0]);
      again.dispose();
      const largest = expected.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      assert.equal(actual.shape, expected.shape);
      close(actual.data, expected.data, { rtol: 1e-4, atol: 1e-5 * largest });
    } finally {
      model.dispose();
    }
  });
  await fc.assert(property, { seed: 16, numRuns: 200 });
});

test.run();
