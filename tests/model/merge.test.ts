// Layers that merge, and layers that are several: what they compute, and their gradients by differences.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  input,
  layers,
  loadModel,
  Model,
  ops,
  optimizers,
  Sequential,
  ShapeError,
  type SymbolicTensor,
  ValueError,
} from '../../src/index.js';
import { close } from '../helpers/close.js';
import { predictions, rejects, sameBits } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const SAMPLES = 3;

/** Compares gradients with differences of the loss, which f32 gives to some digits. */
function gradcheck(model: Model, what: string): void {
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
  const count = (shape: readonly number[]) => SAMPLES * shape.reduce((a, b) => a * b, 1);
  const x = numbers(count(model.inputShape), 5);
  const y = numbers(count(model.outputShape), 6);
  const loss = () => model.trainOnBatch(x, y).loss;
  loss();
  const found = model.weights.map(({ gradient }) => Float32Array.from(gradient?.data ?? []));
  model.weights.forEach(({ tensor, trainable, name }, w) => {
    if (!trainable) return;
    for (let i = 0; i < tensor.size; i += Math.ceil(tensor.size / 5)) {
      const kept = tensor.data[i];
      const at = (h: number) => {
        tensor.data[i] = kept + h;
        return loss();
      };
      const H = 1 / 64;
      const slope = (at(H) - at(-H)) / (2 * H);
      tensor.data[i] = kept;
      close([found[w][i]], [slope], { atol: 2e-4, rtol: 2e-2 }, `${what}: ${name}[${i}]`);
    }
  });
  assert.ok(
    found.every((g) => g.length === 0 || g.some((v) => Math.abs(v) > 1e-5)),
    what,
  );
}

const image = [5, 4, 3] as const;
const conv = (filters: number, name: string) =>
  layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'tanh', name });

/** A model over an image. */
function modelOf(f: (x: SymbolicTensor) => SymbolicTensor): Model {
  const inputs = input([...image]);
  return new Model({ inputs, outputs: f(inputs), seed: 4 });
}

const networks: Record<string, (x: SymbolicTensor) => SymbolicTensor> = {
  concat: (x) =>
    conv(2, 'last').apply(layers.concat().apply([conv(5, 'a').apply(x), x, conv(1, 'b').apply(x)])),
  'the same tensor twice': (x) => {
    const a = conv(3, 'a').apply(x);
    return conv(2, 'last').apply(layers.concat().apply([a, a]));
  },
  multiply: (x) =>
    conv(2, 'last').apply(layers.multiply().apply([conv(5, 'a').apply(x), conv(5, 'b').apply(x)])),
  'a square': (x) => {
    const a = conv(5, 'a').apply(x);
    return conv(2, 'last').apply(layers.multiply().apply([a, a]));
  },
  'squeeze and excitation': (x) => {
    const y = conv(6, 'a').apply(x);
    const squeezed = layers.globalAvgPool2d().apply(y);
    const gate = layers.dense({ units: 6, activation: 'sigmoid', name: 'gate' }).apply(squeezed);
    return conv(2, 'last').apply(layers.multiply().apply([y, gate]));
  },
  'a gate of three dimensions': (x) => {
    const y = conv(6, 'a').apply(x);
    const pooled = layers
      .reshape({ targetShape: [1, 1, 6] })
      .apply(layers.globalAvgPool2d().apply(y));
    return layers.multiply().apply([y, pooled]);
  },
  subtract: (x) => layers.subtract().apply([conv(2, 'a').apply(x), conv(2, 'b').apply(x)]),
  average: (x) =>
    layers.average().apply([conv(2, 'a').apply(x), conv(2, 'b').apply(x), conv(2, 'c').apply(x)]),
  dot: (x) => {
    const flat = (name: string) => layers.flatten().apply(conv(2, name).apply(x));
    return layers.dot().apply([flat('a'), flat('b')]);
  },
  separableConv2d: (x) =>
    layers
      .separableConv2d({
        filters: 4,
        kernelSize: 3,
        depthMultiplier: 2,
        padding: 'same',
        activation: 'tanh',
        name: 'both',
      })
      .apply(x),
  residual: (x) =>
    layers
      .residual({
        layers: [conv(3, 'a'), layers.conv2d({ filters: 4, kernelSize: 1, name: 'b' })],
        shortcut: [layers.conv2d({ filters: 4, kernelSize: 1, name: 'past' })],
        activation: 'linear',
      })
      .apply(x),
};
for (const [name, network] of Object.entries(networks)) {
  test(`gradients: ${name}`, () => {
    const model = modelOf(network);
    gradcheck(model, name);
    model.dispose();
  });
}

test('concat and multiply are their ops', () => {
  const x = numbers(SAMPLES * 60, 5);
  const [a, b] = [conv(5, 'a'), conv(2, 'b')];
  const both = modelOf((from) => layers.concat().apply([a.apply(from), b.apply(from)]));
  const parts = [a, b].map((layer) => new Model({ inputs: both.inputs, outputs: layer.output }));
  const [ya, yb] = parts.map((part) => part.predict(x));
  const joined = ops.concat([ya, yb]);
  sameBits(predictions(both, x), joined.data, 'concat');
  const square = new Model({
    inputs: both.inputs,
    outputs: layers.multiply().apply([a.output, a.output]),
  });
  const expected = ops.multiply(ya, ya);
  sameBits(predictions(square, x), expected.data, 'multiply');
  for (const one of [ya, yb, joined, expected, both, square, ...parts]) one.dispose();
});

/** One sample of each kind of merge, by hand; equal numbers among them. */
const byHand: [keyof typeof layers, number[][], number[]][] = [
  [
    'subtract',
    [
      [5, 2, 3, -1],
      [1, 2, 7, 1],
    ],
    [4, 0, -4, -2],
  ],
  [
    'average',
    [
      [5, 2, 3, -1],
      [1, 2, 7, 1],
      [0, -1, 2, 3],
    ],
    [2, 1, 4, 1],
  ],
  [
    'maximum',
    [
      [5, 2, 3, -1],
      [1, 2, 7, 1],
      [0, -1, 2, 3],
    ],
    [5, 2, 7, 3],
  ],
  [
    'minimum',
    [
      [5, 2, 3, -1],
      [1, 2, 7, 1],
      [0, -1, 2, 3],
    ],
    [0, -1, 2, -1],
  ],
  [
    'dot',
    [
      [5, 2, 3, -1],
      [1, 2, 7, 1],
    ],
    [29],
  ],
];
for (const [type, values, expected] of byHand) {
  test(`${type} by hand, saved and loaded`, async () => {
    const inputs = values.map((_, i) => input([4], { name: `x${i}` }));
    const layer = (layers[type] as () => ReturnType<typeof layers.add>)();
    const model = new Model({ inputs, outputs: layer.apply(inputs) });
    const x = values.map((one) => Float32Array.from([...one, ...one.map((v) => 2 * v)]));
    const y = model.predict(x);
    const doubled = expected.map((v) => (type === 'dot' ? 4 * v : 2 * v));
    assert.equal([...y.data], [...expected, ...doubled]);
    const loaded = await loadModel(model.toBytes());
    const again = loaded.predict(x);
    sameBits(again.data as Float32Array, y.data as Float32Array, type);
    for (const one of [model, loaded, y, again]) one.dispose();
  });
}

test('of equal numbers the first has the gradient, as in TensorFlow', () => {
  for (const type of ['maximum', 'minimum'] as const) {
    const [a, b] = [layers.dense({ units: 2, name: 'a' }), layers.dense({ units: 2, name: 'b' })];
    const x = input([1]);
    const outputs = layers[type]().apply([a.apply(x), b.apply(x)]);
    const model = new Model({ inputs: x, outputs });
    for (const { tensor } of model.weights) tensor.data.fill(1);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'meanSquaredError' });
    model.trainOnBatch([[1]], [[0, 0]]);
    const [ka, , kb] = model.weights.map(({ gradient }) => [...(gradient?.data ?? [])]);
    assert.equal(
      [ka, kb],
      [
        [2, 2],
        [0, 0],
      ],
      type,
    );
    model.dispose();
  }
});

test('a separable convolution is its two parts', () => {
  const options = { padding: 'same', strides: 2, paddingMode: 'reflect' } as const;
  const separable = new Sequential(
    [layers.separableConv2d({ filters: 4, kernelSize: 3, ...options, activation: 'relu' })],
    { inputShape: image, seed: 1 },
  );
  const apart = new Sequential(
    [
      layers.depthwiseConv2d({ kernelSize: 3, ...options, useBias: false }),
      layers.conv2d({ filters: 4, kernelSize: 1, activation: 'relu' }),
    ],
    { inputShape: image, seed: 1 },
  );
  assert.equal(
    separable.weights.map(({ name, tensor }) => [name, tensor.shape]),
    apart.weights.map(({ name, tensor }) => [name, tensor.shape]),
  );
  const x = numbers(60, 2);
  assert.equal(predictions(separable, x), predictions(apart, x));
  const named = layers.separableConv2d({ filters: 1, kernelSize: 1, name: 'mine' });
  const model = new Sequential([named], { inputShape: image });
  assert.equal(
    model.layers.map(({ name }) => name),
    ['mine_depthwise', 'mine'],
  );
  for (const one of [separable, apart, model]) one.dispose();
});

test('bad input', async () => {
  const x = input([...image], { name: 'picture' });
  const small = layers.maxPool2d({ name: 'half', dimRoundingMode: 'floor' }).apply(x);
  const apply =
    (layer: keyof typeof layers, ...tensors: SymbolicTensor[]) =>
    () =>
      (layers[layer] as () => ReturnType<typeof layers.add>)().apply(tensors);
  await rejects(apply('concat', x, small), ShapeError, "'picture' [5, 4, 3]", "'half' [2, 2, 3]");
  await rejects(apply('add', x, small), ShapeError, "'picture' [5, 4, 3]", "'half' [2, 2, 3]");
  await rejects(apply('multiply', x, small), ShapeError, "'picture'", "'half'");
  for (const kind of ['subtract', 'average', 'maximum', 'minimum'] as const) {
    await rejects(apply(kind, x, small), ShapeError, kind, 'same shape', "'half' [2, 2, 3]");
  }
  await rejects(apply('subtract', x, x, x), ShapeError, 'subtracts one');
  await rejects(apply('dot', x, x), ShapeError, 'dot', '[features]', 'flatten', '[5, 4, 3]');
  await rejects(apply('multiply', x, x, x), ShapeError, 'two inputs');
  const bad = (options: object) => () =>
    layers.separableConv2d({ filters: 2, kernelSize: 3, ...options });
  await rejects(bad({ filters: 0 }), ValueError, 'filters', '0');
  await rejects(bad({ depthMultiplier: 0.5 }), ValueError, 'depthMultiplier');
  await rejects(bad({ groups: 2 }), ValueError, 'separableConv2d', "'groups'");
  const residual = (options: object) => () => layers.residual({ layers: [], ...options });
  await rejects(residual({ layers: 'conv' }), ValueError, 'layers.residual', 'list of layers');
  await rejects(residual({ activation: 'tanh' }), ValueError, 'activation', 'tanh');
  const uneven = layers.residual({ layers: [layers.conv2d({ filters: 2, kernelSize: 1 })] });
  await rejects(() => uneven.apply(x), ShapeError, 'same shape');
  const cut = () => layers.identityShortcut({ filters: 2 }).apply(x);
  await rejects(cut, ShapeError, '3 channels cannot become 2');
});

test.run();
