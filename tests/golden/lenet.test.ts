// LeNet-5 trained for twenty steps on one batch, against the same run in PyTorch (generate.py): the
// loss of every step, and the gradients of the first.

import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeOf } from '../../src/base/shape.js';
import { optimizers, Tensor, zoo } from '../../src/index.js';
import { close } from '../helpers/close.js';
import { numbers, random } from '../helpers/random.js';
import '../helpers/start.js';

interface Golden {
  batch: number;
  learningRate: number;
  momentum: number;
  kernels: number[][];
  losses: number[];
  gradientNorms: number[];
  deviation: { losses: number; gradientNorms: number };
}

const golden = JSON.parse(readFileSync(new URL('lenet.json', import.meta.url), 'utf8')) as Golden;

/**
 * The golden numbers are float64. PyTorch's own float32 run strays from them by `deviation`; ours
 * sums in another order, so may stray as far in another direction, and a few times as far by chance.
 */
const CHANCE = 4;

function lenet() {
  const model = zoo.lenet5();
  // Kernels uniform with variance 1 / fanIn (LeCun), biases in ±0.1; weight i has seed 100 + i.
  const shapes = golden.kernels.flatMap((kernel) => [kernel, kernel.slice(-1)]);
  assert.equal(
    model.weights.map(({ tensor }) => tensor.shape),
    shapes,
  );
  model.weights.forEach(({ tensor }, i) => {
    const fanIn = sizeOf(tensor.shape.slice(0, -1));
    const scale = tensor.shape.length === 1 ? 0.1 : Math.sqrt(3 / fanIn);
    tensor.data.set(numbers(tensor.size, 100 + i).map((x) => x * scale));
  });
  return model;
}

const norm = ({ data }: Tensor): number => Math.sqrt([...data].reduce((sum, x) => sum + x * x, 0));

test('LeNet-5 learns as it does in PyTorch', async () => {
  const { batch, learningRate, momentum, deviation } = golden;
  const model = lenet();
  model.compile({
    optimizer: optimizers.sgd({ learningRate, momentum }),
    loss: 'softmaxCrossEntropy',
  });
  const x = random([batch, 28, 28, 1], 1000);
  const y = Tensor.from(Int32Array.from({ length: batch }, (_, i) => (i * 7) % 10));
  const losses: number[] = [];
  for (const step of golden.losses.keys()) {
    const { loss } = await model.trainOnBatch(x, y);
    losses.push(loss);
    if (step > 0) continue;
    const norms = model.weights.map(({ gradient }) => norm(gradient as Tensor));
    close(
      norms,
      golden.gradientNorms,
      { rtol: CHANCE * deviation.gradientNorms },
      'gradient norms',
    );
  }
  close(losses, golden.losses, { atol: CHANCE * deviation.losses }, 'losses');
  model.dispose();
  x.dispose();
  y.dispose();
});

test.run();
