// What graphs say to bad input: typed errors that name tensors and layers, their shapes, and the way out.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  type Layer,
  layers,
  Model,
  Sequential,
  type Shape,
  ShapeError,
  type SymbolicTensor,
  ValueError,
} from '../../src/index.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

type Kind = abstract new (...args: never[]) => Error;

async function eachRejects(bad: readonly [() => unknown, Kind, ...string[]][]): Promise<void> {
  for (const [call, Kind, ...parts] of bad) await rejects(call, Kind, ...parts);
}

const wrong = <T>(value: unknown): T => value as T;
const dense = (units: number, name?: string): Layer =>
  layers.dense(name === undefined ? { units } : { units, name });

test('inputs and outputs that do not make a graph', async () => {
  const [a, b] = [input([3], { name: 'a' }), input([3], { name: 'b' })];
  const [ya, yb] = [dense(2, 'fa').apply(a), dense(2, 'fb').apply(b)];
  const both = layers.add().apply([ya, yb]);
  const model = (inputs: unknown, outputs: unknown) => () =>
    new Model({ inputs: wrong<SymbolicTensor>(inputs), outputs: wrong<SymbolicTensor>(outputs) });
  await eachRejects([
    [model(a, both), ValueError, 'model:', "depend on the input 'b'", 'not among the inputs'],
    [model([a, b], ya), ValueError, "no output depends on the input 'b'"],
    [model(ya, both), ValueError, "depend on the input 'b'"],
    [model([a, ya, b], both), ValueError, "no output depends on the input 'a'"],
    [model(a, a), ValueError, 'at least one layer'],
    [model([], ya), ValueError, 'inputs must not be empty'],
    [model(a, []), ValueError, 'outputs must not be empty'],
    [model([a, a], ya), ValueError, 'inputs is given twice'],
    [model(a, [ya, ya]), ValueError, 'outputs is given twice'],
    [model(a, undefined), ValueError, 'outputs', 'apply', 'undefined'],
    [model(null, ya), ValueError, 'inputs', 'input()', 'null'],
    [model([3], ya), ValueError, 'inputs', 'number'],
    [model(a, dense(2)), ValueError, 'outputs', 'not object'],
    [() => new Model(wrong<never>(a)), ValueError, 'new Model', 'inputs'],
    [() => new Model(wrong<never>({ inputs: a, output: ya })), ValueError, "'output'", 'outputs'],
    [() => new Model({ inputs: a, outputs: ya, seed: -1 }), ValueError, 'seed', '-1'],
    [() => input(wrong('big')), ShapeError, 'input', 'big'],
    [() => input([3, 0]), ShapeError, 'input', '[3, 0]'],
    [() => input([3], { name: 'a/b' }), ValueError, "without '/'"],
    [() => input([3], wrong({ title: 'a' })), ValueError, "'title'"],
  ]);
});

test('a cycle, which only somebody who writes into tensors can make', async () => {
  const a = input([3], { name: 'a' });
  const first = layers.add({ name: 'first' }).apply([a, a]);
  const second = dense(3, 'second').apply(first);
  const outputs = dense(3, 'third').apply(second);
  Object.defineProperty(first, 'inputs', { value: [a, second] });
  await rejects(() => new Model({ inputs: a, outputs }), ValueError, 'cycle', "'second'");
});

test('a graph of thousands of layers, and one whose paths are too many to walk', () => {
  let x = input([1]);
  const inputs = x;
  for (let i = 0; i < 5000; i++) x = layers.relu().apply(x);
  for (let i = 0; i < 60; i++) x = layers.add().apply([x, x]);
  const model = new Model({ inputs, outputs: x });
  assert.is(model.layers.length, 5060);
  model.dispose();
});

test('names that are there twice', async () => {
  const a = input([3], { name: 'a' });
  const twice = dense(2, 'same').apply(dense(2, 'same').apply(a));
  const [x1, x2] = [input([2], { name: 'x' }), input([2], { name: 'x' })];
  const sum = layers.add().apply([x1, x2]);
  // Each of them was called so by a model of its own.
  const towers = [1, 2].map(
    () => new Sequential([layers.dense({ units: 2 })], { inputShape: [3] }),
  );
  const joint = layers.add().apply(towers.map(({ outputs: [y] }) => y));
  const inputs = towers.map((tower) => tower.inputs[0]);
  await eachRejects([
    [() => new Model({ inputs: a, outputs: twice }), ValueError, "two layers are called 'same'"],
    [() => new Model({ inputs: [x1, x2], outputs: sum }), ValueError, "two inputs are called 'x'"],
    [
      () => new Model({ inputs, outputs: joint }),
      ValueError,
      "two layers are called 'dense'",
      'the option name sets them',
    ],
    [
      () => new Sequential([dense(2, 'same'), dense(2, 'same')], { inputShape: [3] }),
      ValueError,
      "two layers are called 'same'",
    ],
  ]);
  // A name that was given stays; others go round it.
  const model = new Sequential([dense(2), dense(2, 'dense'), dense(2)], { inputShape: [3] });
  assert.equal(
    model.layers.map(({ name }) => name),
    ['dense_1', 'dense', 'dense_2'],
  );
  for (const one of [model, ...towers]) one.dispose();
});

test('sums of what cannot be added: names and shapes of all', async () => {
  const a = input([4, 4, 2], { name: 'left' });
  const b = layers.conv2d({ filters: 3, kernelSize: 3, name: 'right' }).apply(a);
  const both = ["'left' [4, 4, 2]", "'right' [2, 2, 3]"];
  const flat = layers.flatten({ name: 'flat' }).apply(a);
  await eachRejects([
    [() => layers.add().apply([a, b]), ShapeError, 'add:', 'same shape', ...both],
    [() => layers.add({ name: 'sum' }).apply([a, a, b]), ShapeError, 'sum:', ...both],
    [() => layers.add().apply([a, flat]), ShapeError, "'left' [4, 4, 2] and 'flat' [32]"],
    [() => layers.add().apply(a), ShapeError, 'add:', 'at least two inputs', 'received 1'],
    [() => layers.add().apply([a]), ShapeError, 'at least two inputs', 'received 1'],
    [() => layers.add().apply([]), ShapeError, 'at least two inputs', 'received 0'],
    [
      () => layers.residual({ layers: [layers.maxPool2d()], name: 'block' }).apply(a),
      ShapeError,
      'block:',
      "'maxPool2d' [2, 2, 2] and 'left' [4, 4, 2]",
    ],
  ]);
});

test('apply to what is no tensor, or to too many', async () => {
  const a = input([4, 4, 2], { name: 'a' });
  const layer = layers.conv2d({ filters: 3, kernelSize: 3, name: 'conv' });
  const apply = (x: unknown) => () => layer.apply(wrong(x));
  const add =
    (...x: unknown[]) =>
    () =>
      layers.add().apply(wrong(x));
  await eachRejects([
    [apply(undefined), ValueError, 'conv:', 'input()', 'undefined'],
    [apply(null), ValueError, 'null'],
    [apply(new Float32Array(32)), ValueError, 'Float32Array'],
    [apply([4, 4, 2]), ValueError, 'Number'],
    [apply(layer), ValueError, 'Conv2d'],
    [apply([a, a]), ShapeError, 'conv:', 'one input', 'received 2'],
    [apply([]), ShapeError, 'one input', 'received 0'],
    [apply(layers.flatten().apply(a)), ShapeError, 'conv:', '[height, width, channels]', '[32]'],
    [add(a, 3), ValueError, 'add:', 'Number'],
    [() => layers.residual({ layers: [] }).apply(wrong(3)), ValueError, 'Number'],
    [() => layers.residual({ layers: [layer] }).apply(wrong('x')), ValueError, 'String'],
    [() => layers.residual({ layers: wrong(layer) }), ValueError, 'layers must be a list'],
    [() => layers.residual({ layers: [], shortcut: wrong([3]) }), ValueError, 'shortcut'],
    [() => layers.residual({ layers: [], activation: wrong('gelu') }), ValueError, 'gelu'],
  ]);
  // What was refused has left no trace.
  assert.equal(layer.apply(a).shape, [2, 2, 3]);
  assert.equal(layer.output.shape, [2, 2, 3]);
});

test('getLayer and output', async () => {
  const a = input([3], { name: 'a' });
  const [one, two] = [dense(3, 'one'), dense(3, 'two')];
  const outputs = two.apply(two.apply(one.apply(a)));
  const model = new Model({ inputs: a, outputs, name: 'm' });
  assert.is(model.getLayer('one'), one);
  assert.is(one.output.layer, one);
  await eachRejects([
    [() => model.getLayer('three'), ValueError, 'm:', "no layer 'three'", 'one, two'],
    [() => model.getLayer('a'), ValueError, "no layer 'a'"],
    [() => two.output, ValueError, "'two' was applied 2 times", 'keep what apply returns'],
    [() => dense(3, 'new').output, ValueError, "'new' was applied 0 times"],
  ]);
  model.dispose();
});

test('a layer whose weights are of another size', async () => {
  const conv = layers.conv2d({ filters: 4, kernelSize: 3, name: 'conv' });
  const norm = layers.batchNorm({ name: 'norm' });
  const flat = dense(2, 'flat');
  const apply = (layer: Layer, shape: Shape) => () => layer.apply(input(shape));
  conv.apply(input([5, 5, 2]));
  norm.apply(input([5, 5, 2]));
  flat.apply(input([8]));
  // Other sizes of the image need no other weights.
  assert.equal(apply(conv, [9, 7, 2])().shape, [7, 5, 4]);
  assert.equal(apply(norm, [2])().shape, [2]);
  await eachRejects([
    [
      apply(conv, [5, 5, 3]),
      ShapeError,
      'conv: its kernel is [3, 3, 2, 4]',
      '[5, 5, 3]',
      '[3, 3, 3, 4]',
    ],
    [apply(norm, [5, 5, 3]), ShapeError, 'norm: its gamma is [2]', '[3]', 'a layer of its own'],
    [apply(flat, [9]), ShapeError, 'flat: its kernel is [8, 2]', '[9, 2]'],
  ]);
  // Its weights are as they were.
  assert.equal(
    conv.parameters.map(({ shape }) => shape),
    [[3, 3, 2, 4], [4]],
  );
});

test('Sequential over layers of another model: the same weights, or an error about their size', async () => {
  const first = new Sequential([dense(4, 'one'), dense(2, 'two')], { inputShape: [3] });
  const [one, two] = first.layers;
  const second = new Sequential([one], { inputShape: [3], name: 'second' });
  assert.is(second.weights[0].tensor, first.weights[0].tensor);
  await rejects(() => new Sequential([two], { inputShape: [3] }), ShapeError, 'two', '[4, 2]');
  for (const model of [first, second]) model.dispose();
});

test.run();
