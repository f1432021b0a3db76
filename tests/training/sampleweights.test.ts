// How much rows count: weights by sample and by class, and the goal that is made of them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { naming } from '../../src/base/naming.js';
import { ShapeError, Tensor, ValueError } from '../../src/index.js';
import { emitGoal } from '../../src/lowering/objective.js';
import { checkLoss } from '../../src/operators/loss/loss.emit.js';
import { Emitter } from '../../src/program/emitter.js';
import { withProgram } from '../../src/program/plan.js';
import { RowWeights, type WeightOptions } from '../../src/training/sampleweights.js';
import { Intake } from '../../src/training/source.js';
import { close } from '../helpers/close.js';
import { rejects, tiny } from '../helpers/models.js';
import { numbers } from '../helpers/random.js';
import * as refLoss from '../helpers/reference/loss.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

const crossEntropy = checkLoss('softmaxCrossEntropy');
type Targets = Parameters<Intake['target']>[1];

const intake = new Intake(tiny().engine('fit'), 'fit');

/** Weights of all rows of all samples; undefined where none are asked for. */
function weightsOf(
  options: WeightOptions,
  y: Targets,
  outputShape: number[],
  count: number,
  loss = crossEntropy,
) {
  const targets = intake.target('y', y, outputShape, loss, count);
  const output = { name: 'y', shape: outputShape };
  const [source] = naming('fit', () => new RowWeights(options).sources([targets], [output]));
  if (!source) return undefined;
  assert.is(source.count, count);
  const all = new Float32Array(count * source.size + 2).fill(7);
  for (let i = 0; i < count; i++) source.copy(i, all, 1 + i * source.size);
  assert.equal([all[0], all.at(-1)], [7, 7], 'nothing else is written');
  return [...all.slice(1, -1)];
}

const y = [2, 0, 1, 2];
const oneHot = y.map((k) => [0, 1, 2].map((c) => Number(c === k)));

test('none, by sample, by class, by both', () => {
  const of = (options: WeightOptions) => {
    const [indices, dense] = [y, oneHot].map((targets) => weightsOf(options, targets, [3], 4));
    assert.equal(indices, dense, 'indices and one-hot rows');
    return indices;
  };
  assert.is(of({}), undefined);
  assert.equal(of({ sampleWeight: [1, 2, 0, 0.5] }), [1, 2, 0, 0.5]);
  assert.equal(of({ classWeight: [1, 2, 4] }), [4, 1, 2, 4]);
  assert.equal(of({ classWeight: { 2: 8 } }), [8, 1, 1, 8]);
  assert.equal(of({ classWeight: [1, 2, 4], sampleWeight: [1, 2, 0, 0.5] }), [4, 2, 0, 2]);
  const tensor = Tensor.from([1, 2, 3, 4]);
  assert.equal(of({ sampleWeight: tensor }), [1, 2, 3, 4]);
  tensor.dispose();
});

test('a sample with many rows: each by its class, all by their sample', () => {
  const labels = [
    [0, 1],
    [1, 1],
  ];
  const options = { classWeight: { 1: 3 }, sampleWeight: [2, 5] };
  assert.equal(weightsOf(options, labels, [2, 3], 2), [2, 6, 15, 15]);
  const dense = labels.map((row) => row.map((k) => [0, 1, 2].map((c) => Number(c === k))));
  assert.equal(weightsOf(options, dense, [2, 3], 2), [2, 6, 15, 15]);
});

test('a single output is of class 0 or 1', () => {
  const binary = checkLoss('binaryCrossEntropy');
  assert.equal(weightsOf({ classWeight: [1, 9] }, [0, 1, 1], [1], 3, binary), [1, 9, 9]);
});

test('sample weights go with any targets', () => {
  const shares = [
    [0.5, 0.5],
    [0.2, 0.9],
  ];
  assert.equal(weightsOf({ sampleWeight: [3, 4] }, shares, [2], 2), [3, 4]);
});

test('bad input', async () => {
  const bad =
    (options: object, targets: Targets = y) =>
    () =>
      weightsOf(options, targets, [3], 4);
  await rejects(bad({ sampleWeight: [1, 2] }), ShapeError, 'fit', 'sampleWeight', '[4]', '[2]');
  await rejects(bad({ sampleWeight: [[1, 2, 3, 4]] }), ShapeError, 'sampleWeight', '[1, 4]');
  await rejects(bad({ sampleWeight: [1, -2, 1, 1] }), ValueError, 'sampleWeight 1', '-2');
  await rejects(bad({ sampleWeight: [1, 1, 1, Number.NaN] }), ValueError, 'NaN');
  await rejects(bad({ sampleWeight: 'much' }), ValueError, 'sampleWeight must be a Tensor');
  await rejects(bad({ classWeight: [1, 2] }), ValueError, '2 numbers for 3 classes');
  await rejects(bad({ classWeight: { 3: 1 } }), ValueError, 'class 3', '0 to 2');
  await rejects(bad({ classWeight: { cat: 1 } }), ValueError, 'class cat');
  await rejects(bad({ classWeight: { 1: Number.POSITIVE_INFINITY } }), ValueError, 'Infinity');
  await rejects(bad({ classWeight: 2 }), ValueError, 'list or a record', '2');
  const soft = oneHot.map((row) => row.map((v) => 0.9 * v));
  const two = oneHot.map(() => [1, 1, 0]);
  const none = oneHot.map(() => [0, 0, 0]);
  for (const targets of [soft, two, none]) {
    await rejects(bad({ classWeight: [1, 1, 1] }, targets), ValueError, 'one-hot', 'sampleWeight');
  }
});

test('a weighted goal: loss and gradient by rows, metrics untouched', () => {
  const [rows, classes] = [67, 5];
  const logits = numbers(rows * classes, 1).map((v) => 4 * v);
  const labels = Int32Array.from({ length: rows }, (_, i) => (3 * i) % classes);
  const weights = numbers(rows, 2).map((v) => v + 1);
  const run = (weighted: boolean) => {
    const e = new Emitter();
    const x = e.input([rows, classes]);
    const goal = emitGoal(
      e,
      {
        loss: crossEntropy,
        weight: 1,
        metrics: [{ type: 'topK', name: 'accuracy', k: 1 }],
      },
      { x, activation: undefined, kind: 'labels', weighted },
    );
    e.output(goal.dx);
    return withProgram(backend(), e, 'a test', (program) => {
      const { float32, int32 } = backend().memory.views;
      float32.set(logits, x.resolve() / 4);
      int32.set(labels, goal.target.resolve() / 4);
      if (goal.weights) float32.set(weights, goal.weights.resolve() / 4);
      program.run();
      const read = (value: typeof x) =>
        float32.slice(value.resolve() / 4, value.resolve() / 4 + value.size);
      assert.is(goal.weights === undefined, !weighted);
      return [read(goal.loss), read(goal.dx), read(goal.metrics[0])];
    });
  };
  const [loss, dx, accuracy] = run(true);
  const [plain, , same] = run(false);
  const expected = refLoss.smoothedCrossEntropy(
    logits,
    ref.oneHot(labels, classes),
    classes,
    0,
    weights,
  );
  close(loss, [expected.loss], { rtol: 1e-5 });
  close(dx, expected.dx, { atol: 1e-6 });
  assert.not.equal(loss[0], plain[0]);
  assert.equal(accuracy, same);
});

test.run();
