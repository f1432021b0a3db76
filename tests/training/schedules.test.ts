// Schedules: the rate of every step, by hand, and that training takes it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { losses, metrics, optimizers, schedules, ValueError } from '../../src/index.js';
import { type LearningRate, rateAt } from '../../src/operators/optimizer/rate.js';
import { close } from '../helpers/close.js';
import { compiled, rejects, samples, weightsOf } from '../helpers/models.js';
import '../helpers/start.js';

const rates = (rate: LearningRate, steps: number[]) => steps.map((step) => rateAt(rate, step));

test('a number stays', () => {
  assert.equal(rates(0.3, [0, 1, 1e6]), [0.3, 0.3, 0.3]);
});

test('step: multiplied after every so many', () => {
  const half = schedules.step({ initial: 0.8, every: 3, factor: 0.5 });
  assert.equal(rates(half, [0, 2, 3, 5, 6, 9]), [0.8, 0.8, 0.4, 0.4, 0.2, 0.1]);
  close(rates(schedules.step({ initial: 1, every: 10 }), [9, 10, 20]), [1, 0.1, 0.01], {
    rtol: 1e-15,
  });
});

test('cosine: half a wave down, then level', () => {
  const wave = schedules.cosine({ initial: 1, steps: 8, minimum: 0.2 });
  close(
    rates(wave, [0, 2, 4, 6, 8, 100]),
    [1, 0.6 + 0.4 * Math.SQRT1_2, 0.6, 0.6 - 0.4 * Math.SQRT1_2, 0.2, 0.2],
    { rtol: 1e-14 },
  );
  assert.is(rateAt(schedules.cosine({ initial: 1, steps: 5 }), 5), 0);
});

test('one cycle: up, down, then level', () => {
  const cycle = schedules.oneCycle({
    maximum: 1,
    steps: 11,
    warmupShare: 0.5,
    divide: 10,
    finalDivide: 10,
  });
  // Halfway up at 2.25 of 4.5, halfway down at 7.25 of 10; the top lies between steps.
  close(rates(cycle, [0, 10, 11, 1000]), [0.1, 0.01, 0.01, 0.01], { rtol: 1e-14 });
  const up = rates(cycle, [0, 1, 2, 3, 4]);
  const down = rates(cycle, [5, 6, 7, 8, 9, 10]);
  assert.ok(up.every((rate, i) => i === 0 || rate > up[i - 1]));
  assert.ok(down.every((rate, i) => i === 0 || rate < down[i - 1]));
  assert.ok(up[4] > 0.95 && down[0] > 0.95);
  // What PyTorch cannot say: a top that is a step of its own.
  assert.equal(rates(schedules.oneCycle({ maximum: 0.5, steps: 4, warmupShare: 0.25 }), [0, 3]), [
    0.5,
    0.5 / 25 / 1e4,
  ]);
});

test('warmup: a line up, then what follows counts from 0', () => {
  close(
    rates(schedules.warmup({ steps: 4, to: 0.8 }), [0, 1, 2, 3, 4, 50]),
    [0.2, 0.4, 0.6, 0.8, 0.8, 0.8],
    { rtol: 1e-15 },
  );
  const to = schedules.step({ initial: 1, every: 2, factor: 0.5 });
  assert.equal(
    rates(schedules.warmup({ steps: 2, to }), [0, 1, 2, 3, 4, 6]),
    [0.5, 1, 1, 1, 0.5, 0.25],
  );
});

test('schedules are plain data', () => {
  const rate = schedules.warmup({ steps: 3, to: schedules.cosine({ initial: 0.1, steps: 9 }) });
  assert.equal(JSON.parse(JSON.stringify(rate)), rate);
});

test('training takes the rate of each step', () => {
  const { x, y } = samples(16);
  const scheduled = compiled({
    rate: 0,
    optimizer: optimizers.sgd({
      learningRate: schedules.step({ initial: 0.1, every: 2, factor: 0 }),
    }),
  });
  const fixed = compiled({ rate: 0, optimizer: optimizers.sgd({ learningRate: 0.1 }) });
  const trained = ({ weights }: typeof fixed) =>
    Float32Array.from(weights.filter((w) => w.trainable).flatMap(({ tensor }) => [...tensor.data]));
  for (let i = 0; i < 2; i++) {
    scheduled.trainOnBatch(x, y);
    fixed.trainOnBatch(x, y);
    assert.equal(weightsOf(scheduled), weightsOf(fixed));
  }
  const before = trained(scheduled);
  scheduled.trainOnBatch(x, y);
  assert.equal(trained(scheduled), before, 'the third step has rate 0');
  scheduled.dispose();
  fixed.dispose();
});

test('bad values', async () => {
  const nan = Number.NaN;
  const bad: [() => unknown, ...string[]][] = [
    [() => schedules.step({ initial: 0.1, every: 0 }), 'schedules.step', 'every', '0'],
    [() => schedules.step({ initial: 0.1, every: -2 }), 'every', '-2'],
    [() => schedules.step({ initial: -1, every: 2 }), 'initial', '-1'],
    [() => schedules.step({ initial: nan, every: 2 }), 'initial', 'NaN'],
    [() => schedules.step({ initial: 0.1, every: 2, factor: nan }), 'factor', 'NaN'],
    [() => schedules.step({ initial: 0.1, every: 2, factor: -0.1 }), 'factor', '-0.1'],
    [
      () => schedules.cosine({ initial: Number.POSITIVE_INFINITY, steps: 2 }),
      'schedules.cosine',
      'initial',
      'Infinity',
    ],
    [() => schedules.cosine({ initial: 0.1, steps: nan }), 'steps', 'NaN'],
    [() => schedules.cosine({ initial: 0.1, steps: 5, minimum: -1 }), 'minimum', '-1'],
    [() => schedules.cosine({ initial: '0.1' as unknown as number, steps: 5 }), 'initial', '0.1'],
    [() => schedules.oneCycle({ maximum: -1, steps: 9 }), 'schedules.oneCycle', 'maximum', '-1'],
    [() => schedules.oneCycle({ maximum: 1, steps: 0 }), 'steps', '0'],
    [() => schedules.oneCycle({ maximum: 1, steps: 9, warmupShare: 1.1 }), 'warmupShare', '1.1'],
    [() => schedules.oneCycle({ maximum: 1, steps: 9, divide: 0 }), 'divide', '0'],
    [() => schedules.oneCycle({ maximum: 1, steps: 9, finalDivide: nan }), 'finalDivide', 'NaN'],
    [() => schedules.warmup({ steps: 0, to: 1 }), 'schedules.warmup', 'steps', '0'],
    [() => schedules.warmup({ steps: 3, to: -1 }), 'schedules.warmup: to', '-1'],
    [
      () => schedules.warmup({ steps: 3, to: undefined as unknown as number }),
      'schedules.step',
      'undefined',
    ],
    [() => optimizers.sgd({ learningRate: nan }), 'learningRate', 'NaN'],
    [() => optimizers.sgd({ learningRate: '0.1' as unknown as number }), 'learningRate', '0.1'],
    [
      () => optimizers.adam({ learningRate: { type: 'zigzag' } as unknown as number }),
      'zigzag',
      'schedules.cosine',
    ],
    [() => optimizers.adam({ beta1: 1 }), 'optimizers.adam', 'beta1', '1'],
    [() => optimizers.adamW({ weightDecay: -1 }), 'optimizers.adamW', 'weightDecay', '-1'],
    [() => optimizers.sgd({ momentum: nan }), 'optimizers.sgd', 'momentum', 'NaN'],
    [() => optimizers.rmsprop({ rho: 1 }), 'optimizers.rmsprop', 'rho', '1'],
    [() => optimizers.rmsprop({ momentum: 1 }), 'optimizers.rmsprop', 'momentum', '1'],
    [() => optimizers.rmsprop({ epsilon: -1 }), 'optimizers.rmsprop', 'epsilon', '-1'],
    [() => optimizers.adagrad({ epsilon: nan }), 'optimizers.adagrad', 'epsilon', 'NaN'],
    [() => optimizers.adagrad({ initialAccumulator: -1 }), 'initialAccumulator', '-1'],
    [() => optimizers.adagrad({ weightDecay: nan }), 'optimizers.adagrad', 'weightDecay', 'NaN'],
    [() => optimizers.sgd({ decay: 'biases' as 'all' }), "'kernels' or 'all'", 'biases'],
    [() => optimizers.sgd({ clipNorm: 0 }), 'optimizers.sgd', 'clipNorm', '0'],
    [() => optimizers.adam({ clipValue: nan }), 'optimizers.adam', 'clipValue', 'NaN'],
    [() => optimizers.adam({ clipValue: 1, clipNorm: 1 }), 'clipValue or clipNorm, not both'],
    [() => optimizers.adam({ averageDecay: 1 }), 'averageDecay', '1'],
    [() => losses.huber({ delta: -1 }), 'losses.huber', 'delta', '-1'],
    [() => losses.softmaxCrossEntropy({ labelSmoothing: 1 }), 'labelSmoothing', '1'],
    [() => losses.binaryCrossEntropy({ labelSmoothing: nan }), 'binaryCrossEntropy', 'NaN'],
    [() => metrics.precision({ class: -1 }), 'metrics.precision', 'class', '-1'],
    [() => metrics.f1({ average: 'micro' as 'macro' }), 'metrics.f1', 'macro', 'micro'],
    [() => metrics.f1({ average: 'macro', class: 1 }), 'metrics.f1', '{ class: k }'],
    [() => metrics.binaryAccuracy({ threshold: nan }), 'metrics.binaryAccuracy', 'NaN'],
  ];
  for (const [make, ...parts] of bad) await rejects(make, ValueError, ...parts);
});

test.run();
