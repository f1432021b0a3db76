// The word that a misspelt one stands for.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nearest } from '../../src/base/options.js';

const words = ['adam', 'adamW', 'sgd', 'rmsprop', 'softmaxCrossEntropy', 'weight_decay'];

for (const [typed, meant] of [
  ['sdg', 'sgd'], // two letters that changed places
  ['rmsporp', 'rmsprop'],
  ['adan', 'adam'], // one replaced
  ['adm', 'adam'], // left out
  ['addam', 'adam'], // put in
  ['AdamW', 'adamW'], // in other letters
  ['weightDecay', 'weight_decay'],
  ['rms', 'rmsprop'], // shortened
  ['softmaxCrossEntropyLoss', 'softmaxCrossEntropy'],
  ['sotfmaxCrosEntropi', 'softmaxCrossEntropy'], // several at once
]) {
  test(`${typed} means ${meant}`, () => {
    assert.is(nearest(typed, words), ` (did you mean '${meant}'?)`);
  });
}

test('what is near to no word means none', () => {
  for (const typed of ['', 'lion', 'dgs', 'x'.repeat(41), 1, undefined])
    assert.is(nearest(typed, words), '', `${typed}`);
});

test('the nearest of several, the first of those that are equally near', () => {
  assert.is(nearest('loss2', ['val_loss', 'loss']), " (did you mean 'loss'?)");
  assert.is(nearest('ab', ['ac', 'ad']), " (did you mean 'ac'?)");
});

test('long words take no long time: at most four letters are looked for', () => {
  const far = 'ab'.repeat(20);
  assert.is(nearest(far, Array(100).fill('cd'.repeat(20))), '');
  assert.is(nearest(far, [far.slice(0, 35)]), '');
});

test.run();
