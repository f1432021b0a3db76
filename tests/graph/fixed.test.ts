// What of models and layers cannot be changed behind their back: lists are frozen, and properties that nobody
// reads are refused.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  Layer,
  type LayerOptions,
  layers,
  loadModel,
  Model,
  Sequential,
  type Shape,
  ValueError,
} from '../../src/index.js';
import { rejects } from '../helpers/models.js';
import '../helpers/start.js';

/** As JavaScript sees it. */
type Loose = Record<string, unknown>;
const loose = (layer: Layer): Loose => layer as unknown as Loose;

const small = () =>
  new Sequential([layers.dense({ units: 3 }), layers.dropout({ rate: 0.5 })], { inputShape: [2] });

test('lists of a model are frozen: nothing can be taken out that the file would lack', () => {
  const model = small();
  const [first] = model.layers;
  const { inputs, outputs, inputNames, outputNames, weights } = model;
  const lists = { layers: model.layers, inputs, outputs, inputNames, outputNames, weights };
  for (const [name, list] of Object.entries({ ...lists, parameters: first.parameters })) {
    assert.throws(() => (list as unknown[]).pop(), TypeError, name);
    assert.throws(() => (list as unknown[]).push(0), TypeError, name);
  }
  assert.is(model.layers.length, 2);
  model.dispose();
});

test('what a file tells of a layer stays what the layer was made with: options, lists in them, name', async () => {
  const kernelSize: [number, number] = [3, 3];
  const padding: [[number, number], [number, number]] = [
    [1, 1],
    [0, 0],
  ];
  const conv = layers.conv2d({ filters: 2, kernelSize, padding });
  kernelSize[0] = 1;
  padding[0][0] = 7;
  const model = new Sequential([conv], { inputShape: [4, 4, 1], seed: 1 });
  const options = conv.options as unknown as { filters: number; padding: number[][] };
  for (const change of [
    () => Object.assign(options, { filters: 9 }),
    () => options.padding.pop(),
    () => options.padding[1].push(1),
    () => Object.assign(conv, { name: 'other' }),
  ])
    assert.throws(change, TypeError);
  const loaded = await loadModel(model.toBytes());
  assert.equal(loaded.outputShape, [4, 2, 2]);
  assert.is(loaded.layers[0].name, 'conv2d');
  loaded.dispose();
  model.dispose();
});

test("Keras's properties of layers, and options of a layer that is made, are refused and say what there is", async () => {
  const model = small();
  const [dense, dropout] = model.layers.map(loose);
  const set = (layer: Loose, word: string, value: unknown) => () => {
    layer[word] = value;
  };
  await rejects(set(dense, 'trainableWeights', []), ValueError, 'dense', 'trainable,');
  await rejects(set(dense, 'kernelConstraint', 'nonneg'), ValueError, 'dense', 'clipValue');
  await rejects(set(dense, 'units', 4), ValueError, 'dense', 'units', 'make another layer');
  await rejects(set(dense, 'activation', 'relu'), ValueError, 'dense', 'activation', 'another');
  await rejects(set(dropout, 'rate', 0.1), ValueError, 'dropout', 'rate', 'another');
  assert.equal([dense.units, dense.activation, dropout.rate], [3, undefined, 0.5]);
  dense.trainable = false;
  assert.equal(Object.keys(dense).sort(), Object.keys(layers.dense({ units: 1 })).sort());
  model.dispose();
});

test('one of them that was set before the layer came to a model is refused there', async () => {
  const layer = layers.flatten();
  loose(layer).trainableWeights = [];
  await rejects(
    () => new Sequential([layer], { inputShape: [2, 2, 1] }),
    ValueError,
    'flatten',
    "'trainableWeights'",
  );
});

test("a layer of one's own keeps what its class has under such names", () => {
  class Scale extends Layer {
    rate: number;
    constructor(options: LayerOptions & { rate: number }) {
      super('scale', options, ['rate']);
      this.rate = options.rate;
    }
    shapeFor(shape: Shape): Shape {
      return shape;
    }
    emitForward(): never {
      throw new Error('not emitted');
    }
    emitBackward(): undefined {}
  }
  const layer = new Scale({ rate: 2 });
  layer.apply(input([3]));
  layer.rate = 3;
  assert.is(layer.rate, 3);
});

test('a residual block cannot come to hold itself', () => {
  const list: Layer[] = [layers.relu()];
  const block = layers.residual({ layers: list, shortcut: list });
  list.push(block);
  const inputs = input([4]);
  const model = new Model({ inputs, outputs: block.apply(inputs) });
  assert.equal(
    model.layers.map(({ type }) => type),
    ['relu', 'add', 'relu'],
  );
  model.dispose();
});

test.run();
