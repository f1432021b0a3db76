// Models become ONNX files and models again: the same inputs and outputs, the same predictions, labels and preprocessing.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Sequential } from '../../src/index.js';
import { readOnnx, writeOnnx } from '../../src/io/index.js';
import { close } from '../helpers/close.js';
import { sameBits } from '../helpers/models.js';
import { outputsOf, samplesFor } from '../helpers/onnxagree.js';
import { chainOf, chains } from '../helpers/onnxchains.js';
import { singles } from '../helpers/onnxlayers.js';
import { type Net, networks, stirred, zooNetworks } from '../helpers/onnxmodels.js';
import '../helpers/start.js';

/** What comes back as other layers, which round in another way. */
const rounded =
  /^(rbf|lpPool2d (1|3|4)|adaptiveAvgPool2d|lrn (2|3|5)|average|radial basis|lenet5Classic|googlenet with)/;

/** Takes no more memory than one file: VGG's has 515 MB. */
const { vgg11, ...zoo } = zooNetworks;

async function roundTrip(name: string, model: Net): Promise<void> {
  const again: Net = await readOnnx(writeOnnx(model));
  try {
    assert.equal(again.inputNames, model.inputNames);
    if (!Object.hasOwn(singles, name)) assert.equal(again.outputNames, model.outputNames);
    if (Object.hasOwn(zoo, name))
      assert.equal(
        again.layers.map((layer) => layer.name),
        model.layers.map((layer) => layer.name),
      );
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

for (const [name, make] of Object.entries({ ...singles, ...networks, ...zoo }))
  test(name, async () => {
    const model = make();
    try {
      await roundTrip(name, model);
    } finally {
      model.dispose();
    }
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
