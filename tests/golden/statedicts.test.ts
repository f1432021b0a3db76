// PyTorch's state_dicts set by one call: the networks of statedicts.json, which statedicts.py makes, predict the same.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { input, io, layers, Model, Sequential, Tensor, ValueError } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { predictions, rejects } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

interface Network {
  name: string;
  inputShape: number[];
  weights: [name: string, shape: number[]][];
  predicted: number[];
}

const { networks } = JSON.parse(
  readFileSync(new URL('statedicts.json', import.meta.url), 'utf8'),
) as { networks: Network[] };

const BATCH = 2;

/** The same networks, made here. */
const makers: Record<string, (inputShape: number[]) => Model> = {
  convolutions: (inputShape) =>
    new Sequential(
      [
        layers.conv2d({ filters: 4, kernelSize: 5, padding: 2 }),
        layers.batchNorm({ epsilon: 1e-5 }),
        layers.relu(),
        layers.maxPool2d(),
        layers.conv2d({ filters: 6, kernelSize: 3, groups: 2, useBias: false }),
        layers.flatten(),
        layers.batchNorm({ epsilon: 1e-5 }),
        layers.relu(),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 5 }),
        layers.dense({ units: 5 }),
        layers.dense({ units: 5 }),
      ],
      { inputShape },
    ),
  names: (inputShape) =>
    new Sequential(
      [
        layers.conv2d({ filters: 3, kernelSize: 3, name: 'out' }),
        layers.conv2d({ filters: 3, kernelSize: 3, name: 'into' }),
        layers.flatten(),
        layers.dense({ units: 12, name: 'head' }),
        layers.dense({ units: 12, name: 'again' }),
      ],
      { inputShape },
    ),
  transposed: (inputShape) =>
    new Sequential(
      [
        layers.depthwiseConv2d({ kernelSize: 3, padding: 1, depthMultiplier: 3 }),
        layers.conv2d({ filters: 6, kernelSize: 1 }),
        layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 }),
        layers.flatten(),
        layers.dense({ units: 4 }),
      ],
      { inputShape },
    ),
  branches: (inputShape) => {
    const x = input(inputShape);
    const conv = layers.conv2d({ filters: 3, kernelSize: 3 }).apply(x);
    const all = layers
      .concat()
      .apply([
        layers.flatten().apply(conv),
        layers.globalAvgPool2d().apply(x),
        layers.activation({ activation: 'tanh' }).apply(layers.flatten().apply(x)),
      ]);
    return new Model({ inputs: x, outputs: layers.dense({ units: 3 }).apply(all) });
  },
  signals: (inputShape) =>
    new Sequential(
      [
        layers.conv1d({ filters: 4, kernelSize: 3 }),
        layers.relu(),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
      { inputShape },
    ),
};

/** The state_dict: the i-th weight is made from seed i. */
function recordOf({ weights }: Network): Record<string, Tensor> {
  const entries = weights.map(([name, shape], i) => {
    if (name.endsWith('num_batches_tracked')) return [name, Tensor.from(Int32Array.of(7), shape)];
    const drawn = numbers(sizeOf(shape), i);
    const values = name.endsWith('running_var') ? drawn.map((v) => Math.abs(v) + 0.5) : drawn;
    return [name, Tensor.from(values, shape)];
  });
  return Object.fromEntries(entries);
}

const free = (record: Record<string, Tensor>): void => {
  for (const tensor of Object.values(record)) tensor.dispose();
};

for (const network of networks) {
  const { name, inputShape, predicted } = network;
  const x = numbers(BATCH * sizeOf(inputShape), 99);
  const size = Math.max(...predicted.map(Math.abs));
  const same = (model: Model): void =>
    close(predictions(model, x), predicted, { atol: 1e-5 * size }, name);

  test(`${name}: in the order of the modules`, () => {
    const model = makers[name](inputShape);
    const record = recordOf(network);
    model.setWeights(record, { from: 'pytorch' });
    same(model);
    free(record);
    model.dispose();
  });

  test(`${name}: from a file, which sorts names`, () => {
    const model = makers[name](inputShape);
    const made = recordOf(network);
    const sorted = Object.entries(made).sort(([a], [b]) => (a < b ? -1 : 1));
    const record = io.readSafetensors(io.writeSafetensors(Object.fromEntries(sorted)));
    assert.is.not(Object.keys(record).join(), Object.keys(made).join());
    model.setWeights(record, { from: 'pytorch' });
    same(model);
    for (const one of [made, record]) free(one);
    model.dispose();
  });
}

test('every network of the file is made here', () => {
  assert.equal(networks.map(({ name }) => name).sort(), Object.keys(makers).sort());
});

test('names that say nothing are no order: of a sorted record nothing is set', async () => {
  const network = networks.find(({ name }) => name === 'names') as Network;
  const { inputShape } = network;
  const model = new Sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3 }),
      layers.conv2d({ filters: 3, kernelSize: 3 }),
      layers.flatten(),
      layers.dense({ units: 12 }),
      layers.dense({ units: 12 }),
    ],
    { inputShape },
  );
  const record = recordOf(network);
  model.setWeights(record, { from: 'pytorch' });
  const sorted = Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  const set = () => model.setWeights(sorted, { from: 'pytorch' });
  await rejects(set, ValueError, "'module.again' and 'module.head'", 'sorted', 'name:');
  free(record);
  model.dispose();
});

test.run();
