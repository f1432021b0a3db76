// The reference of padding, upsampling, blurring, adaptive and channel pooling and local response
// normalisation: every backward against central differences of its own forward, in f64.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dot, gradcheck } from '../helpers/gradcheck.js';
import { numbers } from '../helpers/random.js';
import * as choice from '../helpers/reference/choice.js';
import { lrn, lrnBackward } from '../helpers/reference/lrn.js';
import * as separable from '../helpers/reference/separable.js';
import '../helpers/start.js';

const shape = [2, 5, 4, 3] as const;
const x = numbers(120, 1);

test('linear maps', () => {
  const { padding, upsampling, adaptive, blur } = separable;
  const maps: Record<string, [separable.SideMap, separable.SideMap]> = {
    zeros: [padding(5, 1, 0, 'zeros'), padding(4, 2, 3, 'zeros')],
    reflection: [padding(5, 4, 1, 'reflect'), padding(4, 0, 3, 'reflect')],
    nearest: [upsampling(5, 2, 'nearest'), upsampling(4, 3, 'nearest')],
    bilinear: [upsampling(5, 2, 'bilinear'), upsampling(4, 3, 'bilinear')],
    adaptive: [adaptive(5, 3), adaptive(4, 7)],
    blur: [blur(5, 4, 2), blur(4, 3, 1)],
  };
  for (const [name, [rows, columns]] of Object.entries(maps)) {
    const dy = numbers(2 * rows.length * columns.length * 3, 2);
    gradcheck(
      (v) => dot(dy, separable.apply(v, shape, rows, columns)),
      x,
      separable.applyBackward(dy, shape, rows, columns),
      name,
    );
  }
});

test('what the maps do to a side', () => {
  const { padding, upsampling, adaptive, blur } = separable;
  const line = (map: separable.SideMap, values: readonly number[]) =>
    map.map((row) => dot(row, values));
  assert.equal(line(padding(3, 2, 2, 'reflect'), [1, 2, 3]), [3, 2, 1, 2, 3, 2, 1]);
  assert.equal(line(padding(3, 1, 2, 'zeros'), [1, 2, 3]), [0, 1, 2, 3, 0, 0]);
  assert.equal(line(upsampling(2, 2, 'bilinear'), [0, 4]), [0, 1, 3, 4]);
  assert.equal(line(adaptive(5, 3), [1, 2, 3, 4, 5]), [1.5, 3, 4.5]);
  assert.equal(line(adaptive(2, 3), [1, 2]), [1, 1.5, 2]);
  assert.equal(line(blur(4, 3, 2), [4, 8, 0, 4]), [6, 3]);
});

test('maxima', () => {
  for (const output of [
    [3, 3],
    [2, 4],
    [5, 4],
    [7, 6],
  ] as const) {
    const maxima = choice.adaptiveMaxima(x, shape, output);
    const dy = numbers(maxima.y.length, 2);
    gradcheck(
      (v) => dot(dy, choice.adaptiveMaxima(v, shape, output).y),
      x,
      choice.maximaBackward(dy, maxima, x.length),
      `adaptive to ${output}`,
    );
  }
  for (const size of [1, 2, 3, 5]) {
    const maxima = choice.groupMaxima(x, size);
    const dy = numbers(maxima.y.length, 2);
    gradcheck(
      (v) => dot(dy, choice.groupMaxima(v, size).y),
      x,
      choice.maximaBackward(dy, maxima, x.length),
      `groups of ${size}`,
    );
  }
});

test('local response normalisation', () => {
  for (const channels of [1, 3, 8]) {
    for (const size of [1, 2, 3, 4, 5, 20]) {
      for (const beta of [0.75, 0.5, 2]) {
        const o = { channels, size, alpha: 3, beta, bias: 0.5 };
        const dy = numbers(120, 2);
        gradcheck((v) => dot(dy, lrn(v, o)), x, lrnBackward(dy, x, o), JSON.stringify(o));
      }
    }
  }
});

test.run();
