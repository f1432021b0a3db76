// Local response normalisation, forward and backward, against its definition.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import { lrn, lrnBackward } from '../helpers/reference/lrn.js';
import '../helpers/start.js';

/** Alpha large enough that the window counts: x² is 1/3 on average. */
const strong = { alpha: 2, beta: 0.75, bias: 0.5 };

function check(
  rows: number,
  channels: number,
  options: Parameters<typeof ops.lrn>[1],
  scale = 1,
  seed = 1,
): void {
  const what = JSON.stringify({ rows, channels, ...options, scale, seed });
  const o = { channels, size: 5, alpha: 1e-4, beta: 0.75, bias: 1, ...options };
  const x = random([rows, channels], seed, scale);
  const dy = random([rows, channels], seed + 1);
  const y = ops.lrn(x, options);
  // s sums `size` squares; s^β by exp and ln errs by β·(1 + |ln s|)·2⁻²³, and twice again by the division.
  const most = o.bias + (o.alpha / o.size) * scale ** 2 * Math.min(o.size, channels);
  const logarithm = Math.max(Math.abs(Math.log(most)), Math.abs(Math.log(o.bias)));
  const rtol = (3 + o.beta * (2 + logarithm + Math.sqrt(o.size))) * 2 ** -23;
  close(y.data, lrn(x.data, o), { rtol }, what);
  const dx = ops.lrnBackward(dy, x, options);
  const expected = lrnBackward(dy.data, x.data, o);
  // The parts of dx cancel: they are as large as the largest dx, or nearly so.
  const largest = expected.reduce((all, v) => Math.max(all, Math.abs(v)), 0);
  close(dx.data, expected, { atol: 4 * rtol * largest }, `${what}: backward`);
  free(x, dy, y, dx);
}

test('channels around vectors', () => {
  poison();
  for (const channels of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 64, 96]) {
    for (const size of [1, 2, 3, 4, 5]) check(7, channels, { ...strong, size }, 1, channels);
  }
});

test('windows as wide as the channels, and wider', () => {
  poison();
  for (const size of [6, 7, 8, 9, 12, 13, 14, 15, 100]) check(5, 7, { ...strong, size });
});

test('powers: by roots, and by exp and ln', () => {
  poison();
  for (const beta of [0, 0.25, 0.5, 0.7499, 0.75, 1, 2]) {
    check(6, 9, { ...strong, beta });
    check(6, 9, { beta, alpha: 1e-2, bias: 2 }, 300);
  }
});

test('the defaults, and numbers of any size', () => {
  poison();
  for (const scale of [1e-3, 1, 1e3]) check(9, 12, {}, scale);
});

test('more than one task', () => {
  poison();
  check(6000, 3, strong);
  check(3, 20001, { ...strong, size: 4 });
});

test('a window of a single channel, by hand', () => {
  const x = Tensor.from([3, 0, -4], [1, 3]);
  const y = ops.lrn(x, { size: 1, alpha: 1, beta: 0.5, bias: 16 });
  assert.equal(
    [...y.data].map((v) => Math.round(v * 1e6)),
    [600000, 0, -707107],
  );
  free(x, y);
});

test.run();
