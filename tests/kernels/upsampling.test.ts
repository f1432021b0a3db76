// Upsampling, forward and backward, against its definition.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { random } from '../helpers/random.js';
import { apply, applyBackward, upsampling } from '../helpers/reference/separable.js';
import '../helpers/start.js';

type Four = readonly [number, number, number, number];

function check(shape: Four, size: readonly [number, number], seed = 1): void {
  for (const interpolation of ['nearest', 'bilinear'] as const) {
    const what = JSON.stringify({ shape, size, interpolation, seed });
    const rows = upsampling(shape[1], size[0], interpolation);
    const columns = upsampling(shape[2], size[1], interpolation);
    const x = random(shape, seed);
    const dy = random([shape[0], rows.length, columns.length, shape[3]], seed + 1);
    const y = ops.upsampling2d(x, { size, interpolation });
    assert.equal(y.shape, dy.shape, what);
    // Of four shares that add up to 1, each rounded twice.
    const atol = interpolation === 'nearest' ? 0 : 2 ** -22;
    close(y.data, apply(x.data, shape, rows, columns), { atol }, what);
    const dx = ops.upsampling2dBackward(dy, shape, { size, interpolation });
    const terms = 4 * size[0] * size[1];
    const expected = applyBackward(dy.data, shape, rows, columns);
    close(dx.data, expected, { atol: summation(terms, Math.sqrt(terms / 3)) }, `${what}: backward`);
    free(x, dy, y, dx);
  }
}

test('channels around vectors', () => {
  poison();
  for (const c of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]) check([2, 3, 4, c], [2, 3], c);
});

test('factors, even and odd, and sides down to a single pixel', () => {
  poison();
  for (const factor of [1, 2, 3, 4, 5, 8]) {
    for (const side of [1, 2, 3, 5]) {
      check([1, side, 4, 3], [factor, 2], side);
      check([1, 2, side, 3], [3, factor], side);
    }
  }
});

test('one number for both axes, and 2 where none is given', () => {
  const x = random([1, 2, 3, 1], 1);
  const [two, three] = [ops.upsampling2d(x), ops.upsampling2d(x, { size: 3 })];
  assert.equal(
    [two.shape, three.shape],
    [
      [1, 4, 6, 1],
      [1, 6, 9, 1],
    ],
  );
  free(x, two, three);
});

test.run();
