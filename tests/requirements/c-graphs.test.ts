// Requirements C that need graphs: concatenation and residual addition, deep networks with and without
// them, the memory that is told before a run, augmentation.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  callbacks,
  data,
  input,
  type Layer,
  layers,
  Model,
  memory,
  optimizers,
  ResNet,
  type SymbolicTensor,
} from '../../src/index.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

test('C1: response normalisation, concatenation, identity and deviation', () => {
  const x = input([8, 8, 4]);
  const conv = (filters: number) =>
    layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' });
  const cell = layers.concat().apply([conv(3).apply(x), conv(5).apply(x)]);
  const normed = layers.lrn({ size: 5 }).apply(cell);
  const block = layers.residual({ layers: [conv(8), conv(8)] }).apply(normed);
  const outputs = layers.dense({ units: 2 }).apply(layers.globalAvgPool2d().apply(block));
  const model = new Model({ inputs: x, outputs, seed: 1 });
  assert.equal(cell.shape, [8, 8, 8]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'softmaxCrossEntropy' });
  const samples = numbers(16 * 256, 1);
  const y = Int32Array.from({ length: 16 }, (_, i) => Number(samples[i * 256] > 0));
  const losses = Array.from({ length: 30 }, () => model.trainOnBatch(samples, y).loss);
  assert.ok(losses[29] < losses[0], `${losses[0]} → ${losses[29]}`);
  model.dispose();
});

/** 24 convolutions, every second one with a way past it, or none. */
function deep(residual: boolean): Model {
  const x = input([8, 8, 1]);
  const conv = (activation: 'relu' | 'linear' = 'relu'): Layer =>
    layers.conv2d({ filters: 6, kernelSize: 3, padding: 'same', activation });
  let y: SymbolicTensor = conv().apply(x);
  for (let i = 0; i < 12; i++) {
    y = residual
      ? layers.residual({ layers: [conv(), conv('linear')] }).apply(y)
      : conv().apply(conv().apply(y));
  }
  const outputs = layers.dense({ units: 2 }).apply(layers.globalAvgPool2d().apply(y));
  const model = new Model({ inputs: x, outputs, seed: 2 });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0.01 }), loss: 'softmaxCrossEntropy' });
  return model;
}

test('C3: in a deep plain net gradients vanish on the way down, in a residual one they do not', async () => {
  const samples = numbers(64 * 32, 3);
  const y = Int32Array.from({ length: 32 }, (_, i) => i % 2);
  const ratios: number[] = [];
  for (const residual of [false, true]) {
    const model = deep(residual);
    const norms = callbacks.gradientNorms({ print: () => {} });
    await model.fit(samples, y, { batchSize: 32, callbacks: norms });
    const first = norms.norms.conv2d[0];
    const last = norms.norms.conv2d_24[0];
    assert.is(Object.keys(norms.norms).length, 26, 'every layer that learns has its own');
    ratios.push(first / last);
    model.dispose();
  }
  const [plain, residual] = ratios;
  assert.ok(plain < 1e-2, `the first layer's gradient is ${plain} of the last one's`);
  assert.ok(residual > 0.1, `with ways past: ${residual}`);
});

test('C4: the memory that a model and a batch need is told before it runs', () => {
  const model = new ResNet({ depth: 20, seed: 1 });
  const before = memory();
  const need = model.memory({ batchSize: 4 });
  assert.equal(memory(), before, 'nothing is allocated');
  assert.ok(need.training.activations > 4 * need.inference.activations, 'training keeps values');
  model.compile({ optimizer: optimizers.sgd({ momentum: 0.9 }), loss: 'softmaxCrossEntropy' });
  model.trainOnBatch(numbers(4 * 3072, 1), [0, 1, 2, 3]);
  const now = memory();
  const grown = (use: 'parameters' | 'gradients' | 'optimizer' | 'activations') =>
    now[use] - before[use];
  assert.equal(
    [grown('parameters'), grown('gradients'), grown('optimizer'), grown('activations')],
    [need.parameters, need.training.gradients, need.training.optimizer, need.training.activations],
  );
  model.dispose();
});

test('C5: shifts, flips, rotation, scale, crop, illumination', () => {
  const image = Float32Array.from({ length: 81 }, (_, i) => Number(i % 9 === 2));
  const make = (options: Parameters<typeof data.augment>[0]) => {
    const out = new Float32Array(8 * 81);
    const set = new Float32Array(8 * 81);
    for (let i = 0; i < 8; i++) set.set(image, i * 81);
    const indices = Int32Array.from({ length: 8 }, (_, i) => i);
    data.augmentBatch(out, set, [9, 9, 1], data.augment(options), { epoch: 0, indices });
    return Array.from({ length: 8 }, (_, i) => out.subarray(81 * i, 81 * (i + 1)));
  };
  const column = (one: Float32Array) => one.subarray(36, 45).indexOf(1);
  assert.ok(make({ shift: [0, 2] }).every((one) => column(one) >= 0 && column(one) <= 4));
  const flipped = make({ flip: 'horizontal' }).map(column);
  assert.equal([...new Set(flipped)].sort(), [2, 6]);
  const cropped = make({ crop: { padding: [0, 1] } }).map(column);
  assert.ok(cropped.every((at) => at >= 1 && at <= 3) && new Set(cropped).size > 1);
  for (const options of [
    { rotate: 30 },
    { scale: [1.2, 1.5] as const },
    { brightness: 0.3 },
    { contrast: 0.5 },
  ]) {
    const made = make(options);
    assert.ok(
      made.some((one) => one.some((v, i) => Math.abs(v - image[i]) > 0.05)),
      JSON.stringify(options),
    );
    assert.ok(
      made[0].some((v, i) => v !== made[1][i]),
      'each sample in its own way',
    );
  }
});

test.run();
