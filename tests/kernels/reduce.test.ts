// Sums: of columns, of parts, the mean, and the guard against numbers that are not finite.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backend } from '../../bindings/backend.js';
import { Tensor } from '../../src/index.js';
import { asValue } from '../../src/program/emitter.js';
import { compute } from '../../src/tensor/calls.js';
import { free, poison } from '../helpers/cases.js';
import { close, summation } from '../helpers/close.js';
import { numbers, random } from '../helpers/random.js';
import * as ref from '../helpers/reference.js';
import '../helpers/start.js';

const counts = [1, 2, 3, 4, 5, 7, 8, 9, 1001];

test('mean', () => {
  poison();
  for (const count of counts) {
    const x = random([count], count);
    const [y] = compute([[1]], (e, vy) => e.emit('mean', { y: vy, x: asValue(x), count }));
    const expected = [...x.data].reduce((sum, v) => sum + v, 0) / count;
    // Numbers of size √⅓, and the quotient.
    const atol = summation(count, Math.sqrt(count / 3)) / count + 2 ** -24;
    close([y.data[0]], [expected], { atol }, `${count}`);
    free(x, y);
  }
});

test('column sums, in parts', () => {
  poison();
  // Around pairs of lines, as in batchnorm.test.ts; lines that vectors do not fill; several blocks.
  const few = [1, 2, 3, 15, 16, 17, 129, 300].flatMap((rows) =>
    [1, 2, 3, 4, 5, 7, 8, 9, 17, 64, 100].map((channels) => [rows, channels]),
  );
  for (const [rows, channels] of [...few, [33, 301], [70, 2041], [5, 4100]]) {
    const x = random([rows, channels], rows + channels);
    for (const splits of [1, 2, 3]) {
      const [partials] = compute([[splits, channels]], (e, vp) =>
        e.emit('columnSum', { partials: vp, x: asValue(x), rows, channels, splits }),
      );
      close(
        ref.sumRows(partials.data, channels),
        ref.sumRows(x.data, channels),
        { atol: summation(rows, Math.sqrt(rows)) },
        `${rows}×${channels} in ${splits}`,
      );
      free(partials);
    }
    free(x);
  }
});

test('sums of parts, and nothing behind them', () => {
  poison();
  for (const count of [1, 2, 3, 4, 5, 7, 8, 9, 12, 4095, 4096, 4097]) {
    for (const splits of [1, 2, 3, 4, 5]) {
      const [partials, y] = [random([splits, count], count + splits), Tensor.zeros([count + 8])];
      const all = { y: asValue(y).view([count]), partials: asValue(partials), splits, count };
      compute([], (e) => e.emit('sumPartials', all));
      const expected = [...ref.sumRows(partials.data, count), 0, 0, 0, 0, 0, 0, 0, 0];
      close(y.data, expected, { atol: summation(splits) }, `${splits} of ${count}`);
      free(partials, y);
    }
  }
});

test('allFinite looks at every number, and at no other', () => {
  for (const count of counts) {
    // NaN in front and behind: a vector load may see it, the answer may not.
    const x = Tensor.from(new Float32Array(count + 8).fill(Number.NaN));
    const finite = () => Boolean(backend().exports.allFinite(x.address + 16, count));
    const inside = x.data.subarray(4, 4 + count);
    inside.set(numbers(count, 1).map((v) => v * 3e38));
    assert.ok(finite(), `${count} numbers`);
    for (let i = 0; i < count; i++) {
      const good = inside[i];
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        inside[i] = bad;
        assert.not(finite(), `${bad} at ${i} of ${count}`);
      }
      inside[i] = good;
    }
    free(x);
  }
});

test.run();
