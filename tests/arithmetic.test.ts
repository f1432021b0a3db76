// The functions that round alike everywhere, against the engine's own.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cosPi, expMinus, power } from '../src/arithmetic.js';
import { close } from './helpers/close.js';

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

test.run();
