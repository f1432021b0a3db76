// Graphs as files: what is loaded is the same graph, and goes on with the same bits; files whose graph is
// none are told from sound ones.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  FormatError,
  input,
  layers,
  loadModel,
  Model,
  memory,
  optimizers,
  Tensor,
} from '../../src/index.js';
import { readSafetensors } from '../../src/model/safetensors.js';
import { writeSafetensors } from '../../src/model/safetensorswriter.js';
import type { Topology } from '../../src/model/save.js';
import { unsealed } from '../helpers/damage.js';
import { dataOf, listed, lossesFor, modelOf, type Plan, plans, stir } from '../helpers/graphs.js';
import { rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** What a model whose outputs may be a list predicts. */
function outputsOf(model: unknown, x: Parameters<Model['predict']>[0]): Float32Array[] {
  const results = [(model as Model).predict(x)].flat() as Tensor[];
  return results.map((one) => {
    const copy = Float32Array.from(one.data);
    one.dispose();
    return copy;
  });
}

const topologyOf = (bytes: Uint8Array): Topology =>
  JSON.parse(readSafetensors(bytes).metadata.model);

test('random graphs: the same file again, the same predictions, the same training', async () => {
  const check = async (plan: Plan): Promise<void> => {
    const model = modelOf(plan, 0.3);
    const { x: images, aims } = dataOf(model, plan, 3);
    stir(model, plan.seed);
    const x = listed(images);
    const y = listed(aims.map((aim) => aim.y as Float32Array));
    const optimizer = optimizers.sgd({ learningRate: 0.05, momentum: 0.9 });
    const metrics = model.outputs.map(({ shape }) =>
      (shape.at(-1) as number) > 1 ? (['accuracy'] as const) : [],
    );
    const activationCheckpointing = plan.seed % 2 === 0;
    model.compile({ optimizer, ...lossesFor(aims), metrics, activationCheckpointing });
    model.trainOnBatch(x, y);
    const loaded = await loadModel(model.toBytes());
    const both = [model as unknown as Model, loaded];
    assert.equal(loaded.outputNames, model.outputNames);
    assert.equal(loaded.inputNames, model.inputNames);
    const [expected, actual] = both.map((one) => outputsOf(one, x));
    actual.forEach((one, i) => {
      sameBits(one, expected[i], `output ${i}`);
    });
    const [logs, again] = both.map((one) => one.trainOnBatch(x, y));
    assert.equal(again, logs);
    assert.ok(Buffer.from(loaded.toBytes()).equals(model.toBytes()), 'the files');
    for (const one of both) one.dispose();
  };
  const property = fc.asyncProperty(plans(), check);
  await fc.assert(property, { seed: 3, numRuns: 60, includeErrorInReport: true });
});

/** Two inputs, two outputs, a shared layer, residual blocks one in the other. */
function network() {
  const [a, b] = [input([4, 4, 2], { name: 'a' }), input([4, 4, 2])];
  const shared = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', name: 'shared' });
  const block = () =>
    layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same', activation: 'tanh' });
  const inner = layers.residual({ layers: [block()], activation: 'linear' });
  const shortcut = [layers.conv2d({ filters: 3, kernelSize: 1, useBias: false })];
  const outer = layers.residual({ layers: [inner, layers.batchNorm()], shortcut, name: 'outer' });
  const sum = layers.add().apply([outer.apply(shared.apply(a)), shared.apply(b), shared.apply(a)]);
  const pooled = layers.globalAvgPool2d().apply(sum);
  const model = new Model({
    inputs: [a, b],
    outputs: [layers.dense({ units: 3 }).apply(pooled), sum],
    seed: 4,
    name: 'graph',
  });
  const loss = ['softmaxCrossEntropy', 'meanSquaredError'] as const;
  model.compile({ optimizer: optimizers.adam(), loss, lossWeights: [1, 0.5] });
  return model;
}

test('layers stand in the file once, nodes refer to them', async () => {
  const model = network();
  const bytes = model.toBytes();
  const { inputs, layers: list, nodes, outputs } = topologyOf(bytes);
  assert.equal(inputs, [
    { name: 'a', shape: [4, 4, 2] },
    { name: 'input', shape: [4, 4, 2] },
  ]);
  const shared = list.findIndex(({ name }) => name === 'shared');
  assert.is(nodes.filter(([layer]) => layer === shared).length, 3);
  assert.is(list.length, new Set(list.map(({ name }) => name)).size);
  assert.not.ok(
    list.some(({ type }) => type === 'residual'),
    'a block is its layers',
  );
  assert.equal((outputs as number[]).length, 2);
  const loaded = await loadModel(bytes);
  assert.is(loaded.layers.length, model.layers.length);
  assert.equal(
    loaded.weights.map(({ name }) => name),
    model.weights.map(({ name }) => name),
  );
  const x = { a: numbers(32, 1), input: numbers(32, 2) };
  outputsOf(loaded, x).forEach((one, i) => {
    sameBits(one, outputsOf(model, x)[i], `output ${i}`);
  });
  for (const one of [model, loaded]) one.dispose();
});

test('a model loaded gives a list where the saved one did', async () => {
  const x = numbers(6, 1);
  for (const isList of [false, true]) {
    const a = input([3]);
    const h = layers.dense({ units: 2 }).apply(a);
    const outputs = isList ? [h] : h;
    const model = new Model({ inputs: a, outputs: outputs as typeof h });
    const loaded = await loadModel(model.toBytes());
    for (const one of [model, loaded]) {
      const result: Tensor | Tensor[] = one.predict(x);
      assert.is(Array.isArray(result), isList);
      for (const tensor of [result].flat()) tensor.dispose();
      one.dispose();
    }
  }
});

test('compiled and never trained, where saving needs more memory than there is', async () => {
  const build = () => {
    const inputs = input([300]);
    const model = new Model({ inputs, outputs: layers.dense({ units: 40000 }).apply(inputs) });
    model.compile({ optimizer: optimizers.adam(), loss: 'softmaxCrossEntropy' });
    return model;
  };
  const model = build();
  const [first] = model.weights;
  const expected = Float32Array.from(first.tensor.data);
  // Takes what other tests have left free.
  const held: Tensor[] = [];
  const before = memory().bytes;
  while (memory().bytes === before) held.push(Tensor.zeros([2 ** 16]));
  const { bytes } = memory();
  const file = model.toBytes();
  assert.ok(memory().bytes > bytes, 'memory grew');
  for (const tensor of held) tensor.dispose();
  sameBits(readSafetensors(file).tensors.get(first.name)?.data as Float32Array, expected, '');
  model.dispose();
});

const taken = () => ({ ...memory(), bytes: 0 });

test('graphs that are none: FormatError, and nothing left behind', async () => {
  const model = network();
  const bytes = model.toBytes();
  model.dispose();
  const { metadata, tensors } = readSafetensors(unsealed(bytes));
  const sound = topologyOf(bytes);
  const edited = (change: Partial<Record<keyof Topology, unknown>>) => {
    const topology = JSON.stringify({ ...sound, ...change });
    return writeSafetensors({ metadata: { ...metadata, model: topology }, tensors });
  };
  const nodes = (at: number, node: unknown) => ({
    nodes: sound.nodes.map((one, i) => (i === at ? node : one)),
  });
  const withLayer = (at: number, change: object) => ({
    layers: sound.layers.map((one, i) => (i === at ? { ...one, ...change } : one)),
  });
  const [[layer]] = sound.nodes;
  const { name } = sound.layers[layer];
  const last = sound.inputs.length + sound.nodes.length - 1;
  const add = sound.nodes.findIndex(([one]) => sound.layers[one].type === 'add');
  const bad: [Partial<Record<keyof Topology, unknown>>, ...string[]][] = [
    [nodes(0, [layer, [last]]), 'cycle', `'${name}'`, `${last}`],
    [nodes(0, [layer, [2]]), 'cycle', `'${name}' reads tensor 2`],
    [nodes(0, [layer, [99]]), 'gap', '99'],
    [nodes(0, [layer, [-1]]), '-1'],
    [nodes(0, [layer, [0.5]]), '0.5'],
    [nodes(0, [99, [0]]), 'damaged'],
    [nodes(0, [layer, [0, 1]]), name, 'one input', 'received 2'],
    [nodes(add, [sound.nodes[add][0], [0]]), 'at least two inputs'],
    [nodes(add, [sound.nodes[add][0], [0, 2]]), 'same shape', '[4, 4, 2]', '[4, 4, 3]'],
    [nodes(0, null), 'damaged'],
    [{ nodes: [] }, 'list of outputs', `${(sound.outputs as number[])[0]}`],
    [{ outputs: [] }, 'outputs must not be empty'],
    [{ outputs: 99 }, 'outputs reads tensor 99'],
    [{ outputs: [last, last] }, 'twice'],
    [{ outputs: null }, 'outputs'],
    [{ inputs: [...sound.inputs, { name: 'b', shape: [1] }] }, 'damaged'],
    [{ inputs: sound.inputs.slice(1) }, 'reads tensor'],
    [{ inputs: sound.inputs.map((one) => ({ ...one, name: 'a' })) }, "two inputs are called 'a'"],
    [{ inputs: sound.inputs.map((one) => ({ ...one, shape: [5, 5, 1] })) }, '[3, 3, 2, 3]'],
    [{ inputs: sound.inputs.map((one) => ({ ...one, shape: [4, 4, 1e6] })) }, 'shared/kernel'],
    [{ inputs: sound.inputs.map((one) => ({ ...one, shape: [4, 4, 1e9] })) }, '4 GiB'],
    [withLayer(0, { type: 'swirl' }), "'swirl'", 'loadModel(bytes, { layers'],
    [withLayer(0, { type: 'input' }), "'input'"],
    [withLayer(0, { name: sound.layers[1].name }), 'two layers are called', sound.layers[1].name],
    [withLayer(0, { name: 'other' }), "no 'other/kernel'"],
    [withLayer(0, { options: {} }), 'filters'],
    [{ layers: [] }, 'damaged'],
    [{ layers: undefined }, 'damaged'],
  ];
  const before = taken();
  for (const [change, ...parts] of bad) {
    await rejects(() => loadModel(edited(change)), FormatError, 'loadModel', ...parts);
    assert.equal(taken(), before, `memory is left behind: ${parts}`);
  }
  (await loadModel(edited({}))).dispose();
});

test.run();
