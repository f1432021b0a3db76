// What a graph's summary says: rows for all places of layers, weights counted once, receptive fields over
// branches, and the memory for a batch; all of it before anything is there.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dispose, init, input, type Layer, layers, Model, memory } from '../../src/index.js';
import { options } from '../helpers/start.js';

const conv = (name: string, kernelSize: number, strides = 1): Layer =>
  layers.conv2d({ filters: 3, kernelSize, strides, padding: 'same', name });

/** An image that goes through 3×3 and 5×5, and past both; a vector beside it. */
function network() {
  const [meta, image] = [input([7], { name: 'meta' }), input([16, 12, 3], { name: 'image' })];
  const narrow = conv('narrow', 3).apply(image);
  const wide = conv('wide', 5).apply(image);
  const sum = layers.add({ name: 'sum' }).apply([narrow, image, wide]);
  const strided = conv('strided', 3, 2).apply(sum);
  const shared = conv('shared', 3);
  const twice = shared.apply(shared.apply(strided));
  const flat = layers.flatten({ name: 'flat' }).apply(twice);
  const seen = layers.dense({ units: 4, name: 'seen' }).apply(flat);
  const told = layers.dense({ units: 4, name: 'told' }).apply(meta);
  const joint = layers.add({ name: 'joint' }).apply([told, seen]);
  return new Model({ inputs: [meta, image], outputs: [joint, twice], name: 'branches' });
}

test('receptive fields: of branches the widest, in pixels of the input they come from', () => {
  const model = network();
  const rows = model.summary({ print: null });
  const fields = rows.map(({ name, receptiveField: [h, w] }) => `${name} ${h}×${w}`);
  assert.equal(fields, [
    'told 1×1',
    'narrow 3×3',
    'wide 5×5',
    'sum 5×5',
    // 5 + 2, then twice 2·2 more.
    'strided 7×7',
    'shared 11×11',
    'shared 15×15',
    'flat 16×12',
    'seen 16×12',
    'joint 16×12',
  ]);
  model.dispose();
});

test('a shared layer has a row for each place, its weights in the first, its work in all', () => {
  const model = network();
  const rows = model.summary({ print: null });
  const shared = rows.filter(({ name }) => name === 'shared');
  assert.equal(
    shared.map(({ parameters, multiplyAdds }) => [parameters, multiplyAdds]),
    [
      [84, 8 * 6 * 81],
      [0, 8 * 6 * 81],
    ],
  );
  const counted = rows.reduce((sum, { parameters }) => sum + parameters, 0);
  assert.is(
    counted,
    model.weights.reduce((sum, { tensor }) => sum + tensor.size, 0),
  );
  assert.equal(
    rows.map(({ outputShape }) => outputShape.join()),
    ['4', '16,12,3', '16,12,3', '16,12,3', '8,6,3', '8,6,3', '8,6,3', '144', '4', '4'],
  );
  model.dispose();
});

test('the table: inputs, totals, and memory for the batch asked for', () => {
  const model = network();
  const tables = [undefined, 5].map((batchSize) => {
    let text = '';
    model.summary({
      batchSize,
      print: (printed) => {
        text += printed;
      },
    });
    return text;
  });
  assert.match(tables[0], /^branches: input 7, 16 × 12 × 3\n/);
  assert.match(tables[0], /\nmemory for batches of 32, parameters [\d.]+ MiB included:\n/);
  assert.match(tables[1], /\nmemory for batches of 5,/);
  const rows = model.summary({ print: null });
  const total = rows.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
  const parameters = rows.reduce((sum, row) => sum + row.parameters, 0);
  const [line] = tables[0].split('\n').filter((one) => one.startsWith('total'));
  assert.ok(line.includes(total.toLocaleString('en')), line);
  assert.ok(line.includes(parameters.toLocaleString('en')), line);
  const { training, inference } = model.memory({ batchSize: 32 });
  for (const { total: bytes } of [training, inference])
    assert.ok(tables[0].includes(`${(bytes / 2 ** 20).toFixed(1)} MiB: activations`));
  model.dispose();
});

test('before init: nothing is needed, nothing is taken', async () => {
  const expected = network().summary({ print: null });
  dispose();
  try {
    const model = network();
    assert.equal(model.summary({ print: null }), expected);
    const { parameters, training } = model.memory({ batchSize: 4 });
    assert.ok(training.total > parameters);
    assert.throws(() => memory(), /init/);
    model.dispose();
  } finally {
    await init(options);
  }
});

test('after init: a summary takes no memory', () => {
  const before = memory();
  const model = network();
  model.summary({ print: null });
  assert.equal(memory(), before);
  model.dispose();
});

test('more samples need more activations, and no more weights', () => {
  const model = network();
  const [one, many] = [1, 64].map((batchSize) => model.memory({ batchSize }));
  assert.is(one.parameters, many.parameters);
  assert.is(one.training.gradients, many.training.gradients);
  assert.ok(many.training.activations > 20 * one.training.activations);
  assert.ok(many.inference.activations < many.training.activations);
  for (const batchSize of [0, 1.5, Number.NaN])
    assert.throws(() => model.memory({ batchSize }), /batchSize/);
  model.dispose();
});

test.run();
