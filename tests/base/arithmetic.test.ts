// The functions that round alike everywhere, against the engine's own.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cosPi,
  expMinus,
  logarithm,
  power,
  shrinkingPower,
  sinPi,
} from '../../src/base/arithmetic.js';
import { close } from '../helpers/close.js';

const grid = Array.from({ length: 2001 }, (_, i) => i / 2000);

test('power', () => {
  const bases = [0, 0.1, 0.9, 0.999, 1, 2, 10];
  for (const base of bases) {
    for (const exponent of [0, 1, 2, 3, 7, 64, 1000]) {
      close([power(base, exponent)], [base ** exponent], { rtol: 1e-12 }, `${base}^${exponent}`);
    }
  }
});

test('cos(πx) from 0 to 1', () => {
  close(
    grid.map(cosPi),
    grid.map((x) => Math.cos(Math.PI * x)),
    { atol: 4e-16 },
  );
  assert.equal([0, 0.5, 1].map(cosPi).map(Math.round), [1, 0, -1]);
});

test('exp(−x) from 0 to 2', () => {
  close(
    grid.map((x) => expMinus(2 * x)),
    grid.map((x) => Math.exp(-2 * x)),
    { rtol: 1e-14 },
  );
});

test('sin(πx) from −1 to 1', () => {
  const both = grid.map((x) => 2 * x - 1);
  close(
    both.map(sinPi),
    both.map((x) => Math.sin(Math.PI * x)),
    { atol: 4e-16 },
  );
  assert.equal(
    [-1, 0, 1].map((x) => sinPi(x) + 0),
    [0, 0, 0],
    'exactly',
  );
});

test('logarithm', () => {
  const values = [...grid.slice(1), 2 ** -32, 1 - 2 ** -32, 1e-300, 3, 1e300];
  close(
    values.map(logarithm),
    values.map((x) => Math.log(x)),
    { rtol: 1e-15 },
  );
});

test('powers of what is less than 1', () => {
  for (const exponent of [0, 0.1, 1, 2.5, 10]) {
    close(
      grid.slice(1).map((base) => shrinkingPower(base, exponent)),
      grid.slice(1).map((base) => base ** exponent),
      { rtol: 1e-13 },
    );
  }
  assert.equal([shrinkingPower(2 ** -32, 1e300), shrinkingPower(1, 1e300)], [0, 1]);
});

test.run();
