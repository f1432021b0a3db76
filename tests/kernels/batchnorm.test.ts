// Batch normalisation: statistics, both forwards, and the gradient, alone and with ReLU.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import {
  normBackward,
  normInference,
  normTraining,
} from '../../src/operators/norm/batchnorm.emit.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { sameBits } from '../helpers/models.js';
import { random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

/** Around pairs of lines, which are 2·deep rows: deep·channels is at least 128 floats and divisible by 8. */
const rowCounts = [1, 2, 3, 5, 15, 16, 17, 127, 129, 256, 257, 1300];
const channels = [...Array.from({ length: 33 }, (_, i) => i + 1), 64, 100];
/** Several parts and tasks; lines that pairs of vectors do not fill; channels in several blocks. */
const larger: readonly [rows: number, channels: number][] = [
  [40001, 3],
  [6000, 17],
  [3001, 64],
  [301, 301],
  [9, 2041],
  [40, 4100],
];

/** Normal numbers have size 1, sums of n of them √n: what summation() takes for n numbers' mean. */
const meanOf = (n: number) => summation(n, Math.sqrt(n)) / n;

function eachSize(use: (rows: number, c: number, what: string) => void): void {
  for (const rows of rowCounts) for (const c of channels) use(rows, c, `${rows}×${c}`);
  for (const [rows, c] of larger) use(rows, c, `${rows}×${c}`);
}

test('training: statistics and output', () => {
  poison();
  eachSize((rows, c, what) => {
    const [x, gamma, beta] = [random([rows, c], rows + c, 3), random([c], 2), random([c], 3)];
    const { y, mean, variance } = ops.batchNormTraining(x, { gamma, beta });
    const expected = ref.moments(x.data, c);
    // Sums are of x less the first row, up to twice as large as x, which is up to 3.
    const atol = 6 * meanOf(rows) + 3 * 2 ** -24;
    close(mean.data, expected.mean, { atol }, `${what}: mean`);
    close(
      variance.data,
      expected.variance,
      { atol: 6 * atol, rtol: 2 ** -21 },
      `${what}: variance`,
    );
    const wanted = ref.batchNorm(
      x.data,
      gamma.data,
      beta.data,
      expected.mean,
      expected.variance,
      1e-3,
    );
    // Two rows may lie close together: their σ is small, and x − mean has lost digits of x.
    const sigma = Math.sqrt(Math.min(...expected.variance) + 1e-3);
    close(y.data, wanted, { atol: (6 * atol) / Math.min(1, sigma ** 2) + 2 ** -22 }, what);
    free(x, gamma, beta, y, mean, variance);
  });
});

test('inference', () => {
  poison();
  eachSize((rows, c, what) => {
    const [x, gamma, beta, mean] = [
      random([rows, c], 1),
      random([c], 2),
      random([c], 3),
      random([c], 4),
    ];
    const variance = Tensor.from(random([c], 5).data.map((v) => v + 1.01));
    for (const epsilon of [1e-3, 1e-5]) {
      const y = ops.batchNorm(x, { gamma, beta, mean, variance, epsilon });
      const expected = ref.batchNorm(
        x.data,
        gamma.data,
        beta.data,
        mean.data,
        variance.data,
        epsilon,
      );
      // x − mean, the scale's four operations, the product and the sum, of numbers up to 2·gamma/σ + 1 ≤ 21.
      close(
        y.data,
        expected,
        { atol: 21 * 2 ** -24, rtol: 2 ** -21 },
        `${what}, epsilon ${epsilon}`,
      );
      free(y);
    }
    free(x, gamma, beta, mean, variance);
  });
});

test('backward', () => {
  poison();
  eachSize((rows, c, what) => {
    const [x, dy, gamma] = [
      random([rows, c], rows + c),
      random([rows, c], rows + c + 1),
      random([c], 3),
    ];
    const beta = Tensor.zeros([c]);
    const { y, mean, variance } = ops.batchNormTraining(x, { gamma, beta });
    const { dx, dgamma, dbeta } = ops.batchNormBackward(dy, x, { gamma, mean, variance });
    const expected = ref.batchNormBackward(dy.data, x.data, gamma.data, 1e-3);
    const sigma = Math.min(1, Math.sqrt(Math.min(...ref.moments(x.data, c).variance) + 1e-3));
    const sums = summation(rows, Math.sqrt(rows));
    close(dbeta.data, expected.dbeta, { atol: sums }, `${what}: dbeta`);
    close(dgamma.data, expected.dgamma, { atol: (2 * sums) / sigma ** 2 }, `${what}: dgamma`);
    // dy/σ, and two means over rows of what dbeta and dgamma are sums of; σ² where x − mean lost digits.
    close(
      dx.data,
      expected.dx,
      { atol: (4 * sums) / rows / sigma ** 3 + 2 ** -22 / sigma },
      `${what}: dx`,
    );
    free(x, dy, gamma, beta, y, mean, variance, dx, dgamma, dbeta);
  });
});

/** A training step's normalisation with ReLU, in both directions, as one; dx overwrites dy. */
function withRelu(x: Tensor, dy: Tensor, gamma: Tensor, beta: Tensor): Record<string, Tensor> {
  const dx = Tensor.from(dy.data as Float32Array, dy.shape);
  const c = gamma.shape;
  const size = { rows: x.size / c[0], channels: c[0], epsilon: 1e-3, rectify: true };
  const [y, mean, variance, dgamma, dbeta] = compute(
    [x.shape, c, c, c, c],
    (e, vy, vm, vv, dg, db) => {
      const moments = { mean: vm, variance: vv };
      const from = { x: asValue(x), gamma: asValue(gamma), beta: asValue(beta) };
      normTraining(e, { y: vy, ...moments }, from, size);
      const into = { dx: asValue(dx), dgamma: dg, dbeta: db };
      normBackward(e, into, into.dx, { ...from, ...moments }, size);
    },
  );
  return { y, mean, variance, dx, dgamma, dbeta };
}

/** The same by ops of their own. */
function reluApart(x: Tensor, dy: Tensor, gamma: Tensor, beta: Tensor): Record<string, Tensor> {
  const { y: z, mean, variance } = ops.batchNormTraining(x, { gamma, beta });
  const y = ops.relu(z);
  const dz = ops.reluBackward(dy, y);
  const gradients = ops.batchNormBackward(dz, x, { gamma, mean, variance });
  free(z, dz);
  return { y, mean, variance, ...gradients };
}

const floats = ({ data }: Tensor): Float32Array => data as Float32Array;

test('with ReLU: the bits of both apart, forward and backward', () => {
  poison();
  eachSize((rows, c, what) => {
    const [x, dy, gamma, beta] = [
      random([rows, c], rows + c, 3),
      random([rows, c], rows + c + 1),
      random([c], 2),
      random([c], 3),
    ];
    // Outputs of 0 itself, and of −0.
    if (rows > 1) [gamma.data[0], beta.data[0]] = [0, rows % 2 ? 0 : -0];
    const [actual, expected] = [withRelu(x, dy, gamma, beta), reluApart(x, dy, gamma, beta)];
    for (const name of Object.keys(expected))
      sameBits(floats(actual[name]), floats(expected[name]), `${what}: ${name}`);
    const [vx, vg, vb, mean, variance] = [x, gamma, beta, expected.mean, expected.variance].map(
      asValue,
    );
    const from = { x: vx, gamma: vg, beta: vb, mean, variance };
    const size = { rows, channels: c, epsilon: 1e-3, rectify: true };
    const [z] = compute([x.shape], (e, vz) => normInference(e, vz, from, size));
    const linear = ops.batchNorm(x, {
      gamma,
      beta,
      mean: expected.mean,
      variance: expected.variance,
    });
    const inferred = ops.relu(linear);
    sameBits(floats(z), floats(inferred), `${what}: inference`);
    free(x, dy, gamma, beta, z, linear, inferred);
    free(...Object.values(actual), ...Object.values(expected));
  });
});

test('with ReLU: NaN passes in both directions, and stays in its channel', () => {
  const [x, dy, gamma, beta] = [
    random([40, 5], 1),
    random([40, 5], 2),
    random([5], 3),
    random([5], 4),
  ];
  x.data[3 * 5 + 2] = Number.NaN;
  const [actual, expected] = [withRelu(x, dy, gamma, beta), reluApart(x, dy, gamma, beta)];
  for (const name of Object.keys(expected)) {
    close(floats(actual[name]), floats(expected[name]), {}, name);
    floats(actual[name]).forEach((v, i) => {
      assert.is(Number.isNaN(v), i % 5 === 2 && name !== 'dbeta', `${name}: element ${i} is ${v}`);
    });
  }
  free(x, dy, gamma, beta, ...Object.values(actual), ...Object.values(expected));
});

test('one row: all deviations are zero', () => {
  const [x, dy, gamma, beta] = [
    random([1, 5], 1, 1e4),
    random([1, 5], 2),
    random([5], 3),
    random([5], 4),
  ];
  const { y, mean, variance } = ops.batchNormTraining(x, { gamma, beta });
  assert.equal([...mean.data], [...x.data]);
  assert.equal([...variance.data], [0, 0, 0, 0, 0]);
  assert.equal([...y.data], [...beta.data]);
  const { dx, dgamma, dbeta } = ops.batchNormBackward(dy, x, { gamma, mean, variance });
  close(dx.data, [0, 0, 0, 0, 0], {}, 'dx');
  close(dgamma.data, [0, 0, 0, 0, 0], {}, 'dgamma');
  assert.equal([...dbeta.data], [...dy.data]);
  free(x, dy, gamma, beta, y, mean, variance, dx, dgamma, dbeta);
});

test('a mean of 1e4 beside a deviation of 1', () => {
  for (const rows of [256, 257, 2000, 20000]) {
    for (const c of [1, 4, 5]) {
      const what = `${rows}×${c}`;
      // Uniform numbers have variance ⅓.
      const x = Tensor.from(
        random([rows, c], 7, Math.sqrt(3)).data.map((v) => v + 1e4),
        [rows, c],
      );
      const [gamma, beta, dy] = [
        Tensor.from(new Float32Array(c).fill(1)),
        Tensor.zeros([c]),
        random([rows, c], 8),
      ];
      const { y, mean, variance } = ops.batchNormTraining(x, { gamma, beta });
      const expected = ref.moments(x.data, c);
      // f32 has steps of 2⁻¹⁰ at 1e4: the mean cannot be nearer than half of one, and each chunk's mean
      // is rounded the same way. E[x²] − mean² would be wrong by 1e8·2⁻²⁴ = 6; here only those
      // roundings are felt, beside distances of 1/16 between the means of chunks.
      const step = 2 ** -10;
      close(mean.data, expected.mean, { atol: step }, `${what}: mean`);
      close(
        variance.data,
        expected.variance,
        { rtol: rows > 256 ? step / 8 : 1e-6 },
        `${what}: variance`,
      );
      const wanted = ref.batchNorm(
        x.data,
        gamma.data,
        beta.data,
        expected.mean,
        expected.variance,
        1e-3,
      );
      close(y.data, wanted, { atol: 1.1 * step }, what);
      const { dx, dgamma, dbeta } = ops.batchNormBackward(dy, x, { gamma, mean, variance });
      const gradient = ref.batchNormBackward(dy.data, x.data, gamma.data, 1e-3);
      // An error of the mean enters dgamma = Σ dy·(x − mean)/σ with Σ dy, and x̂ of dx with 1.
      const total = Math.max(...gradient.dbeta.map(Math.abs));
      close(
        dgamma.data,
        gradient.dgamma,
        { atol: 1.1 * step * total + summation(rows, 2 * Math.sqrt(rows)) },
        `${what}: dgamma`,
      );
      const slope = Math.max(...gradient.dgamma.map(Math.abs));
      close(
        dx.data,
        gradient.dx,
        { atol: (1.2 * step * (total + slope)) / rows + 2 ** -21 },
        `${what}: dx`,
      );
      free(x, gamma, beta, dy, y, mean, variance, dx, dgamma, dbeta);
    }
  }
});

test('hundreds of parts, at a mean of 1e4', () => {
  const [rows, c, splits, epsilon] = [20000, 8, 200, 1e-3];
  const x = Tensor.from(
    random([rows, c], 9, Math.sqrt(3)).data.map((v) => v + 1e4),
    [rows, c],
  );
  const gamma = Tensor.from(new Float32Array(c).fill(1));
  const [mean, variance] = compute([[c], [c], [c]], (e, vm, vv, scale) => {
    const partials = e.value([splits, 2, c]);
    e.emit('normStatistics', { partials, x: asValue(x), rows, channels: c, splits });
    const into = { mean: vm, variance: vv, scale };
    const of = { partials, gamma: asValue(gamma), rows, channels: c, splits, epsilon };
    e.emit('normMerge', { ...into, ...of });
  });
  const expected = ref.moments(x.data, c);
  // A step of f32, however many parts; rounding the mean to it with each of them would be felt.
  close(mean.data, expected.mean, { atol: 2 ** -10 }, 'mean');
  close(variance.data, expected.variance, { rtol: 2 ** -13 }, 'variance');
  free(x, gamma, mean, variance);
});

test('channels that are constant', () => {
  const x = Tensor.from(new Float32Array(600 * 3).fill(0.1), [600, 3]);
  const [gamma, beta] = [Tensor.from([1, 1, 1]), random([3], 1)];
  const { y, mean, variance } = ops.batchNormTraining(x, { gamma, beta });
  assert.equal([...variance.data], [0, 0, 0]);
  assert.equal([...mean.data], [...x.data.slice(0, 3)]);
  close(
    y.data,
    Array.from({ length: 1800 }, (_, i) => beta.data[i % 3]),
    {},
    'y',
  );
  free(x, gamma, beta, y, mean, variance);
});

test('images are rows of channels', () => {
  const [x, gamma, beta] = [random([2, 3, 4, 5], 1), random([5], 2), random([5], 3)];
  const flat = x.reshape([24, 5]);
  const a = ops.batchNormTraining(x, { gamma, beta });
  const b = ops.batchNormTraining(flat, { gamma, beta });
  assert.equal(a.y.shape, [2, 3, 4, 5]);
  assert.equal([...a.y.data], [...b.y.data]);
  free(x, flat, gamma, beta, a.y, a.mean, a.variance, b.y, b.mean, b.variance);
});

test.run();
