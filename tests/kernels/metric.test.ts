// The metric: whether the right class is among the best, row by row.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compute } from '../../src/eager.js';
import { asValue } from '../../src/emit/emitter.js';
import { targetOf } from '../../src/emit/loss.js';
import { Tensor } from '../../src/index.js';
import { free, poison } from '../helpers/cases.js';
import { numbers } from '../helpers/random.js';
import '../helpers/start.js';

/** 1 for each row whose right class is among the `top` best. Targets are class indices or rows of weights. */
function hits(x: Tensor, target: Tensor, indices: boolean, top: number): number[] {
  const [rows, classes] = x.shape;
  const [y] = compute([[rows]], (e, vy) =>
    e.emit('topK', { hits: vy, x: asValue(x), ...targetOf(target, indices), rows, classes, top }),
  );
  const found = [...y.data];
  free(y);
  return found;
}

/** The classes of a row from the best to the worst: of equals the lower first, NaN last. */
function ranked(row: ArrayLike<number>): number[] {
  const score = (c: number) => (Number.isNaN(row[c]) ? Number.NEGATIVE_INFINITY : row[c]);
  return Array.from(row, (_, c) => c).sort((a, b) => Math.sign(score(b) - score(a)) || a - b);
}

test('rows, classes and ties', () => {
  poison();
  for (const rows of [1, 63, 64, 65, 129]) {
    for (const classes of [1, 2, 3, 4, 5, 10]) {
      // Few different scores and weights: most rows have ties.
      const few = (seed: number) => numbers(rows * classes, seed).map((v) => Math.round(v * 2));
      const [x, weights] = [
        Tensor.from(few(1), [rows, classes]),
        Tensor.from(few(2), [rows, classes]),
      ];
      const rowOf = (t: Tensor, i: number) => t.data.subarray(i * classes, (i + 1) * classes);
      const labels = Tensor.from(
        Int32Array.from(numbers(rows, 3), (v) => Math.floor(((v + 1) / 2) * classes)),
      );
      for (const top of [1, 2, 3, classes]) {
        const what = `${rows}×${classes}, top ${top}`;
        const best = Array.from({ length: rows }, (_, i) => ranked(rowOf(x, i)).slice(0, top));
        assert.equal(
          hits(x, labels, true, top),
          best.map((list, i) => Number(list.includes(labels.data[i]))),
          what,
        );
        // Rows of weights mean the first of their largest.
        const right = best.map((_, i) => ranked(rowOf(weights, i))[0]);
        assert.equal(
          hits(x, weights, false, top),
          best.map((list, i) => Number(list.includes(right[i]))),
          `${what}, weights`,
        );
      }
      free(x, weights, labels);
    }
  }
});

test('NaN is never right, and never in the way', () => {
  const nan = Number.NaN;
  const x = Tensor.from([nan, 1, 2, nan, 1, 2, nan, nan, nan], [3, 3]);
  const labels = Tensor.from(Int32Array.of(0, 2, 1));
  assert.equal(hits(x, labels, true, 1), [0, 1, 0]);
  assert.equal(hits(x, labels, true, 3), [0, 1, 0]);
  free(x, labels);
});

test.run();
