// Losses and their gradients.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { losses, ops, Tensor } from '../../src/index.js';
import { emitLoss, type Loss, targetOf } from '../../src/operators/loss/loss.emit.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { numbers, random } from '../helpers/random.js';
import * as refLoss from '../helpers/reference/loss.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

/** Around a task of 64 rows, and around vectors. */
const rowCounts = [1, 2, 63, 64, 65, 129];
const classCounts = [1, 2, 3, 4, 5, 7, 8, 9, 17, 1000];

/** Class indices, any of them. */
const labelsOf = (rows: number, classes: number, seed: number): Int32Array =>
  Int32Array.from(numbers(rows, seed), (v) => Math.floor(((v + 1) / 2) * classes));

function checkCrossEntropy(
  x: Tensor,
  target: Tensor,
  dense: ArrayLike<number>,
  what: string,
): void {
  const classes = x.shape.at(-1) as number;
  const rows = x.size / classes;
  const { loss, dlogits } = ops.softmaxCrossEntropy(x, target);
  const expected = ref.softmaxCrossEntropy(x.data, dense, classes);
  // A row's loss is at most 12 + ln(classes) < 19 for each unit of target, which sums to at most
  // √classes in these tests; rounding of exp's argument (up to 12) adds a few steps.
  const weight = Math.max(1, Math.sqrt(classes));
  close(
    [loss],
    [expected.loss],
    { atol: 19 * weight * 4 * 2 ** -24 + summation(classes, 1) },
    `${what}: loss`,
  );
  const atol = (weight * (16 * 2 ** -24 + summation(classes, 1))) / rows;
  close(dlogits.data, expected.dx, { atol }, `${what}: gradient`);
  free(dlogits);
}

test('softmax cross-entropy with indices', () => {
  poison();
  for (const rows of rowCounts) {
    for (const classes of classCounts) {
      const x = random([rows, classes], rows + classes, 6);
      const labels = labelsOf(rows, classes, 2);
      const dense = ref.oneHot(labels, classes);
      const [whole, floats] = [Tensor.from(labels), Tensor.from(Float32Array.from(labels))];
      checkCrossEntropy(x, whole, dense, `${rows}×${classes}`);
      checkCrossEntropy(x, floats, dense, `${rows}×${classes}, float labels`);
      free(x, whole, floats);
    }
  }
});

test('softmax cross-entropy with dense targets', () => {
  poison();
  for (const rows of rowCounts) {
    for (const classes of classCounts) {
      const x = random([rows, classes], rows + classes, 6);
      // One-hot, and weights that sum to anything, negative ones too.
      const oneHot = Tensor.from(ref.oneHot(labelsOf(rows, classes, 3), classes), [rows, classes]);
      const any = random([rows, classes], 4);
      checkCrossEntropy(x, oneHot, oneHot.data, `${rows}×${classes}, one-hot`);
      checkCrossEntropy(x, any, any.data, `${rows}×${classes}, weights`);
      free(x, oneHot, any);
    }
  }
});

test('indices and their one-hot rows give the same', () => {
  const x = random([65, 10], 1, 5);
  const labels = labelsOf(65, 10, 2);
  const [a, b] = [Tensor.from(labels), Tensor.from(ref.oneHot(labels, 10), [65, 10])];
  const [by, dense] = [ops.softmaxCrossEntropy(x, a), ops.softmaxCrossEntropy(x, b)];
  close([by.loss], [dense.loss], { rtol: 2 ** -22 }, 'loss');
  close(by.dlogits.data, dense.dlogits.data, { atol: 2 ** -28 }, 'gradient');
  free(x, a, b, by.dlogits, dense.dlogits);
});

test('extreme logits', () => {
  const cases: [number[], number, number][] = [
    [[1e4, -1e4], 0, 0],
    [[1e4, -1e4], 1, 2e4],
    [[-1e4, -1e4], 0, Math.log(2)],
    [[1e4, 1e4], 1, Math.log(2)],
    [[1e4, 9999], 0, Math.log(1 + Math.exp(-1))],
    // A sure answer: ln(1 + e⁻¹⁵) is near f32's last digit of 1, and far above the last of 20.
    [[20, 5], 0, Math.log(1 + Math.exp(-15))],
    [[3e38, 0], 0, 0],
  ];
  for (const [logits, label, loss] of cases) {
    for (const dense of [false, true]) {
      const x = Tensor.from(logits, [1, 2]);
      const target = dense
        ? Tensor.from(ref.oneHot([label], 2), [1, 2])
        : Tensor.from(Int32Array.of(label));
      const what = `${JSON.stringify(logits)}, label ${label}, ${dense ? 'dense' : 'index'}`;
      const { loss: actual, dlogits } = ops.softmaxCrossEntropy(x, target);
      close([actual], [loss], { rtol: 2 ** -22, atol: 2 ** -23 }, what);
      const expected = ref.softmaxCrossEntropy(x.data, ref.oneHot([label], 2), 2).dx;
      close(dlogits.data, expected, { atol: 2 ** -22 }, `${what}: gradient`);
      free(x, target, dlogits);
    }
  }
});

test('NaN in one row makes the loss NaN, and leaves the other rows their gradient', () => {
  const x = Tensor.from([Number.NaN, 0, 0, 0], [2, 2]);
  const labels = Tensor.from(Int32Array.of(0, 0));
  const { loss, dlogits } = ops.softmaxCrossEntropy(x, labels);
  assert.ok(Number.isNaN(loss));
  close(dlogits.data.slice(2), [-0.25, 0.25], {}, 'second row');
  free(x, labels, dlogits);
});

test('labels of images', () => {
  const [x, labels] = [random([2, 3, 4, 5], 1), labelsOf(24, 5, 2)];
  const target = Tensor.from(labels, [2, 3, 4]);
  checkCrossEntropy(x, target, ref.oneHot(labels, 5), 'per pixel');
  free(x, target);
});

test('mean squared error', () => {
  poison();
  for (const shape of [[1], [2], [3], [4], [5], [7, 9], [64, 1], [65, 3], [129, 17], [300, 301]]) {
    const [x, t] = [random(shape, 1), random(shape, 2)];
    const { loss, dprediction } = ops.meanSquaredError(x, t);
    const expected = ref.meanSquaredError(x.data, t.data);
    // A sum of positive numbers in four lanes grows as it goes: √(size/4) roundings of its own size.
    close([loss], [expected.loss], { rtol: summation(x.size / 4, 1) + 2 ** -22 }, `${shape}`);
    close(
      dprediction.data,
      expected.dx,
      { rtol: 2 ** -22, atol: 2 ** -23 / x.size },
      `${shape}: gradient`,
    );
    free(x, t, dprediction);
  }
});

/** A loss as training has it, with weights of rows where they are given. */
function take(
  loss: Loss,
  x: Tensor,
  target: Tensor,
  weights?: Tensor,
): { loss: number; dx: Float32Array; rows: Float32Array } {
  const rows = x.size / (x.shape.at(-1) as number);
  const [mean, dx, each] = compute([[1], x.shape, [rows]], (e, vMean, vdx, vLosses) => {
    const into = { mean: vMean, dx: vdx, losses: vLosses };
    const given = targetOf(target, target.dtype === 'int32');
    emitLoss(e, loss, into, asValue(x), given, { weights: weights && asValue(weights) });
  });
  const copy = (t: Tensor) => Float32Array.from(t.data);
  const result = { loss: mean.data[0], dx: copy(dx), rows: copy(each) };
  free(mean, dx, each);
  return result;
}

test('softmax cross-entropy with smoothing and weights, indices and dense', () => {
  poison();
  for (const rows of rowCounts) {
    for (const classes of classCounts) {
      const x = random([rows, classes], rows + classes, 6);
      const labels = Tensor.from(labelsOf(rows, classes, 2));
      const dense = Tensor.from(numbers(rows * classes, 3).map(Math.abs), [rows, classes]);
      const weights = Tensor.from(numbers(rows, 4).map((v) => v + 1));
      const oneHot = ref.oneHot(labels.data, classes);
      for (const labelSmoothing of [0, 0.1, 0.75]) {
        for (const w of [undefined, weights]) {
          const loss = losses.softmaxCrossEntropy({ labelSmoothing });
          for (const [target, rowsOf] of [
            [labels, oneHot] as const,
            [dense, dense.data] as const,
          ]) {
            const actual = take(loss, x, target, w);
            const expected = refLoss.smoothedCrossEntropy(
              x.data,
              rowsOf,
              classes,
              labelSmoothing,
              w?.data,
            );
            const what = `${rows}×${classes}, ${labelSmoothing}, ${target.dtype}, ${w ? 'weights' : ''}`;
            // Weights are at most 2, a row's targets sum to at most `classes`; else as above.
            const most = 2 * (target === dense ? classes : 1);
            const atol = most * (16 * 2 ** -24 + summation(classes, 1));
            close([actual.loss], [expected.loss], { atol: 19 * atol }, `${what}: loss`);
            close(actual.dx, expected.dx, { atol: atol / rows }, `${what}: gradient`);
          }
        }
      }
      free(x, labels, dense, weights);
    }
  }
});

const elementLosses: [name: string, Loss, refLoss.ElementLoss, targets: (v: number) => number][] = [
  ['squared', losses.meanSquaredError(), refLoss.squaredError, (v) => v],
  ['absolute', losses.meanAbsoluteError(), refLoss.absoluteError, (v) => v],
  ['huber', losses.huber(), refLoss.huber(1), (v) => v],
  ['huber of 0.3', losses.huber({ delta: 0.3 }), refLoss.huber(0.3), (v) => v],
  ['hinge', losses.hinge(), refLoss.hinge, (v) => (v > 0 ? 1 : -1)],
  ['hinge of classes', losses.hinge(), refLoss.hinge, (v) => (v > 0 ? 1 : 0)],
  ['binary', losses.binaryCrossEntropy(), refLoss.binaryCrossEntropy(), (v) => (v > 0 ? 1 : 0)],
  ['binary of shares', losses.binaryCrossEntropy(), refLoss.binaryCrossEntropy(), Math.abs],
  [
    'binary, smoothed',
    losses.binaryCrossEntropy({ labelSmoothing: 0.2 }),
    refLoss.binaryCrossEntropy(0.2),
    (v) => (v > 0 ? 1 : 0),
  ],
];

for (const [name, loss, reference, targets] of elementLosses) {
  test(`${name}: rows, columns, weights`, () => {
    poison();
    for (const rows of rowCounts) {
      for (const columns of [1, 2, 3, 4, 5, 7, 8, 9, 17]) {
        const x = random([rows, columns], rows + columns, 3);
        const t = Tensor.from(numbers(x.size, 2).map(targets), [rows, columns]);
        const weights = Tensor.from(numbers(rows, 4).map((v) => v + 1));
        for (const w of [undefined, weights]) {
          const actual = take(loss, x, t, w);
          const expected = refLoss.elementLoss(reference, x.data, t.data, columns, w?.data);
          const what = `${rows}×${columns}${w ? ', weights' : ''}`;
          // Sums of positive numbers, each right to a few steps.
          const rtol = summation(x.size, 1) + 8 * 2 ** -24;
          close([actual.loss], [expected.loss], { rtol }, `${what}: loss`);
          // A slope is the difference of numbers up to 4, and counts up to 2.
          const atol = (2 * 4 * 4 * 2 ** -24) / x.size;
          close(actual.dx, expected.dx, { rtol: 8 * 2 ** -24, atol }, `${what}: gradient`);
        }
        free(x, t, weights);
      }
    }
  });
}

test('weights of 0 leave a row out, and count in the divisor all the same', () => {
  const [x, labels] = [random([3, 4], 1), Tensor.from(Int32Array.of(1, 2, 3))];
  const weights = Tensor.from([1, 0, 2]);
  const loss = losses.softmaxCrossEntropy();
  const [plain, weighted] = [take(loss, x, labels), take(loss, x, labels, weights)];
  assert.equal([...weighted.rows], [plain.rows[0], 0, 2 * plain.rows[2]]);
  assert.equal([...weighted.dx.slice(4, 8)].map(Math.abs), [0, 0, 0, 0]);
  close([weighted.loss], [(plain.rows[0] + 2 * plain.rows[2]) / 3], { rtol: 2 ** -22 });
  free(x, labels, weights);
});

test('binary cross-entropy of extreme logits', () => {
  const cases: [x: number, t: number, loss: number, slope: number][] = [
    [200, 1, 0, 0],
    [200, 0, 200, 1],
    [-200, 0, 0, 0],
    [-200, 1, 200, -1],
    [3e38, 1, 0, 0],
    [0, 0, Math.LN2, 0.5],
    [0, 1, Math.LN2, -0.5],
    // Sure and right: the loss keeps its digits far below f32's last one of 1.
    [20, 1, Math.log1p(Math.exp(-20)), -Math.exp(-20)],
    [-30, 0, Math.log1p(Math.exp(-30)), Math.exp(-30)],
    [9, 1, Math.log1p(Math.exp(-9)), -1 / (1 + Math.exp(9))],
  ];
  for (const [logit, right, expected, slope] of cases) {
    const [x, t] = [Tensor.from([logit], [1, 1]), Tensor.from([right], [1, 1])];
    const { loss, dx } = take(losses.binaryCrossEntropy(), x, t);
    close([loss], [expected], { rtol: 2 ** -21 }, `logit ${logit}, target ${right}`);
    close(dx, [slope], { rtol: 2 ** -22, atol: 2 ** -23 }, `logit ${logit}: gradient`);
    free(x, t);
  }
});

test('kinks: no pull from a perfect answer, nor from beyond the margin', () => {
  const slopeOf = (loss: Loss, logit: number, right: number): number => {
    const [x, t] = [Tensor.from([logit], [1, 1]), Tensor.from([right], [1, 1])];
    const { dx } = take(loss, x, t);
    free(x, t);
    return dx[0];
  };
  assert.is(slopeOf(losses.meanAbsoluteError(), 0.5, 0.5), 0);
  assert.is(slopeOf(losses.huber(), 0.5, 0.5), 0);
  assert.is(slopeOf(losses.hinge(), 1, 1), 0);
  assert.is(slopeOf(losses.hinge(), 0.999, 1), -1);
  assert.is(slopeOf(losses.hinge(), -1.5, 0), 0);
  assert.is(slopeOf(losses.hinge(), -0.5, 0), 1);
});

test('NaN in an output makes every loss NaN', () => {
  for (const [name, loss] of elementLosses) {
    const [x, t] = [Tensor.from([0, Number.NaN, 1], [1, 3]), Tensor.from([1, 1, 0], [1, 3])];
    assert.ok(Number.isNaN(take(loss, x, t).loss), name);
    free(x, t);
  }
});

test.run();
