// Activation checkpointing: less memory, the same bits. And memory as it is told before it is taken.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Layer,
  layers,
  type Model,
  memory,
  NumericError,
  optimizers,
  Sequential,
} from '../../src/index.js';
import { dataOf, listed, lossesFor, modelOf, type Plan, plans, stir } from '../helpers/graphs.js';
import { countOf, kernelsOf } from '../helpers/lowered.js';
import { otherBits, rejects, sameBits, weightsOf } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

const SAMPLES = 3;
const adam = optimizers.adam({ learningRate: 0.01 });

/** What training has left: weights with running statistics, and the last step's gradients. */
function left(model: Pick<Model, 'weights'>): Map<string, Float32Array> {
  return new Map(
    model.weights.flatMap(({ name, tensor, gradient }) => {
      const own: [string, Float32Array][] = [[name, Float32Array.from(tensor.data)]];
      if (gradient) own.push([`gradient of ${name}`, Float32Array.from(gradient.data)]);
      return own;
    }),
  );
}

/** A compiled model of a plan, in which half of what dropout layers take is dropped, with its data. */
function prepared(plan: Plan, activationCheckpointing: boolean) {
  const model = modelOf(plan, 0.5);
  const { x, aims } = dataOf(model, plan, SAMPLES);
  model.compile({ optimizer: adam, ...lossesFor(aims), activationCheckpointing });
  stir(model, plan.seed);
  return { model, x: listed(x), y: listed(aims.map(({ y }) => y as Float32Array)) };
}

/** Bytes taken since `before`. */
function since(before: ReturnType<typeof memory>): Record<string, number> {
  const now = memory();
  const uses = ['parameters', 'gradients', 'optimizer', 'activations'] as const;
  return Object.fromEntries(uses.map((use) => [use, now[use] - before[use]]));
}

test('random graphs: the same bits, and the memory that was told', () => {
  let less = 0;
  const check = (plan: Plan): void => {
    const results = [false, true].map((checkpointing) => {
      const before = memory();
      const { model, x, y } = prepared(plan, checkpointing);
      const { parameters, training, inference } = model.memory({ batchSize: SAMPLES });
      for (const one of [model.predict(x)].flat()) one.dispose();
      const { activations } = inference;
      const nothing = { gradients: 0, optimizer: 0 };
      assert.equal(since(before), { parameters, ...nothing, activations }, 'prediction');
      const losses = [0, 1].map(() => model.trainOnBatch(x, y).loss);
      const { gradients, optimizer } = training;
      // Of the programs that share it, the largest.
      const most = Math.max(training.activations, activations);
      assert.equal(since(before), { parameters, gradients, optimizer, activations: most });
      const after = left(model);
      model.dispose();
      assert.equal(since(before), { parameters: 0, ...nothing, activations: 0 });
      return { losses, after, activations: training.activations };
    });
    const [plain, checkpointed] = results;
    assert.equal(checkpointed.losses, plain.losses);
    for (const [name, expected] of plain.after)
      sameBits(checkpointed.after.get(name) as Float32Array, expected, name);
    if (checkpointed.activations < plain.activations) less++;
  };
  fc.assert(fc.property(plans(12), check), { seed: 7, numRuns: 80, includeErrorInReport: true });
  assert.ok(less > 20, `${less} of 80 took less memory`);
});

/** Residual blocks over [16, 16, 8], one after another. */
function deep(blocks: number): Sequential {
  const conv = () => layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', useBias: false });
  const block = (): Layer =>
    layers.residual({
      layers: [conv(), layers.batchNorm(), layers.relu(), conv(), layers.batchNorm()],
    });
  return new Sequential(
    [
      conv(),
      ...Array.from({ length: blocks }, block),
      layers.globalAvgPool2d(),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 3 }),
    ],
    { inputShape: [16, 16, 1], seed: 3, name: 'deep' },
  );
}

const x = numbers(4 * 256, 1);
const y = Int32Array.of(0, 1, 2, 1);
const loss = 'softmaxCrossEntropy';

test('a deep network takes less than half of the memory', () => {
  const [plain, checkpointed] = [false, true].map((activationCheckpointing) => {
    const model = deep(12);
    model.compile({ optimizer: adam, loss, activationCheckpointing });
    for (let step = 0; step < 3; step++) model.trainOnBatch(x, y);
    const result = { after: left(model), need: model.memory({ batchSize: 4 }) };
    model.dispose();
    return result;
  });
  for (const [name, expected] of plain.after)
    sameBits(checkpointed.after.get(name) as Float32Array, expected, name);
  const share = checkpointed.need.training.activations / plain.need.training.activations;
  assert.ok(share < 0.5, `${share}`);
  assert.equal(checkpointed.need.inference, plain.need.inference);
});

test('what backward needs is computed once more, and no running statistic moves twice', () => {
  const [plain, checkpointed] = [deep(12), deep(12)];
  plain.compile({ optimizer: adam, loss });
  checkpointed.compile({ optimizer: adam, loss, activationCheckpointing: true });
  const forward = countOf(plain, 'normApply')[0];
  assert.is(forward, 24);
  const again = countOf(checkpointed, 'normApply')[0] - forward;
  assert.ok(again > 12 && again < 24, `${again} of 24: all but the last segment`);
  assert.is(countOf(checkpointed, 'normRunning')[0], 24);
  assert.is(
    countOf(checkpointed, 'dropout')[0],
    countOf(plain, 'dropout')[0],
    'of the last segment nothing',
  );
  // What does not learn is computed once.
  for (const model of [plain, checkpointed])
    for (const layer of model.layers.slice(0, -1)) layer.trainable = false;
  assert.equal(kernelsOf(checkpointed), kernelsOf(plain));
  for (const model of [plain, checkpointed]) model.dispose();
});

test('a step that explodes names the layer and changes nothing; the next one goes on', async () => {
  const [model, other] = [deep(4), deep(4)];
  for (const one of [model, other])
    one.compile({ optimizer: adam, loss, activationCheckpointing: true });
  const norm = model.getLayer('batchNorm_3');
  const gamma = model.weights.find(({ name }) => name === `${norm.name}/gamma`)?.tensor.data;
  assert.ok(gamma);
  gamma[0] = 3e38;
  const before = weightsOf(model);
  const exploding = x.map((v) => v * 1e3);
  await rejects(() => model.trainOnBatch(exploding, y), NumericError, 'batchNorm_3', 'step 1');
  sameBits(weightsOf(model), before, 'weights');
  gamma[0] = 1;
  for (const one of [model, other]) one.trainOnBatch(x, y);
  const expected = left(other);
  for (const [name, values] of left(model)) sameBits(values, expected.get(name) as never, name);
  for (const one of [model, other]) one.dispose();
});

test('dropout drops the same when a segment is computed again', () => {
  const trained = (rate: number, activationCheckpointing: boolean) => {
    const dropped = () => [
      layers.dense({ units: 64, activation: 'tanh' }),
      layers.dropout({ rate }),
    ];
    const list = [...Array.from({ length: 6 }, dropped).flat(), layers.dense({ units: 3 })];
    const model = new Sequential(list, { inputShape: [64], seed: 3 });
    model.compile({ optimizer: adam, loss, activationCheckpointing });
    model.trainOnBatch(x.subarray(0, 256), y);
    const result = { weights: weightsOf(model), drops: countOf(model, 'dropout')[0] };
    model.dispose();
    return result;
  };
  const [plain, checkpointed] = [trained(0.5, false), trained(0.5, true)];
  assert.is(plain.drops, 12);
  assert.ok(checkpointed.drops > 12, `${checkpointed.drops} ops drop`);
  sameBits(checkpointed.weights, plain.weights, 'weights');
  otherBits(trained(0, true).weights, plain.weights, 'without dropout');
});

test.run();
