// Metrics row by row: whether the right class is among the best, and which class is.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Tensor } from '../../src/index.js';
import { targetOf } from '../../src/operators/loss/loss.emit.js';
import { asValue, none } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { free, poison } from '../helpers/cases.js';
import { close } from '../helpers/close.js';
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

/** The class of each row. */
function argmax(x: Tensor, threshold = 0.5): number[] {
  const [rows, columns] = x.shape;
  const [y] = compute([[rows]], (e, classes) =>
    e.emit('argmax', { classes, x: asValue(x), rows, columns, threshold }),
  );
  const found = [...new Int32Array(y.data.buffer, y.data.byteOffset, rows)];
  free(y);
  return found;
}

test('of one column, class 1 is above the threshold', () => {
  const x = Tensor.from([-1, 0, 0.25, 0.5, 0.75, Number.NaN], [6, 1]);
  assert.equal(argmax(x), [0, 0, 0, 0, 1, 0]);
  assert.equal(argmax(x, 0), [0, 0, 1, 1, 1, 0]);
  assert.equal(argmax(x, -1.5), [1, 1, 1, 1, 1, 0]);
  free(x);
});

test('the class of a row: the first of equals', () => {
  poison();
  for (const rows of [1, 63, 64, 65, 129]) {
    for (const columns of [2, 3, 4, 5, 10]) {
      const x = Tensor.from(
        numbers(rows * columns, rows).map((v) => Math.round(v * 2)),
        [rows, columns],
      );
      const rowOf = (i: number) => x.data.subarray(i * columns, (i + 1) * columns);
      const expected = Array.from({ length: rows }, (_, i) => ranked(rowOf(i))[0]);
      assert.equal(argmax(x), expected, `${rows}×${columns}`);
      free(x);
    }
  }
});

test('one column has two classes', () => {
  const x = Tensor.from([0.2, 0.5, 0.500001, 7, -3, Number.NaN], [6, 1]);
  assert.equal(argmax(x), [0, 0, 1, 1, 0, 0]);
  free(x);
});

/** 1 for each row, as the mean of its outputs on the right side. */
function agreement(x: Tensor, targets: Tensor, threshold: number): number[] {
  const [rows, columns] = x.shape;
  const [y] = compute([[rows]], (e, losses) =>
    e.emit('elementLoss', {
      losses,
      dx: none,
      x: asValue(x),
      targets: asValue(targets),
      weights: none,
      rows,
      columns,
      scale: 0,
      kind: 5,
      parameter: threshold,
    }),
  );
  const found = [...y.data];
  free(y);
  return found;
}

test('the share of outputs on the right side of a threshold', () => {
  const x = Tensor.from([0.4, 0.6, 0.5, 0.9, -1, 2, 0, 0.1, 3, 0.5], [2, 5]);
  const t = Tensor.from([0, 1, 1, 0, 0, 1, 0.4, 0.6, 1, 0], [2, 5]);
  // At ½: right, right, wrong (not above), wrong, right; right, right, wrong, right, right.
  close(agreement(x, t, 0.5), [3 / 5, 4 / 5], { rtol: 2 ** -23 });
  // At 0: wrong, right, right, wrong, right; right, right, right, right, wrong.
  close(agreement(x, t, 0), [3 / 5, 4 / 5], { rtol: 2 ** -23 });
  close(agreement(x, t, 2), [3 / 5, 3 / 5], { rtol: 2 ** -23 });
  free(x, t);
});

test('an ignored row, whose label is −1, is no hit, whatever is before it', () => {
  const rows = [
    [0, 1, 9],
    [2, 1, 0],
    [3, 4, 5],
  ];
  const [x, labels] = [Tensor.from(rows), Tensor.from(Int32Array.of(2, -1, 0))];
  for (const [top, expected] of [
    [1, [1, 0, 0]],
    [3, [1, 0, 1]],
  ] as const)
    assert.equal(hits(x, labels, true, top), [...expected], `top ${top}`);
  free(x, labels);
});

test.run();
