// Concatenation along the last dimension and its gradients, against their definition.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ops, type Shape } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { random } from '../helpers/random.js';
import '../helpers/start.js';

function check(outer: Shape, channels: readonly number[]): void {
  const what = JSON.stringify({ outer, channels });
  const parts = channels.map((c, i) => random([...outer, c], i));
  const whole = channels.reduce((sum, c) => sum + c, 0);
  const y = ops.concat(parts);
  assert.equal(y.shape, [...outer, whole], what);
  const rows = y.size / whole;
  const expected = Array.from({ length: rows }, (_, row) =>
    parts.flatMap((part, i) => [...part.data.subarray(row * channels[i], (row + 1) * channels[i])]),
  ).flat();
  assert.equal([...y.data], expected, what);
  // Cutting is the reverse, bit for bit.
  const cut = ops.concatBackward(y, channels);
  cut.forEach((part, i) => {
    assert.equal(part.shape, parts[i].shape, what);
    assert.equal([...part.data], [...parts[i].data], `${what}: part ${i}`);
  });
  free(y, ...parts, ...cut);
}

test('channels around vectors', () => {
  poison();
  for (const c of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]) {
    check([2, 3, 2], [c, 5, c + 1]);
    check([7], [3, c]);
  }
});

test('one tensor, many, and any rank', () => {
  poison();
  check([4, 3], [5]);
  check([], [2, 3, 4]);
  check([2, 1, 2, 1, 2], [1, 1, 1, 1, 1, 1, 1]);
});

test('more rows than a task, and rows longer than one', () => {
  poison();
  check([5000], [7, 6]);
  check([3], [20001, 5]);
});

test('a tensor twice', () => {
  const x = random([2, 3], 1);
  const y = ops.concat([x, x]);
  assert.equal(
    y.toArray(),
    (x.toArray() as number[][]).map((row) => [...row, ...row]),
  );
  free(x, y);
});

test.run();
