// The reference itself: every backward against central differences of its own forward, in f64.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eachCase } from '../helpers/cases.js';
import { dot, gradcheck } from '../helpers/gradcheck.js';
import { numbers } from '../helpers/random.js';
import { activations } from '../helpers/reference/activation.js';
import { gateBackward, gated } from '../helpers/reference/gate.js';
import * as refLoss from '../helpers/reference/loss.js';
import { rbf, rbfBackward } from '../helpers/reference/rbf.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

const kernels = [
  [1, 1],
  [2, 2],
  [3, 3],
  [2, 3],
  [3, 1],
] as const;
const pairs = [
  [1, 1],
  [2, 2],
  [1, 2],
  [3, 2],
] as const;

function eachWindow(
  count: number,
  use: (g: ref.Geometry, what: string, seed: number) => void,
): void {
  eachCase(
    count,
    5,
    (pick) => ({
      shape: [pick([1, 2]), pick([3, 4, 5, 6]), pick([3, 5, 7]), pick([2, 4])] as const,
      kernel: pick(kernels),
      strides: pick(pairs),
      dilation: pick([
        [1, 1],
        [1, 1],
        [2, 1],
        [2, 3],
      ] as const),
      padding: pick([
        'valid',
        'same',
        1,
        [0, 1],
        [
          [1, 0],
          [0, 2],
        ],
      ] as const),
      dimRoundingMode: pick(['floor', 'ceil'] as const),
    }),
    (c, seed) => use(ref.geometry(c), JSON.stringify(c), seed),
  );
}

test('conv2d', () => {
  eachWindow(25, (g, what, seed) => {
    for (const groups of [1, 2]) {
      const filters = 4;
      const x = numbers(ref.inputPixels(g) * g.channels, seed);
      const w = numbers((ref.taps(g) * g.channels * filters) / groups, seed + 1);
      const dy = numbers(ref.outputPixels(g) * filters, seed + 2);
      const bias = numbers(filters, seed + 3);
      const of = (x: ArrayLike<number>, w: ArrayLike<number>, b: ArrayLike<number> = bias) =>
        dot(dy, ref.conv2d(x, w, b, g, filters, groups));
      gradcheck(
        (v) => of(v, w),
        x,
        ref.conv2dBackwardInput(dy, w, g, filters, groups),
        `${what}: dx`,
      );
      gradcheck(
        (v) => of(x, v),
        w,
        ref.conv2dBackwardFilter(x, dy, g, filters, groups),
        `${what}: dw`,
      );
      gradcheck((v) => of(x, w, v), bias, ref.sumRows(dy, filters), `${what}: db`);
    }
  });
});

test('im2col', () => {
  eachWindow(25, (g, what, seed) => {
    const x = numbers(ref.inputPixels(g) * g.channels, seed);
    const d = numbers(ref.outputPixels(g) * ref.taps(g) * g.channels, seed + 1);
    gradcheck((v) => dot(d, ref.im2col(v, g)), x, ref.col2im(d, g), what);
  });
});

test('pooling', () => {
  eachWindow(25, (g, what, seed) => {
    // Windows that hold nothing are no pooling; neither is dilation.
    if (g.before[0] >= g.kernel[0] || g.before[1] >= g.kernel[1] || g.dilation[0] > 1) return;
    const x = numbers(ref.inputPixels(g) * g.channels, seed);
    const dy = numbers(ref.outputPixels(g) * g.channels, seed + 1);
    gradcheck(
      (v) => dot(dy, ref.maxPool2d(v, g).y),
      x,
      ref.maxPool2dBackward(dy, x, g),
      `${what}: max`,
    );
    gradcheck(
      (v) => dot(dy, ref.avgPool2d(v, g)),
      x,
      ref.avgPool2dBackward(dy, g),
      `${what}: average`,
    );
    // Away from 0, where |x|ᵖ has no third derivative.
    const away = x.map((v) => v + Math.sign(v) * 0.2);
    for (const p of [1, 2, 3.5]) {
      gradcheck(
        (v) => dot(dy, ref.lpPool2d(v, p, g)),
        away,
        ref.lpPool2dBackward(dy, away, p, g),
        `${what}: p = ${p}`,
      );
    }
  });
});

test('batch normalisation', () => {
  for (const [rows, channels] of [
    [2, 1],
    [5, 3],
    [17, 4],
  ]) {
    const [x, dy] = [numbers(rows * channels, 1), numbers(rows * channels, 2)];
    const [gamma, beta] = [numbers(channels, 3), numbers(channels, 4)];
    const of = (x: ArrayLike<number>, gamma: ArrayLike<number>, beta: ArrayLike<number>) => {
      const { mean, variance } = ref.moments(x, channels);
      return dot(dy, ref.batchNorm(x, gamma, beta, mean, variance, 1e-3));
    };
    const { dx, dgamma, dbeta } = ref.batchNormBackward(dy, x, gamma, 1e-3);
    gradcheck((v) => of(v, gamma, beta), x, dx, `${rows}×${channels}: dx`);
    gradcheck((v) => of(x, v, beta), gamma, dgamma, `${rows}×${channels}: dgamma`);
    gradcheck((v) => of(x, gamma, v), beta, dbeta, `${rows}×${channels}: dbeta`);
  }
});

test('activations', () => {
  const x = numbers(64, 1).map((v) => v * 5);
  const dy = numbers(64, 2);
  for (const [name, { f, slope }] of Object.entries(activations)) {
    gradcheck(
      (v) => dot(dy, v.map(f)),
      x,
      dy.map((d, i) => d * slope(x[i])),
      name,
    );
  }
});

test('gates', () => {
  const [batch, pixels, channels] = [2, 5, 3];
  const size = batch * pixels * channels;
  const [x, dy, gate] = [numbers(size, 1), numbers(size, 2), numbers(batch * channels, 3)];
  const of = (x: ArrayLike<number>, gate: ArrayLike<number>) =>
    dot(dy, gated(x, gate, pixels, channels));
  gradcheck((v) => of(v, gate), x, gated(dy, gate, pixels, channels), 'dx');
  gradcheck((v) => of(x, v), gate, gateBackward(dy, x, pixels, channels), 'dgate');
});

test('radial basis functions', () => {
  const [rows, features, units] = [3, 5, 4];
  const [x, kernel] = [numbers(rows * features, 1), numbers(features * units, 2)];
  const dy = numbers(rows * units, 3);
  const of = (x: ArrayLike<number>, kernel: ArrayLike<number>) =>
    dot(dy, rbf(x, kernel, features, units));
  const { dx, dkernel } = rbfBackward(dy, x, kernel, features, units);
  gradcheck((v) => of(v, kernel), x, dx, 'dx');
  gradcheck((v) => of(x, v), kernel, dkernel, 'dkernel');
});

test('softmax and losses', () => {
  for (const [rows, classes] of [
    [1, 1],
    [2, 3],
    [5, 7],
  ]) {
    const x = numbers(rows * classes, 1).map((v) => v * 4);
    const [dy, t] = [numbers(rows * classes, 2), numbers(rows * classes, 3)];
    const what = `${rows}×${classes}`;
    gradcheck(
      (v) => dot(dy, ref.softmax(v, classes)),
      x,
      ref.softmaxBackward(dy, x, classes),
      `${what}: softmax`,
    );
    gradcheck(
      (v) => ref.softmaxCrossEntropy(v, t, classes).loss,
      x,
      ref.softmaxCrossEntropy(x, t, classes).dx,
      `${what}: cross-entropy`,
    );
    gradcheck(
      (v) => ref.meanSquaredError(v, t).loss,
      x,
      ref.meanSquaredError(x, t).dx,
      `${what}: squared error`,
    );
  }
});

test('losses with smoothing and weights', () => {
  const [rows, columns] = [5, 7];
  const x = numbers(rows * columns, 1).map((v) => v * 4);
  const t = numbers(rows * columns, 2)
    .map(Math.round)
    .map(Math.abs);
  const weights = numbers(rows, 3).map((v) => v + 1);
  const kinds = {
    squared: refLoss.squaredError,
    absolute: refLoss.absoluteError,
    huber: refLoss.huber(0.7),
    hinge: refLoss.hinge,
    binary: refLoss.binaryCrossEntropy(0.1),
  };
  for (const [name, kind] of Object.entries(kinds)) {
    const of = (v: ArrayLike<number>) => refLoss.elementLoss(kind, v, t, columns, weights);
    gradcheck((v) => of(v).loss, x, of(x).dx, name);
  }
  const of = (v: ArrayLike<number>) => refLoss.smoothedCrossEntropy(v, t, columns, 0.1, weights);
  gradcheck((v) => of(v).loss, x, of(x).dx, 'cross-entropy');
});

test('gradcheck can fail', () => {
  // uvu's throws lets its own assertions through, so they are caught by hand.
  let failed = false;
  try {
    gradcheck((v) => dot(v, v), [1, 2], [2, 4.0001], 'wrong on purpose');
  } catch {
    failed = true;
  }
  assert.ok(failed);
});

test.run();
