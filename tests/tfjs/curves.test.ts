// Training with TF.js on our backend takes the way that it takes on TF.js's cpu backend, loss by loss.

import * as tf from '@tensorflow/tfjs-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../src/tfjs/index.js';
import { options } from '../helpers/start.js';

import { programs, STEPS } from './programs.js';

configure(options);

/** What a program does on a backend. */
async function on(backend: string, program: () => Promise<number[]>): Promise<number[]> {
  assert.ok(await tf.setBackend(backend), `${backend} starts`);
  return program();
}

for (const [name, program] of Object.entries(programs)) {
  test(`${name} is trained as on cpu`, async () => {
    const expected = await on('cpu', program);
    const losses = await on('wasmgrad', program);
    assert.is(tf.getBackend(), 'wasmgrad');
    assert.ok(expected.length >= STEPS, `${expected.length} losses`);
    assert.is(losses.length, expected.length);
    // A loss that stays where it is shows nothing.
    const [first, last] = [expected[0], expected[expected.length - 1]];
    assert.ok(Math.abs(first - last) > 0.1 * Math.abs(first), `${first} → ${last}`);
    losses.forEach((loss, i) => {
      const difference = Math.abs(loss - expected[i]);
      const bound = 1e-4 * Math.max(1, Math.abs(expected[i]));
      assert.ok(difference <= bound, `loss ${i}: ${loss}, on cpu ${expected[i]}`);
    });
  });
}

test.run();
